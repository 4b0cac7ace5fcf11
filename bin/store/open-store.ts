/** Opens the driver of a directory: on the files themselves, or on a view of them whose changes go nowhere. */
import { resolve } from 'node:path';
import { borrowDirectory } from '../../kernel/ports/directory-lock.ts';
import { systemPorts } from '../../kernel/ports/system-ports.ts';
import { foreignStore } from '../../plugins/jetstream/foreign-store.ts';
import type { StorageDriver } from '../../storage-drivers/contract.ts';
import { type FileDriver, openFileDriver } from '../../storage-drivers/file/file-driver.ts';
import { CommandFailure } from '../command-failure.ts';
import { isLevelDirectory, openLevelCopy } from './level-directory.ts';
import { OverlayDisk, storeDirectory } from './overlay-disk.ts';
import type { StoreKeys } from './store-keys.ts';
import type { StoreRequest } from './store-request.ts';

export interface OpenedDirectory {
  readonly driver: StorageDriver;
  readonly directory: string;
  close(): Promise<void>;
}

/** Where streams are, and what keeps them. */
export interface Place {
  readonly directory: string;
  readonly isLevel: boolean;
}

export async function findPlace(given: string): Promise<Place> {
  const { disk } = systemPorts();
  const directory = await storeDirectory(disk, resolve(given));
  if (directory !== '') return { directory, isLevel: false };
  if (await isLevelDirectory(resolve(given))) return { directory: resolve(given), isLevel: true };
  for (const place of [resolve(given), resolve(given, 'jetstream')]) {
    const foreign = await foreignStore(disk, place);
    if (foreign !== null) throw new CommandFailure(`store: ${foreign}`);
  }
  throw new CommandFailure(`store: there are no streams in ${given}: name the store_dir of the configuration`);
}

/** Nothing is written, whatever is done with the driver. */
export async function openView(place: Place, request: StoreRequest, keys: StoreKeys): Promise<OpenedDirectory> {
  const { directory } = place;
  if (place.isLevel) return { directory, ...(await openLevelCopy(directory)) };
  const ports = systemPorts();
  const disk = new OverlayDisk(ports.disk, borrowDirectory);
  const driver = await open({ ...ports, disk }, directory, request, keys).catch(async (error: Error) => {
    await disk.close();
    throw error;
  });
  const close = async (): Promise<void> => {
    await driver.close();
    await disk.close();
  };
  return { driver, directory, close };
}

export async function openFiles(
  directory: string,
  request: StoreRequest,
  keys: StoreKeys,
): Promise<OpenedDirectory & { readonly driver: FileDriver }> {
  const driver = await open(systemPorts(), directory, request, keys);
  return { driver, directory, close: () => driver.close() };
}

async function open(
  ports: Parameters<typeof openFileDriver>[0],
  directory: string,
  { cipher }: StoreRequest,
  keys: StoreKeys,
): Promise<FileDriver> {
  try {
    return await openFileDriver(ports, { directory, ...keys, cipher, scrubIntervalMs: 0 });
  } catch (error) {
    throw new CommandFailure(`store: ${advised((error as Error).message)}`);
  }
}

/** What the driver says speaks of a configuration. */
function advised(text: string): string {
  return text.replace(/set 'key', or 'prev_key'.*$/, 'give it with --key-file or --prev-key-file');
}
