/** The columns of the subject table: 47 bytes a node, in blocks that are never copied once they are full. */
const BLOCK_BITS = 12;
const BLOCK_NODES = 1 << BLOCK_BITS;
const BLOCK_MASK = BLOCK_NODES - 1;
const FIRST_NODES = 16;

export class NodeBlock {
  hash = new Int32Array(FIRST_NODES);
  parent = new Int32Array(FIRST_NODES);
  firstChild = new Int32Array(FIRST_NODES);
  nextSibling = new Int32Array(FIRST_NODES);
  previousSibling = new Int32Array(FIRST_NODES);
  textAt = new Uint32Array(FIRST_NODES);
  textLength = new Uint16Array(FIRST_NODES);
  /** Records with exactly this subject. */
  count = new Uint32Array(FIRST_NODES);
  first = new Float64Array(FIRST_NODES);
  last = new Float64Array(FIRST_NODES);
  /** Bits: what is noted as first or last is only where to begin looking. */
  stale = new Uint8Array(FIRST_NODES);

  get size(): number {
    return this.hash.length;
  }

  grow(size: number): void {
    this.hash = grown(this.hash, new Int32Array(size));
    this.parent = grown(this.parent, new Int32Array(size));
    this.firstChild = grown(this.firstChild, new Int32Array(size));
    this.nextSibling = grown(this.nextSibling, new Int32Array(size));
    this.previousSibling = grown(this.previousSibling, new Int32Array(size));
    this.textAt = grown(this.textAt, new Uint32Array(size));
    this.textLength = grown(this.textLength, new Uint16Array(size));
    this.count = grown(this.count, new Uint32Array(size));
    this.first = grown(this.first, new Float64Array(size));
    this.last = grown(this.last, new Float64Array(size));
    this.stale = grown(this.stale, new Uint8Array(size));
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
    if (at >= block.size) block.grow(node < BLOCK_NODES ? Math.min(BLOCK_NODES, block.size * 2) : BLOCK_NODES);
    return node;
  }

  get memoryBytes(): number {
    return this.blocks.reduce((sum, block) => sum + block.size * 47, 0);
  }
}

/** Where a node stands in its block. */
export function slotOf(node: number): number {
  return node & BLOCK_MASK;
}

type Column = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array;

function grown<T extends Column>(from: T, to: T): T {
  to.set(from);
  return to;
}
