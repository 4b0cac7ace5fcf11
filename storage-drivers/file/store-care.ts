/** What is done against damage of one store: it is looked for, told, and mended. */
import type { Holes, SequenceRange, StoredRecord } from '../contract.ts';
import type { Block } from './blocks/block.ts';
import { rangesOf } from './blocks/block-list.ts';
import { checkFrames, type FrameDamage, type Pace, readRaw } from './blocks/load-frames.ts';
import { takeCheckpoint } from './checkpoint.ts';
import type { FileStore } from './file-store.ts';
import { isSameRecord, recordBytes, serialOf } from './record-identity.ts';
import { type FoundRecord, rewriteBlocks } from './rewrite-blocks.ts';
import { damagedCheckpoints } from './store-files.ts';

interface WaitingRepair extends FoundRecord {
  readonly done: (isRepaired: boolean) => void;
  readonly failed: (error: Error) => void;
}

const UNPACED: Pace = async () => {};

export class StoreCare {
  private readonly store: FileStore;
  private waiting: WaitingRepair[] = [];

  constructor(store: FileStore) {
    this.store = store;
  }

  holes(): Holes {
    const { lost, lostBytes } = this.store.blocks;
    return { ranges: rangesOf(lost), records: lost.size, bytes: lostBytes };
  }

  /** A frame of a block is not as it was written. */
  readonly onDamage = (damage: FrameDamage): void => {
    const { store } = this;
    const { frame, path, cause, lost, records, bytes } = damage;
    store.blocks.noteDamage(damage);
    store.settleFirst();
    const span =
      cause === 'missing' ? { from: 0, to: 0 } : { from: frame.position, to: frame.position + frame.storedBytes };
    store.world.damage.found({ store: store.id, part: 'block', path, ...span, cause, lost, records, bytes });
    for (const range of lost) store.tellDamaged(range);
    // What is lost stays known, whatever becomes of the file.
    if (records > 0 && store.isAttached) store.world.keeper.wantsCheckpoint(store);
  };

  async verify(from: number, to: number): Promise<readonly SequenceRange[]> {
    for (const block of [...this.store.blocks.blocks]) {
      if (block.slots > 0 && block.lastSeq >= from && block.base <= to) await this.checkBlock(block, UNPACED);
    }
    return rangesOf(this.store.blocks.lost).filter((range) => range.to >= from && range.from <= to);
  }

  /** Reads and checks everything that the store has in files of its own. */
  async check(pace: Pace): Promise<void> {
    for (const block of [...this.store.blocks.blocks]) {
      if (this.store.isDestroyed) return;
      await this.checkBlock(block, pace);
    }
    await this.checkCheckpoints();
  }

  private async checkBlock(block: Block, pace: Pace): Promise<void> {
    const { world, id } = this.store;
    if (block.fileBytes === 0 || block.isDropped) return;
    const { indexPath } = await checkFrames(world, this.store, block, this.onDamage, pace);
    if (indexPath === null || block.isDropped) return;
    const [from, to] = [block.indexPosition, block.fileBytes];
    block.indexPosition = -1;
    block.isBroken = true;
    const nothing = { lost: [], records: 0, bytes: 0 };
    world.damage.found({ store: id, part: 'index', path: indexPath, from, to, cause: 'checksum', ...nothing });
    // It is in memory, and from now on in the checkpoint.
    world.keeper.wantsCheckpoint(this.store);
  }

  private async checkCheckpoints(): Promise<void> {
    const { store } = this;
    const { world } = store;
    if (store.checkpointSerial === 0) return;
    await world.keeper.exclusively(store, async () => {
      const damaged = await damagedCheckpoints(world, store.directory, store.number);
      for (const { path, bytes, cause } of damaged) {
        const nothing = { lost: [], records: 0, bytes: 0 };
        world.damage.found({ store: store.id, part: 'checkpoint', path, from: 0, to: bytes, cause, ...nothing });
      }
      if (damaged.length > 0) await takeCheckpoint(store);
    });
  }

