/**
 * What is found at opening and belongs to nothing that is known: folders without a readable checkpoint, blocks that no checkpoint names,
 * operations in the journal for stores that are not there. It is removed only where the journal proves that nothing is lost by it, and
 * set aside otherwise.
 */
import { join } from 'node:path';
import { adoptedNames, withoutAdopted } from './adopted-blocks.ts';
import { blockPath } from './blocks/block-file.ts';
import { codeOf } from './file-calls.ts';
import type { FileStore } from './file-store.ts';
import type { JournalHole } from './journal/recovery.ts';
import { putU64, viewOf } from './numbers.ts';
import { Op } from './op-format.ts';
import type { Quarantine } from './quarantine.ts';
import { openBox, sealBox } from './sealed-box.ts';
import { CHECKPOINTS, damagedCheckpoints, freeBlockNumber, removeStoreFiles, storeDirectory } from './store-files.ts';
import type { StoreWorld } from './store-world.ts';

/** The disk has no room, or is not to be written; both pass. */
const LATER = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO'];
const OPERATIONS = 'operations';

export class Strangers {
  /** Operations of stores of which nothing else is known. */
  operations = 0;
  /** Folders that stay where they are, because the disk refuses to read what is in them. */
  readonly unreadable: string[] = [];
  private readonly world: StoreWorld;
  private readonly quarantine: Quarantine;
  /** And the first number that no block in it has. */
  private readonly folders = new Map<number, number>();
  private readonly blocks = new Map<number, readonly number[]>();
  private readonly amnesiac = new Set<number>();
  private readonly orphans = new Map<number, Uint8Array[]>();
  private readonly destroyed = new Set<number>();

  constructor(world: StoreWorld, quarantine: Quarantine) {
    this.world = world;
    this.quarantine = quarantine;
  }

  /** A folder of which no checkpoint can be read. */
  async noteFolder(number: number): Promise<void> {
    this.folders.set(number, await freeBlockNumber(this.world, storeDirectory(this.world, number)));
  }

  /** What a store may call its first block, whatever lies in its folder. */
  freeBlockOf(number: number): number {
    return this.folders.get(number) ?? 1;
  }

  /** Blocks that a store's checkpoint does not name. */
  noteBlocks(store: FileStore, blocks: readonly number[]): void {
    if (store.isAmnesiac) this.amnesiac.add(store.number);
    if (blocks.length > 0) this.blocks.set(store.number, blocks);
  }

  /** An operation of a store that is not known. What was destroyed leaves such, and ends them. */
  noteOperation(number: number, type: number, bytes: Uint8Array, from: number, to: number): void {
    if (type === Op.destroy) {
      this.orphans.delete(number);
      this.destroyed.add(number);
    } else {
      const kept = this.orphans.get(number) ?? [];
      const copy = new Uint8Array(4 + to - from);
      viewOf(copy).setUint32(0, type, true);
      copy.set(bytes.subarray(from, to), 4);
      kept.push(copy);
      this.orphans.set(number, kept);
    }
  }

  /** After the journal was read, and before anything is written to the stores. */
  async settle(stores: ReadonlyMap<number, FileStore>, holes: readonly JournalHole[]): Promise<void> {
    const mayLack = (number: number) => holes.some((hole) => hole.stores === null || hole.stores.includes(number));
    for (const [number, blocks] of this.blocks) {
      const store = stores.get(number);
      if (store === undefined) continue;
      const hasForgotten = store.isAmnesiac && !this.amnesiac.has(number);
      await this.settleBlocks(store, withoutAdopted(store, blocks), hasForgotten || mayLack(number));
    }
    for (const number of this.folders.keys()) {
      if (this.destroyed.has(number)) await removeStoreFiles(this.world, storeDirectory(this.world, number));
      else await this.settleFolder(number, stores.get(number) ?? null, mayLack(number));
    }
    await this.keepOrphans();
  }

  /** `store`: the one that the journal knows. Blocks that it speaks of are there as it says. */
  private async settleFolder(number: number, store: FileStore | null, mayLack: boolean): Promise<void> {
    const folder = storeDirectory(this.world, number);
    const spokenOf = new Set(store === null ? [] : adoptedNames(store));
    const names = (await this.world.disk.list(folder)).filter((name) => !spokenOf.has(name));
    const hasCheckpoint = names.some((name) => CHECKPOINTS.includes(name));
    // Written for a checkpoint that never came to be: all of it is in the journal.
    if (store !== null && !mayLack && !hasCheckpoint) await removeAll(this.world, folder, names);
    else if (names.length > 0) await this.takeFolder(number, hasCheckpoint, store?.id ?? null, spokenOf);
  }

