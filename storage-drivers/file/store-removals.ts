/** What leaves a store: removals and cuts, once they are written to the journal or are read from it. */
import { Read } from '../contract.ts';
import type { FileStore } from './file-store.ts';
import { Op } from './op-format.ts';
import type { Removal } from './store-unit.ts';

export class StoreRemovals {
  /** How many records have left. */
  removed = 0;
  private readonly store: FileStore;
  /** Since a checkpoint was last asked for. */
  private bytes = 0;

  constructor(store: FileStore) {
    this.store = store;
  }

  remove({ type, from, to }: Removal): void {
    const { store } = this;
    const before = store.contentBytes;
    this.removeFrom(type, from, to);
    this.bytes += before - store.contentBytes;
    if (this.bytes < store.world.options.dirtyBytesPerStore || !store.isAttached) return;
    // Enough has gone to be worth giving back.
    this.bytes = 0;
    store.world.keeper.wantsCheckpoint(store);
  }

  cut(seq: number): void {
    const { store } = this;
    const before = store.count;
    if (seq < store.last) {
      if (store.blocks.read(seq, store.record) === Read.found) {
        store.lastSeconds = store.record.seconds;
        store.lastNanos = store.record.nanos;
      }
      store.blocks.cutAfter(seq);
      store.last = seq;
    }
    this.settle(before);
  }

  private removeFrom(type: number, from: number, to: number): void {
    const { store } = this;
    const { blocks } = store;
    if (type === Op.advance) {
      store.last = Math.max(store.last, from);
      if (store.count === 0) store.first = store.last + 1;
      return;
    }
    const before = store.count;
    const hadHoles = !blocks.lost.isEmpty;
    if (type === Op.drop) {
      blocks.remove(0, from - 1);
      store.last = Math.max(store.last, from - 1);
    } else blocks.remove(from, to);
    this.settle(before);
    if (hadHoles && blocks.lost.isEmpty) store.world.damage.healed(store.id);
  }

  /** Who is first now. */
  private settle(before: number): void {
    const { store } = this;
    this.removed += before - store.count;
    store.settleFirst(store.first);
  }
}
