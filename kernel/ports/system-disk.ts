import { readFileSync } from 'node:fs';
import { open, readdir, readFile, realpath, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lockDirectory } from './directory-lock.ts';
import { roomOf } from './disk-room.ts';
import { makeDirectory } from './make-directory.ts';
import type { Disk } from './ports.ts';
import { openSystemFile } from './system-file.ts';

export function systemDisk(): Disk {
  return {
    readFile: (path) => readFile(path),
    readFileSync: (path) => readFileSync(path),
    writeFile: replaceFile,
    remove: (path) => rm(path, { force: true }),
    rename,
    syncDirectory,
    makeDirectory,
    removeDirectory: (path) => rmdir(path).catch(ignoreMissing),
    list: async (path) => (await readdir(path)).sort(),
    open: openSystemFile,
    room: roomOf,
    lock: lockDirectory,
  };
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

let temporaryFiles = 0;

/** The name changes hands only when the new bytes are on the disk, so no crash leaves half a file under it. */
async function replaceFile(path: string, bytes: Uint8Array | string): Promise<void> {
  const target = await existing(path);
  // A device or a pipe is written to; replacing it would be a surprise.
  if (target !== null && !target.isFile) return writeFile(target.path, bytes);
  const name = target?.path ?? path;
  const temporary = `${name}.${process.pid}-${++temporaryFiles}.tmp`;
  try {
    await writeSynced(temporary, bytes, target?.mode);
    await rename(temporary, name);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(name));
}

/** What stands at the path, with links followed, so that a linked file is replaced and not the link. */
async function existing(path: string): Promise<{ path: string; isFile: boolean; mode: number } | null> {
  try {
    const real = await realpath(path);
    const stats = await stat(real);
    return { path: real, isFile: stats.isFile(), mode: stats.mode & 0o777 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function writeSynced(path: string, bytes: Uint8Array | string, mode: number | undefined): Promise<void> {
  const file = await open(path, 'wx');
  try {
    if (mode !== undefined) await file.chmod(mode);
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  // A directory cannot be opened for this on Windows, where a rename needs no such push.
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