  /** All of a store's folder, or all but a few: its checkpoint first, since without it what is left is not taken for the store. */
  async moveFolder(number: number, reason: string, kept: ReadonlySet<string> = new Set()): Promise<string> {
    const { disk, files } = this.world;
    const folder = storeDirectory(this.world, number);
    const names = (await disk.list(folder)).filter((name) => !kept.has(name));
    const first = names.filter((name) => CHECKPOINTS.includes(name));
    const rest = names.filter((name) => !first.includes(name));
    for (const name of names) await files.close(join(folder, name));
    const path = await this.quarantine.take(number, folder, [first, rest], reason);
    if (kept.size > 0) return path;
    await disk.removeDirectory(folder);
    await disk.syncDirectory(this.world.directory);
    return path;
  }

  /** The journal has what is in them, unless something of it is gone. */
  private async settleBlocks(store: FileStore, numbers: readonly number[], isDoubtful: boolean): Promise<void> {
    if (numbers.length === 0) return;
    const { directory } = store;
    const names = numbers.map((number) => blockPath('', number));
    if (!isDoubtful) {
      await removeBlocks(store, numbers);
      return;
    }
    const reason = `blocks of stores/${store.number} that its checkpoint does not name, while a part of the journal is lost`;
    const path = await this.orLeft(directory, () => this.quarantine.take(store.number, directory, [names], reason));
    if (path !== null) this.tell(path, 'checksum', store.id);
  }

  /** What can not be moved now stays where it is: null. */
  private async orLeft(folder: string, move: () => Promise<string>): Promise<string | null> {
    try {
      return await move();
    } catch (error) {
      if (!LATER.includes(codeOf(error))) throw error;
      this.leave(folder);
      return null;
    }
  }

  private leave(folder: string): void {
    this.unreadable.push(folder);
    this.tell(folder, 'unreadable');
  }

  private async takeFolder(
    number: number,
    hasCheckpoint: boolean,
    store: string | null,
    kept: ReadonlySet<string>,
  ): Promise<void> {
    const { world } = this;
    const folder = storeDirectory(world, number);
    const copies = await damagedCheckpoints(world, folder, number);
    if (copies.some(({ cause }) => cause === 'unreadable')) {
      this.leave(folder);
      return;
    }
    const what = hasCheckpoint ? 'has no checkpoint that is whole' : 'has no checkpoint';
    const why = store === null ? 'the journal does not know it' : 'is made again from the journal';
    const path = await this.orLeft(folder, () => this.moveFolder(number, `stores/${number} ${what}, and ${why}`, kept));
    if (path !== null) this.tell(path, 'checksum', store);
  }

  /** Records as they stood in the journal, each with its type and length in front. */
  private async keepOrphans(): Promise<void> {
    for (const [number, operations] of this.orphans) {
      this.operations += operations.length;
      const content = new Uint8Array(operations.reduce((sum, { length }) => sum + 4 + length, 0));
      const view = viewOf(content);
      let at = 0;
      for (const operation of operations) {
        view.setUint32(at, operation.length, true);
        content.set(operation, at + 4);
        at += 4 + operation.length;
      }
      if (await this.isKept(number, content)) continue;
      const box = sealBox(content, orphansPlace(number), this.world.uuid, this.world.keys);
      const reason = `${operations.length} writes in the journal for stores/${number}, of which nothing else is known`;
      const write = () => this.quarantine.write(number, OPERATIONS, box, reason);
      const path = await this.orLeft(storeDirectory(this.world, number), write);
      if (path !== null) this.tell(path, 'missing');
    }
    this.orphans.clear();
  }

  /** The journal may still have them when it is read the next time, or the end of them. */
  private async isKept(number: number, content: Uint8Array): Promise<boolean> {
    for (const box of await this.quarantine.read(number, OPERATIONS)) {
      const kept = openBox(box, orphansPlace(number), this.world.uuid, this.world.keys);
      if (kept !== null && Buffer.compare(kept.subarray(-content.length), content) === 0) return true;
    }
    return false;
  }

  private tell(path: string, cause: 'checksum' | 'missing' | 'unreadable', store: string | null = null): void {
    const part = store === null ? 'folder' : 'checkpoint';
    const nothing = { lost: [], records: 0, bytes: 0 };
    this.world.damage.found({ store, part, path, from: 0, to: 0, cause, ...nothing });
  }
}

/** What they hold is in the journal, or is gone. */
export async function removeBlocks(store: FileStore, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) await store.world.disk.remove(blockPath(store.directory, number));
  if (numbers.length > 0) store.hasRemoved = true;
}

async function removeAll(world: StoreWorld, directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) await world.disk.remove(join(directory, name));
  await world.disk.syncDirectory(directory);
}

/** Binds a box of operations to its store. */
export function orphansPlace(store: number): Uint8Array {
  const place = new Uint8Array(24);
  place.set(Buffer.from('operations'));
  putU64(viewOf(place), 16, store);
  return place;
}
