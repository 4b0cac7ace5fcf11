/** The folder of a store: two copies of its checkpoint, and the files of its blocks. */
import { join } from 'node:path';
import { blockKeyPlace } from './blocks/block-file.ts';
import { type FoundBlock, readCheckpoint, type StoreState } from './checkpoint-format.ts';
import { codeOf } from './file-calls.ts';
import { SealBroken } from './frame-cipher.ts';
import { finishExchanges } from './frame-exchange.ts';
import { putU64, viewOf } from './numbers.ts';
import { isCurrentBox, openBox, sealBox } from './sealed-box.ts';
import type { StoreWorld } from './store-world.ts';
import { isStale } from './untidy-blocks.ts';

export const CHECKPOINTS = ['checkpoint.1', 'checkpoint.2'];
const BLOCK_NAME = /^(\d{8})\.blk$/;

export function storeDirectory(world: Pick<StoreWorld, 'directory'>, number: number): string {
  return join(world.directory, String(number));
}

/** Both copies, one after the other: a crash spoils one at most. */
export async function writeCheckpointFiles(world: StoreWorld, directory: string, store: number, content: Uint8Array) {
  const box = sealBox(content, checkpointPlace(store), world.uuid, world.keys);
  for (const name of CHECKPOINTS) await world.disk.writeFile(join(directory, name), box);
  return box.length * CHECKPOINTS.length;
}

export async function makeStoreDirectory(world: StoreWorld, directory: string): Promise<void> {
  await world.disk.makeDirectory(directory);
  await world.disk.syncDirectory(world.directory);
}

export interface FoundCheckpoint {
  readonly state: StoreState;
  readonly blocks: readonly FoundBlock[];
  /** One of the copies was not readable, or is not there. */
  readonly isDamaged: boolean;
  /** One of them, or a block that it names, is under another key than the present one. */
  readonly isStale: boolean;
}

interface DamagedFile {
  readonly path: string;
  readonly bytes: number;
  readonly cause: 'checksum' | 'missing' | 'unreadable';
}

/** The copies of a checkpoint that cannot be read. */
export async function damagedCheckpoints(world: StoreWorld, directory: string, store: number): Promise<DamagedFile[]> {
  const damaged: DamagedFile[] = [];
  for (const name of CHECKPOINTS) {
    const path = join(directory, name);
    try {
      const box = await world.disk.readFile(path);
      const isWhole = openBox(box, checkpointPlace(store), world.uuid, world.keys) !== null;
      if (!isWhole) damaged.push({ path, bytes: box.length, cause: 'checksum' });
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'ENOENT' && code !== 'EIO') throw error;
      damaged.push({ path, bytes: 0, cause: code === 'EIO' ? 'unreadable' : 'missing' });
    }
  }
  return damaged;
}

/** The newest readable copy; null when there is none. */
export async function readCheckpointFiles(world: StoreWorld, directory: string, store: number) {
  let newest: Omit<FoundCheckpoint, 'isDamaged' | 'isStale'> | null = null;
  let readable = 0;
  let isStale = false;
  for (const name of CHECKPOINTS) {
    const found = await readCopy(world, join(directory, name), store);
    if (found === null) continue;
    readable++;
    isStale ||= found.isStale;
    if (newest === null || found.state.serial > newest.state.serial) newest = found;
  }
  return newest === null ? null : { ...newest, isDamaged: readable < CHECKPOINTS.length, isStale };
}

async function readCopy(
  world: StoreWorld,
  path: string,
  store: number,
): Promise<Omit<FoundCheckpoint, 'isDamaged'> | null> {
  const box = await world.disk.readFile(path).catch((error) => {
    // What cannot be read is as good as damaged; there is another copy.
    if (['ENOENT', 'EIO'].includes(codeOf(error))) return null;
    throw error;
  });
  const content = box === null ? null : openBox(box, checkpointPlace(store), world.uuid, world.keys);
  if (content === null) return null;
  const read = readCheckpoint(content, (cipher, wrapped, block) => {
    if (world.keys === null) throw new SealBroken('there is no key');
    return world.keys.unwrap(cipher, wrapped, blockKeyPlace(store, block));
  });
  const isCurrent = isCurrentBox(box!, checkpointPlace(store), world.keys);
  return { ...read, isStale: !isCurrent || read.blocks.some(({ block }) => isStale(block, world.keys)) };
}

/** The numbers of the block files that are there; what was interrupted is finished, or what it left is removed. */
export async function listBlocks(world: StoreWorld, directory: string): Promise<number[]> {
  const numbers: number[] = [];
  const names = await world.disk.list(directory);
  await finishExchanges(world, directory, names);
  for (const name of names) {
    const match = BLOCK_NAME.exec(name);
    if (match !== null) numbers.push(Number(match[1]));
    else if (name.endsWith('.tmp')) await world.disk.remove(join(directory, name));
  }
  return numbers;
}

/** The first number that no block of a folder has; whatever else is known of it. */
export async function freeBlockNumber(world: StoreWorld, directory: string): Promise<number> {
  const names = await world.disk.list(directory).catch(() => []);
  return Math.max(0, ...names.map((name) => Number(BLOCK_NAME.exec(name)?.[1] ?? 0))) + 1;
}

/** All of a store's files, and its folder. Interrupted, it is done again at the next start. */
export async function removeStoreFiles(world: StoreWorld, directory: string): Promise<void> {
  const names = await world.disk.list(directory).catch(() => null);
  if (names === null) return;
  for (const name of names) {
    await world.files.close(join(directory, name));
    await world.disk.remove(join(directory, name));
  }
  await world.disk.removeDirectory(directory);
  await world.disk.syncDirectory(world.directory);
}

function checkpointPlace(store: number): Uint8Array {
  const place = new Uint8Array(24);
  place.set(Buffer.from('checkpoint'));
  putU64(viewOf(place), 16, store);
  return place;
}
