/** A file of a block: its records as they are, or compressed. */
import { Buffer } from 'node:buffer';
import { BLOCK_BYTES_MAX, S2_IDENTIFIER } from '../s2/format.ts';
import { S2Error } from '../s2/problem.ts';
import { decodeStream } from '../s2/stream.ts';
import { NumberReader } from './little-numbers.ts';

const COMPRESSED = [0x63, 0x6d, 0x70] as const;
const WITH_S2 = 1;
const CHECKSUM_BYTES = 8;

/**
 * The records; or, as text, why there are none. What is compressed may become `bytesMax` at most. Of compressed blocks that are damaged
 * the chunks that are whole are left: 2.10 writes over them where a message is erased.
 */
export function blockRecords(file: Uint8Array, bytesMax: number): Uint8Array | string {
  if (!COMPRESSED.every((byte, at) => file[at] === byte)) return file;
  if (file[COMPRESSED.length] !== WITH_S2) return `it is compressed in a way that is not known (${file[3] ?? 'none'})`;
  const reader = new NumberReader(file, COMPRESSED.length + 1);
  const size = reader.uvarint();
  const end = file.length - CHECKSUM_BYTES;
  if (reader.isShort || reader.at > end) return 'it ends too early';
  if (size > bytesMax) return `it would become ${size} bytes long`;
  const source = Buffer.from(file.buffer, file.byteOffset + reader.at, file.length - reader.at);
  try {
    const records = decodeStream(source.subarray(0, end - reader.at), { outputBytesMax: size });
    return Buffer.concat([records, file.subarray(end)]);
  } catch (error) {
    if (!(error instanceof S2Error)) throw error;
    return wholeChunks(source, size) ?? `what is compressed in it can not be read: ${error.message}`;
  }
}

/** Zeros stand for chunks that can not be read, so that the rest keeps its place. Null where there is no rest. */
function wholeChunks(source: Buffer, size: number): Buffer | null {
  const parts: Buffer[] = [];
  let [at, length, whole] = [0, 0, 0];
  while (length < size && at + CHUNK_HEADER_BYTES <= source.length) {
    const end = at + CHUNK_HEADER_BYTES + source.readUIntLE(at + 1, 3);
    const chunk = source.subarray(at, end);
    at = end;
    if (chunk[0]! > UNCOMPRESSED) continue;
    const part = chunkOf(chunk, size - length);
    whole += part === null ? 0 : part.length;
    parts.push(part ?? Buffer.alloc(Math.min(size - length, announced(chunk))));
    length += parts.at(-1)!.length;
  }
  return whole === 0 ? null : Buffer.concat([...parts, source.subarray(at, at + CHECKSUM_BYTES)]);
}

const CHUNK_HEADER_BYTES = 4;
const UNCOMPRESSED = 1;
const CHUNK_CHECKSUM_BYTES = 4;

function chunkOf(chunk: Buffer, outputBytesMax: number): Buffer | null {
  try {
    return decodeStream(Buffer.concat([S2_IDENTIFIER, chunk]), { outputBytesMax });
  } catch (error) {
    if (error instanceof S2Error) return null;
    throw error;
  }
}

/** How long a chunk says it is. */
function announced(chunk: Buffer): number {
  const body = CHUNK_HEADER_BYTES + CHUNK_CHECKSUM_BYTES;
  if (chunk[0] === UNCOMPRESSED) return Math.max(0, chunk.length - body);
  const length = new NumberReader(chunk, Math.min(body, chunk.length)).uvarint();
  return Math.min(length, BLOCK_BYTES_MAX);
}
