/**
 * Streams in a LevelDB database. LevelDB writes whenever it opens one, so what only looks opens a copy; its tables never change and are
 * linked where that can be done.
 */
import { constants } from 'node:fs';
import { copyFile, link, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemPorts } from '../../kernel/ports/system-ports.ts';
import type { StorageDriver } from '../../storage-drivers/contract.ts';
import type { LevelDriver } from '../../storage-drivers/level/level-driver.ts';
import { CommandFailure } from '../command-failure.ts';

const TABLE = /\.(ldb|sst)$/;
/** By name, so that no bundle takes native code in. */
const DRIVER: string = 'gnatlet/storage-level';
const PACKAGE: string = 'level';

export async function isLevelDirectory(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch((): string[] => []);
  return names.includes('CURRENT') || names.some((name) => TABLE.test(name));
}

/** The driver on a copy, which is gone when it is closed. */
export async function openLevelCopy(directory: string): Promise<{ driver: StorageDriver; close(): Promise<void> }> {
  await refuseInUse(directory);
  const copy = await mkdtemp(join(tmpdir(), 'gnatlet-store-'));
  const forget = (): Promise<void> => rm(copy, { recursive: true, force: true });
  try {
    for (const name of await readdir(directory)) await show(join(directory, name), join(copy, name));
    const driver = await openLevel(copy, directory);
    const close = async (): Promise<void> => {
      await driver.close().finally(forget);
    };
    return { driver, close };
  } catch (error) {
    await forget();
    throw error;
  }
}

export async function openLevelFiles(directory: string): Promise<{ driver: StorageDriver; close(): Promise<void> }> {
  await refuseInUse(directory);
  const driver = await openLevel(directory, directory);
  return { driver, close: () => driver.close() };
}

/** LevelDB makes its list of tables anew from the tables that are there, and moves aside what it can not read. */
export async function repairLevel(directory: string): Promise<void> {
  await refuseInUse(directory);
  const { Level } = await loaded<{ Level: { repair(place: string): Promise<void> } }>(PACKAGE);
  await Level.repair(directory);
}

/** It is no database any more, or not all of it can be told. */
export class LevelBroken extends Error {}

async function openLevel(place: string, directory: string): Promise<LevelDriver> {
  const { LevelDriver: Driver } = await loaded<{ LevelDriver: typeof LevelDriver }>(DRIVER);
  try {
    return await Driver.open(systemPorts(), { directory: place });
  } catch (error) {
    const { cause, message } = error as Error;
    const why = cause instanceof Error ? cause.message : message;
    throw new LevelBroken(`the database can not be opened: ${why.replaceAll(place, directory)}`);
  }
}

async function loaded<T>(name: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (error) {
    throw new CommandFailure(`store: this is a database of LevelDB, and ${name} can not be loaded: ${String(error)}`);
  }
}

async function show(from: string, to: string): Promise<void> {
  if (!(await stat(from)).isFile()) return;
  const isLinked =
    TABLE.test(from) &&
    (await link(from, to).then(
      () => true,
      () => false,
    ));
  if (!isLinked) await copyFile(from, to, constants.COPYFILE_FICLONE);
}

/** LevelDB holds a lock as long as it is open; the system lists those. Where it does not, the driver's own opening fails. */
async function refuseInUse(directory: string): Promise<void> {
  const locks = await readFile('/proc/locks', 'utf8').catch(() => '');
  const lock = await stat(join(directory, 'LOCK')).catch(() => null);
  if (
    lock === null ||
    !locks.split('\n').some((line) => line.split(/\s+/).some((word) => word.endsWith(`:${lock.ino}`)))
  )
    return;
  throw new CommandFailure(`store: ${directory} is in use by another process; stop that one`);
}
