/**
 * The rows of the subject table: 64 bytes a node, in blocks that are never copied once they are full. With very many
 * subjects each message asks for memory that the processor does not have at hand: what it needs of a subject lies together.
 */
const BLOCK_BITS = 12;
const BLOCK_NODES = 1 << BLOCK_BITS;
const BLOCK_MASK = BLOCK_NODES - 1;
const FIRST_NODES = 16;
const ROW_BITS = 4;
const ROW_BYTES = 64;
/** Large pieces of memory begin this much before a line of the cache. */
const LINE_OFFSET = 48;

/** Where the whole numbers of a row stand. */
export const HASH = 0;
export const PARENT = 1;
export const FIRST_CHILD = 2;
export const NEXT_SIBLING = 3;
export const PREVIOUS_SIBLING = 4;
/** Records with exactly this subject. */
export const COUNT = 5;
/** Of the last token, and above it of the whole subject up to here, 16 bits each. */
export const LENGTHS = 10;
/** Where a token lies that is longer than the tail. The lowest two bits: what is noted as first or last is only where to begin looking. */
export const TEXT_AND_STALE = 11;
export const FIRST_IS_STALE = 1;
export const LAST_IS_STALE = 2;
export const STALE_BITS = 3;
/** The last bytes of the subject up to here. */
export const TAIL_MAX = 16;
const TAIL_AT = 48;
/** Sequences, as numbers of 64 bits. */
const FIRST_AT = 3;
const LAST_AT = 4;

export class NodeBlock {
  size = 0;
  ints = new Int32Array(0);
  private floats = new Float64Array(0);
  bytes = Buffer.alloc(0);

  first(row: number): number {
    return this.floats[(row >>> 1) + FIRST_AT]!;
  }

  last(row: number): number {
    return this.floats[(row >>> 1) + LAST_AT]!;
  }

  noteFirst(row: number, seq: number): void {
    this.floats[(row >>> 1) + FIRST_AT] = seq;
  }

  noteLast(row: number, seq: number): void {
    this.floats[(row >>> 1) + LAST_AT] = seq;
  }

  /** Where the tail of a row stands among the bytes. */
  tailAt(row: number): number {
    return row * Int32Array.BYTES_PER_ELEMENT + TAIL_AT;
  }

  grow(size: number): void {
    const memory = new ArrayBuffer(LINE_OFFSET + size * ROW_BYTES);
    const before = this.ints;
    this.size = size;
    this.ints = new Int32Array(memory, LINE_OFFSET);
    this.floats = new Float64Array(memory, LINE_OFFSET);
    this.bytes = Buffer.from(memory, LINE_OFFSET);
    this.ints.set(before);
  }
}

export class SubjectNodes {
  /** Nodes ever made, the root among them; the numbers go up to here. */
  length = 0;
  private readonly blocks: NodeBlock[] = [];

  block(node: number): NodeBlock {
    return this.blocks[node >>> BLOCK_BITS]!;
  }

  /** A new number, one higher than the last. */
  extend(): number {
    const node = this.length++;
    const at = node & BLOCK_MASK;
    if (at === 0) this.blocks.push(new NodeBlock());
    const block = this.block(node);
    // The first block begins small; the later ones belong to tables that are large.
    if (at >= block.size) block.grow(node < BLOCK_NODES ? Math.max(FIRST_NODES, block.size * 2) : BLOCK_NODES);
    return node;
  }

  get memoryBytes(): number {
    return this.blocks.reduce((sum, block) => sum + block.size * ROW_BYTES, 0);
  }
}

/** Where a node's row begins in its block. */
export function rowOf(node: number): number {
  return (node & BLOCK_MASK) << ROW_BITS;
}