  /** Writes damaged blocks anew with what is left of them. Answers how many there were. */
  async mend(): Promise<number> {
    let mended = 0;
    await this.store.world.keeper.exclusively(this.store, async () => {
      const { blocks } = this.store;
      const tried = new Set<Block>();
      const next = () => blocks.blocks.find((each) => isHurt(each) && !tried.has(each));
      for (let block = next(); block !== undefined; block = next()) {
        tried.add(block);
        if (block.live === 0) blocks.discard(block);
        else if ((await rewriteBlocks(this.store, [block])) === 0) continue;
        mended++;
      }
      // It speaks of files that are gone.
      if (this.store.isCheckpointStale) mended++;
      if (mended > 0) await takeCheckpoint(this.store);
    });
    return mended;
  }

  /** Many at once are written together. */
  repair(seq: number, record: StoredRecord): Promise<boolean> {
    const { store } = this;
    if (!store.blocks.lost.has(seq)) return Promise.resolve(false);
    const bytes = recordBytes(seq, record, store.number);
    return new Promise((done, failed) => {
      this.waiting.push({ seq, bytes, done, failed });
      if (this.waiting.length === 1) store.world.clock.soon(() => void this.repairAll());
    });
  }

  private async repairAll(): Promise<void> {
    const waiting = this.waiting.splice(0);
    try {
      await this.store.world.keeper.exclusively(this.store, () => this.fillHoles(waiting));
      // The store was closed before its turn came.
      for (const { done } of waiting) done(false);
    } catch (error) {
      for (const { failed } of waiting) failed(error as Error);
    }
  }

  private async fillHoles(waiting: readonly WaitingRepair[]): Promise<void> {
    const { store } = this;
    const wanted = new Map<number, WaitingRepair>();
    for (const each of waiting) if (await this.isRight(each)) wanted.set(each.seq, each);
    const sorted = [...wanted.values()].sort((one, other) => one.seq - other.seq);
    const filled: WaitingRepair[] = [];
    for (let at = 0; at < sorted.length; ) {
      const { block, end } = this.placeFor(sorted[at]!.seq);
      let count = 1;
      while (at + count < sorted.length && sorted[at + count]!.seq <= end) count++;
      const group = sorted.slice(at, at + count);
      if ((await rewriteBlocks(store, block === null ? [] : [block], group)) > 0) filled.push(...group);
      at += count;
    }
    store.settleFirst();
    if (filled.length > 0) await takeCheckpoint(store);
    store.world.damage.repaired += filled.length;
    for (const { done } of filled) done(true);
    if (filled.length > 0 && store.blocks.lost.isEmpty) store.world.damage.healed(store.id);
  }

  /** The block around a sequence, or the gap that it lies in. */
  private placeFor(seq: number): { block: Block | null; end: number } {
    const { blocks, indexFrom } = { blocks: this.store.blocks.blocks, indexFrom: this.store.blocks.indexFrom(seq) };
    const next = blocks[indexFrom];
    if (next === undefined) return { block: null, end: Number.POSITIVE_INFINITY };
    return next.base <= seq ? { block: next, end: next.lastSeq } : { block: null, end: next.base - 1 };
  }

  /** Whether it is the record that was there, as far as that can still be told. */
  private async isRight({ seq, bytes }: FoundRecord): Promise<boolean> {
    const { blocks, world, directory } = this.store;
    if (!blocks.lost.has(seq)) return false;
    const { block } = this.placeFor(seq);
    const slot = block === null ? 0 : block.slotFrom(seq);
    if (block === null || slot >= block.slots || block.seqAt(slot) !== seq) return true;
    if (bytes.length !== block.starts[slot + 1]! - block.starts[slot]!) return false;
    const left = await readRaw(world, directory, block, slot);
    if (left === null) return true;
    serialOf(left, bytes);
    return isSameRecord(left, bytes);
  }
}

function isHurt(block: Block): boolean {
  return (block.isBroken || block.hurt > 0) && block.fileBytes > 0 && block.holders === 0;
}
