/** A file of a block: its records as they are, or compressed. */
import { Buffer } from 'node:buffer';
import { S2Error } from '../s2/problem.ts';
import { decodeStream } from '../s2/stream.ts';
import { NumberReader } from './little-numbers.ts';

const COMPRESSED = [0x63, 0x6d, 0x70] as const;
const WITH_S2 = 1;
const CHECKSUM_BYTES = 8;

/** The records; or, as text, why there are none. What is compressed may become `bytesMax` at most. */
export function blockRecords(file: Uint8Array, bytesMax: number): Uint8Array | string {
  if (!COMPRESSED.every((byte, at) => file[at] === byte)) return file;
  if (file[COMPRESSED.length] !== WITH_S2) return `it is compressed in a way that is not known (${file[3] ?? 'none'})`;
  const reader = new NumberReader(file, COMPRESSED.length + 1);
  const size = reader.uvarint();
  const end = file.length - CHECKSUM_BYTES;
  if (reader.isShort || reader.at > end) return 'it ends too early';
  if (size > bytesMax) return `it would become ${size} bytes long`;
  const source = Buffer.from(file.buffer, file.byteOffset + reader.at, end - reader.at);
  try {
    const records = decodeStream(source, { outputBytesMax: size });
    return Buffer.concat([records, file.subarray(end)]);
  } catch (error) {
    if (error instanceof S2Error) return `what is compressed in it can not be read: ${error.message}`;
    throw error;
  }
}
