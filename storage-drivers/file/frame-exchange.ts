/**
 * Puts another frame in the place of one that stands in a block (S-24). What is sealed cannot tear and still be read, so the new one is
 * written to a file of its own first; after a crash it is put in its place again, before anybody reads there.
 */
import { basename, join } from 'node:path';
import { type BlockWorld, blockPath } from './blocks/block-file.ts';
import type { BlockFrame } from './blocks/block-frame.ts';
import { datasync, writeAt } from './file-calls.ts';
import { putU64, viewOf } from './numbers.ts';
import { openBox, sealBox } from './sealed-box.ts';

const NAME = /^exchange-(\d+)-(\d+)$/;

/** `bytes` takes as much room as the frame did. The directory has to be synced afterwards. */
export async function exchangeFrame(
  world: BlockWorld,
  directory: string,
  block: number,
  frame: BlockFrame,
  bytes: Uint8Array,
): Promise<void> {
  const { disk, uuid, keys } = world;
  const path = join(directory, `exchange-${block}-${frame.position}`);
  await disk.writeFile(path, sealBox(bytes, placeOf(block, frame.position), uuid, keys));
  await frame.changing(() => put(world, directory, block, frame.position, bytes));
  await disk.remove(path);
}

/** What a crash interrupted is done. A file that is damaged says nothing, and is left as it is. */
export async function finishExchanges(world: BlockWorld, directory: string, names: readonly string[]): Promise<void> {
  const { disk, uuid, keys } = world;
  let isDone = false;
  for (const name of names) {
    const match = NAME.exec(name);
    if (match === null) continue;
    const [block, position] = [Number(match[1]), Number(match[2])];
    const box = await disk.readFile(join(directory, name)).catch(() => null);
    const bytes = box === null ? null : openBox(box, placeOf(block, position), uuid, keys);
    if (bytes === null) continue;
    if (names.includes(basename(blockPath(directory, block)))) await put(world, directory, block, position, bytes);
    await disk.remove(join(directory, name));
    isDone = true;
  }
  if (isDone) await disk.syncDirectory(directory);
}

async function put({ disk }: BlockWorld, directory: string, block: number, position: number, bytes: Uint8Array) {
  const file = await disk.open(blockPath(directory, block), 'update');
  try {
    await writeAt(file, [bytes], position);
    await datasync(file);
  } finally {
    await file.close();
  }
}

function placeOf(block: number, position: number): Uint8Array {
  const place = new Uint8Array(24);
  place.set(Buffer.from('exchange'));
  putU64(viewOf(place), 8, block);
  putU64(viewOf(place), 16, position);
  return place;
}
