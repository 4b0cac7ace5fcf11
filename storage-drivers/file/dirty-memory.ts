/** What is in memory and not in blocks yet, of all stores together: beyond a bound, those with the most of it write a checkpoint. */
import type { FileStore } from './file-store.ts';

const CHECK_EVERY_BYTES = 4 * 1024 * 1024;

export class DirtyMemory {
  private readonly mostBytes: number;
  private readonly stores: ReadonlyMap<number, FileStore>;
  private readonly relieve: (store: FileStore) => void;
  private sinceCheck = 0;

  constructor(mostBytes: number, stores: ReadonlyMap<number, FileStore>, relieve: (store: FileStore) => void) {
    this.mostBytes = mostBytes;
    this.stores = stores;
    this.relieve = relieve;
  }

  add(bytes: number): void {
    this.sinceCheck += bytes;
    if (this.sinceCheck < Math.min(CHECK_EVERY_BYTES, this.mostBytes / 4)) return;
    this.sinceCheck = 0;
    const dirtyFirst = [...this.stores.values()].sort((a, b) => b.blocks.dirtyBytes - a.blocks.dirtyBytes);
    let over = dirtyFirst.reduce((sum, store) => sum + store.blocks.dirtyBytes, -this.mostBytes);
    for (const store of dirtyFirst) {
      if (over <= 0) return;
      over -= store.blocks.dirtyBytes;
      this.relieve(store);
    }
  }
}
