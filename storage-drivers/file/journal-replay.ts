/** Brings stores to where the journal says that they got to, from where their checkpoints leave them. */
import { finishAdopting, isAhead, withoutAdopted } from './adopted-blocks.ts';
import { applyOp, readCreate, settleDoubt, tellUnplaced } from './apply-op.ts';
import { FileStore } from './file-store.ts';
import type { JournalHole, JournalVisitor } from './journal/recovery.ts';
import { loadStore } from './load-store.ts';
import { Op } from './op-format.ts';
import { PlacedRecords } from './placed-records.ts';
import { freeBlockNumber, storeDirectory } from './store-files.ts';
import type { StoreWorld } from './store-world.ts';
import { removeBlocks, type Strangers } from './strangers.ts';

/** All stores of a driver that is opened. */
export class JournalReplay {
  readonly visitor: JournalVisitor;
  /** The oldest segment that holds something of each store. */
  readonly pins = new Map<number, number>();
  /** The highest number of a store that the journal speaks of. */
  highest = 0;
  private readonly world: StoreWorld;
  private readonly stores: Map<number, FileStore>;
  private readonly strangers: Strangers;
  private readonly placed: PlacedRecords;

  constructor(world: StoreWorld, stores: Map<number, FileStore>, strangers: Strangers) {
    this.world = world;
    this.stores = stores;
    this.strangers = strangers;
    this.placed = new PlacedRecords(world);
    this.visitor = {
      record: (number, type, bytes, from, to, generation) => {
        this.highest = Math.max(this.highest, number);
        if (!this.pins.has(number)) this.pins.set(number, generation);
        const store = stores.get(number);
        if (type === Op.create) this.created(number, bytes, from);
        else if (store === undefined) strangers.noteOperation(number, type, bytes, from, to);
        else applyOp(store, type, bytes, from, to, this.placed);
      },
      carried: () => {},
      hole: (hole) => this.lost(hole),
      bring: (frame) =>
        this.placed.bring(frame, (number, serial) => {
          const store = stores.get(number);
          return store !== undefined && isAhead(store, serial);
        }),
    };
  }

  /** After all was read. */
  async settle(): Promise<void> {
    for (const store of this.stores.values()) {
      settleDoubt(store);
      await finishAdopting(store);
      if (!store.isDestroyed) tellUnplaced(store);
    }
    await this.placed.settle();
  }

  private created(number: number, bytes: Uint8Array, at: number): void {
    if (this.stores.has(number)) return;
    const { id } = readCreate(bytes, at);
    const store = new FileStore(id, number, storeDirectory(this.world, number), this.world, 1);
    begin(store, bytes, at);
    store.blocks.nextNumber = this.strangers.freeBlockOf(number);
    this.stores.set(number, store);
  }

  /** A part of the journal is gone. Whoever goes on later notices by its numbers; whoever does not may have forgotten something. */
  private lost(hole: JournalHole): void {
    for (const store of this.stores.values()) {
      if (hole.stores === null || hole.stores.includes(store.number)) store.doubt = hole;
    }
    const { path, from, to } = hole;
    const nothing = { lost: [], records: 0, bytes: 0 };
    const cause = path === '' || to === from ? 'missing' : 'checksum';
    this.world.damage.found({ store: null, part: 'journal', path, from, to, cause, ...nothing });
  }
}

/** One store, as it is on the disk: after a failure, what is in memory is more than that. */
export async function replayStore(world: StoreWorld, failed: FileStore): Promise<FileStore> {
  const { number, journalStore } = failed;
  const loaded = await loadStore(world, number);
  const fresh = loaded?.store ?? new FileStore(failed.id, number, failed.directory, world, 1);
  if (loaded === null) fresh.blocks.nextNumber = await freeBlockNumber(world, failed.directory);
  journalStore.resume();
  await world.placed.forget(failed);
  const placed = new PlacedRecords(world);
  await world.journal.replay(journalStore, {
    record: (store, type, bytes, from, to) => {
      if (store !== number) return;
      if (type === Op.create) begin(fresh, bytes, from);
      else applyOp(fresh, type, bytes, from, to, placed);
    },
    carried: () => {},
    hole: () => {},
    bring: (frame) => placed.bring(frame, (store, serial) => store === number && isAhead(fresh, serial)),
  });
  await finishAdopting(fresh);
  tellUnplaced(fresh);
  await removeBlocks(fresh, withoutAdopted(fresh, loaded?.strays ?? []));
  return fresh;
}

function begin(store: FileStore, bytes: Uint8Array, at: number): void {
  if (store.serial > 0) return;
  const { firstSequence, isStaged } = readCreate(bytes, at);
  store.first = firstSequence;
  store.last = firstSequence - 1;
  store.isStaged = isStaged;
  store.serial = 1;
}
