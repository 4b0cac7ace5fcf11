/** Stores of which there is something, and not what they were: neither checkpoint of theirs, nor what made them. */
import { Op } from './op-format.ts';
import { removeStoreFiles, storeDirectory } from './store-files.ts';
import type { StoreWorld } from './store-world.ts';

/** What the journal says of stores that nobody knows. */
export class Orphans {
  private readonly counts = new Map<number, number>();

  /** One that was destroyed is nobody's loss. */
  readonly destroyed = new Set<number>();

  add(number: number, type: number): void {
    if (type === Op.destroy) {
      this.counts.delete(number);
      this.destroyed.add(number);
    } else this.counts.set(number, (this.counts.get(number) ?? 0) + 1);
  }

  get operations(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get numbers(): readonly number[] {
    return [...this.counts.keys()];
  }
}

/** Whoever looks for damage hears of them. What is left of a store that was destroyed is removed. */
export async function settleFolders(world: StoreWorld, unreadable: readonly number[], orphans: Orphans): Promise<void> {
  const nothing = { store: null, part: 'folder', from: 0, to: 0, lost: [], records: 0, bytes: 0 } as const;
  for (const number of unreadable) {
    if (orphans.destroyed.has(number)) await removeStoreFiles(world, storeDirectory(world, number));
    else world.damage.found({ ...nothing, path: storeDirectory(world, number), cause: 'checksum' });
  }
  for (const number of orphans.numbers) {
    if (unreadable.includes(number)) continue;
    world.damage.found({ ...nothing, path: storeDirectory(world, number), cause: 'missing' });
  }
}
