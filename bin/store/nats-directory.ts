/** Where a nats-server keeps what: `<store_dir>/jetstream/<account>/streams/<stream>/...`. It is only read. */
import { join, resolve } from 'node:path';
import type { Disk } from '../../kernel/ports/ports.ts';
import { CommandFailure } from '../command-failure.ts';

export interface StreamFolder {
  readonly account: string;
  readonly name: string;
  readonly path: string;
}

export interface BlockFile {
  readonly number: number;
  readonly path: string;
}

/** The folder with the accounts in it, however its user names it. */
export async function findAccounts(disk: Disk, given: string): Promise<string> {
  for (const place of [resolve(given, 'jetstream'), resolve(given)]) {
    if ((await streamFolders(disk, place)).length > 0) return place;
  }
  throw new CommandFailure(
    `store import: there are no streams of a nats-server in ${given}: name the store_dir of its configuration`,
  );
}

export async function streamFolders(disk: Disk, accounts: string): Promise<StreamFolder[]> {
  const found: StreamFolder[] = [];
  for (const account of await listed(disk, accounts)) {
    const streams = join(accounts, account, 'streams');
    for (const name of await listed(disk, streams)) {
      const path = join(streams, name);
      const files = await listed(disk, path);
      if (files.includes('meta.inf') || files.includes('msgs')) found.push({ account, name, path });
    }
  }
  return found;
}

export async function blockFiles(disk: Disk, { path }: StreamFolder): Promise<BlockFile[]> {
  const found: BlockFile[] = [];
  for (const name of await listed(disk, join(path, 'msgs'))) {
    const [, number] = /^(\d{1,15})\.blk$/.exec(name) ?? [];
    if (number !== undefined) found.push({ number: Number(number), path: join(path, 'msgs', name) });
  }
  return found.sort((left, right) => left.number - right.number);
}

export function consumerNames(disk: Disk, { path }: StreamFolder): Promise<string[]> {
  return listed(disk, join(path, 'obs'));
}

/** A key of its own lies beside what is encrypted. */
export async function isEncrypted(disk: Disk, { path }: StreamFolder): Promise<boolean> {
  return (await listed(disk, path)).includes('meta.key');
}

/** Null where it is not there. */
export async function readIfThere(disk: Disk, path: string): Promise<Uint8Array | null> {
  try {
    return await disk.readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** A whole file; as text, why not. */
export async function readBounded(disk: Disk, path: string, bytesMax: number): Promise<Uint8Array | string> {
  try {
    const file = await disk.open(path, 'read');
    try {
      const size = await file.size();
      if (size > bytesMax) return `it is ${size} bytes long, which is more than is read`;
      const bytes = new Uint8Array(size);
      const count = await new Promise<number>((done, failed) => {
        file.read(bytes, 0, (error, read) => (error === null ? done(read) : failed(error)));
      });
      return bytes.subarray(0, count);
    } finally {
      await file.close();
    }
  } catch (error) {
    return (error as Error).message;
  }
}

function listed(disk: Disk, directory: string): Promise<string[]> {
  return disk.list(directory).then(
    (names) => names.sort(),
    () => [],
  );
}
