/** How much room there is on a disk. */
import { lstat, readdir, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DiskRoom } from './ports.ts';

export async function roomOf(directory: string): Promise<DiskRoom> {
  return { freeBytes: await freeBytes(directory), takenBytes: await takenBytes(directory) };
}

/** What this user may still write. A directory that is yet to be made will lie where the one above it does. */
async function freeBytes(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch (error) {
    const above = dirname(directory);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === directory) throw error;
    return freeBytes(above);
  }
}

/** Files may come and go meanwhile. Those of a directory are asked for at once: a start waits for this. */
async function takenBytes(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(ignoreMissing);
  const taken = (entries ?? []).map(async (entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory()
      ? takenBytes(path)
      : ((await lstat(path).catch(ignoreMissing))?.blocks ?? 0) * BLOCK_BYTES;
  });
  return (await Promise.all(taken)).reduce((sum, bytes) => sum + bytes, 0);
}

/** What the system counts in, whatever the file system does. */
const BLOCK_BYTES = 512;

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
