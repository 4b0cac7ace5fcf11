/**
 * What a store of messages knew of itself when it was last written down: in one file `index.db` since 2.10, in a file `<n>.idx` for each
 * block before. What of the messages in blocks was removed stands in part nowhere else.
 */
import type { HighwayHash } from './highway-hash.ts';
import { NumberReader } from './little-numbers.ts';
import { readSequenceSet } from './sequence-set.ts';

export interface BlockFacts {
  readonly number: number;
  readonly first: number;
  readonly last: number;
  readonly messages: number;
}

export interface SequenceSpan {
  readonly from: number;
  readonly to: number;
}

export interface StoreFacts {
  readonly messages: number;
  readonly first: number;
  readonly last: number;
  /** When the last one was stored, nanoseconds since 1970. */
  readonly lastTime: bigint;
  readonly blocks: readonly BlockFacts[];
  readonly removed: readonly SequenceSpan[];
}

/** How versions differ. Nowhere is it said, so what fits to the last byte, and agrees with itself, is what it is. */
interface Layout {
  /** Numbers of a block behind the count of its gaps: since 2.11, how many of its messages end by themselves, or are schedules. */
  readonly more: number;
  /** The last block of a subject is written even where it has one message. */
  readonly hasLastBlocks: boolean;
}

const LAYOUTS: readonly Layout[] = [2, 1, 0, 3].flatMap((more) => [
  { more, hasLastBlocks: true },
  { more, hasLastBlocks: false },
]);

const INDEX_MAGIC = 11;
const CHECKSUM_BYTES = 8;

/** `index.db`; as text, why it can not be read. */
export function readIndexFile(bytes: Uint8Array, hash: HighwayHash): StoreFacts | string {
  const end = bytes.length - CHECKSUM_BYTES;
  if (end < 2) return 'it ends too early';
  hash.digest(bytes, 0, end);
  if (!hash.isAt(bytes, end)) return 'its checksum is wrong';
  if (bytes[0] !== INDEX_MAGIC) return 'it is none';
  for (const layout of LAYOUTS) {
    const facts = readFacts(new NumberReader(bytes.subarray(0, end), 2), layout);
    if (facts !== null) return facts;
  }
  return `it is of a version that is not known (${bytes[1]})`;
}

function readFacts(reader: NumberReader, layout: Layout): StoreFacts | null {
  const messages = reader.uvarint();
  reader.uvarint();
  const first = reader.uvarint();
  reader.varint();
  const last = reader.uvarint();
  const lastTime = reader.varint();
  skipSubjects(reader, layout);
  const blocks: BlockFacts[] = [];
  const removed: SequenceSpan[] = [];
  for (let left = reader.uvarint(); left > 0 && !reader.isShort; left--) {
    const block = readBlock(reader, layout, removed);
    if (block === null) return null;
    blocks.push(block);
  }
  // The last block, and the checksum of its last record.
  reader.uvarint();
  reader.take(CHECKSUM_BYTES);
  if (reader.isShort || reader.left > 0) return null;
  if (blocks.reduce((sum, block) => sum + block.messages, 0) !== messages) return null;
  return { messages, first, last, lastTime, blocks, removed };
}

/** How many messages each subject has, and the first and last block with one. */
function skipSubjects(reader: NumberReader, { hasLastBlocks }: Layout): void {
  for (let left = reader.uvarint(); left > 0 && !reader.isShort; left--) {
    reader.take(reader.uvarint());
    const total = reader.uvarint();
    reader.uvarint();
    if (total > 1 || hasLastBlocks) reader.uvarint();
  }
}

function readBlock(reader: NumberReader, { more }: Layout, removed: SequenceSpan[]): BlockFacts | null {
  const number = reader.uvarint();
  reader.uvarint();
  const first = reader.uvarint();
  reader.varint();
  const last = reader.uvarint();
  reader.varint();
  const gaps = reader.uvarint();
  for (let count = 0; count < more; count++) reader.uvarint();
  if (gaps > 0 && !readSequenceSet(reader, (from, to) => removed.push({ from, to }))) return null;
  return { number, first, last, messages: Math.max(0, last - first + 1 - gaps) };
}

const BLOCK_INDEX_MAGIC = 22;
const BLOCK_INDEX_VERSION = 1;

/** `<n>.idx`; null where it can not be read. It has no checksum of its own. */
export function readBlockIndex(number: number, bytes: Uint8Array): StoreFacts | null {
  const reader = new NumberReader(bytes);
  if (reader.byte() !== BLOCK_INDEX_MAGIC || reader.byte() !== BLOCK_INDEX_VERSION) return null;
  const messages = reader.uvarint();
  reader.uvarint();
  const first = reader.uvarint();
  reader.varint();
  const last = reader.uvarint();
  const lastTime = reader.varint();
  const gaps = reader.uvarint();
  // The checksum of the last record; then each sequence without a message, counted from the first.
  reader.take(CHECKSUM_BYTES);
  const removed: SequenceSpan[] = [];
  for (let left = gaps; left > 0 && !reader.isShort; left--) {
    const sequence = first + reader.uvarint();
    removed.push({ from: sequence, to: sequence });
  }
  if (reader.isShort || lastTime < 0n) return null;
  return { messages, first, last, lastTime, blocks: [{ number, first, last, messages }], removed };
}
