/** Bodies of frames made smaller, as blocks of S2. */
import { decodeBlock, decodedLength, encodeBlock } from '../../protocols/s2/block.ts';
import type { StoreCompression } from '../contract.ts';
import type { Compression } from './journal/seal-frame.ts';

/** Larger ones are left as they are: they would hold up the event loop. */
const BYTES_MAX = 1024 * 1024;

export const S2: Compression = {
  compress: (bytes) => (bytes.length > BYTES_MAX ? bytes : encodeBlock(bytes)),
  decompress: (bytes, length) => {
    if (length > BYTES_MAX || decodedLength(bytes) !== length) throw new RangeError('no block of the stated length');
    return decodeBlock(bytes, length);
  },
};

/** What a word of a configuration stands for. */
export function compressionOf(word: StoreCompression): Compression | null {
  return word === 's2' ? S2 : null;
}
