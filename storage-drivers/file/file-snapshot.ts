/** The messages of a store as they were: the files of their blocks stay as long as it is held. */
import type { Scan, StoreSnapshot, Visit } from '../contract.ts';
import { RecordView } from '../derived/record-view.ts';
import { type Block, slotFrom } from './blocks/block.ts';
import type { BlockFrame } from './blocks/block-frame.ts';
import { coldFramesOf, type ReadableBlock, scanBlocks } from './blocks/block-list.ts';
import type { FileStore } from './file-store.ts';
import { loadBytesOf } from './read-ahead.ts';

class HeldBlock implements ReadableBlock {
  readonly block: Block;
  readonly slots: number;
  readonly base: number;
  readonly lastSeq: number;
  private readonly gone: Uint8Array | null;

  constructor(block: Block) {
    this.block = block;
    this.slots = block.slots;
    this.base = block.base;
    this.lastSeq = block.lastSeq;
    this.gone = block.gone?.slice() ?? null;
    block.holders++;
  }

  get starts(): Uint32Array {
    return this.block.starts;
  }

  slotFrom(seq: number): number {
    return slotFrom(seq, this.base, this.slots, this.block.deltas);
  }

  seqAt(slot: number): number {
    return this.block.seqAt(slot);
  }

  isGone(slot: number): boolean {
    return this.gone !== null && (this.gone[slot >>> 3]! & (1 << (slot & 7))) !== 0;
  }

  isDamaged(slot: number): boolean {
    return this.block.isDamaged(slot);
  }

  frameOf(slot: number): BlockFrame {
    return this.block.frameOf(slot);
  }
}

export class FileSnapshot implements StoreSnapshot {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly contentBytes: number;
  coldSequence = 0;
  private readonly store: FileStore;
  private readonly view = new RecordView();
  private readonly released: () => void;
  private blocks: HeldBlock[] | null;

  constructor(store: FileStore, released: () => void) {
    this.store = store;
    this.released = released;
    this.first = store.first;
    this.last = store.last;
    this.count = store.count;
    this.contentBytes = store.contentBytes;
    this.blocks = store.blocks.blocks.map((block) => new HeldBlock(block));
  }

  scan(from: number, to: number, visit: Visit): Scan {
    return scanBlocks(this.held, from, to, this.view, visit, this);
  }

  load(from: number, to: number, done: (error: Error | null) => void): void {
    const cold = coldFramesOf(this.held, from, to, loadBytesOf(this.store.world.options));
    this.store.bringIn(cold.map(({ block, frames }) => ({ block: block.block, frames }))).then(
      () => done(null),
      (error: Error) => done(error),
    );
  }

  release(): void {
    if (this.blocks === null) return;
    for (const { block } of this.blocks) block.holders--;
    this.blocks = null;
    this.released();
  }

  private get held(): HeldBlock[] {
    if (this.blocks === null) throw new Error('the snapshot was released');
    return this.blocks;
  }
}
