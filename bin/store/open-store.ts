/** Opens the driver of a directory: on the files themselves, or on a view of them whose changes go nowhere. */
import { resolve } from 'node:path';
import { borrowDirectory } from '../../kernel/ports/directory-lock.ts';
import { systemPorts } from '../../kernel/ports/system-ports.ts';
import { foreignStore } from '../../plugins/jetstream/foreign-store.ts';
import { type FileDriver, openFileDriver } from '../../storage-drivers/file/file-driver.ts';
import { CommandFailure } from '../command-failure.ts';
import { OverlayDisk, storeDirectory } from './overlay-disk.ts';
import type { StoreKeys } from './store-keys.ts';
import type { StoreRequest } from './store-request.ts';

export interface OpenedDirectory {
  readonly driver: FileDriver;
  readonly directory: string;
  close(): Promise<void>;
}

/** Where the files are. */
export async function findDirectory(given: string): Promise<string> {
  const { disk } = systemPorts();
  const directory = await storeDirectory(disk, resolve(given));
  if (directory !== '') return directory;
  if ((await disk.list(resolve(given)).catch((): string[] => [])).includes('CURRENT')) throw new CommandFailure(LEVEL);
  for (const place of [resolve(given), resolve(given, 'jetstream')]) {
    const foreign = await foreignStore(disk, place);
    if (foreign !== null) throw new CommandFailure(`store: ${foreign}`);
  }
  throw new CommandFailure(`store: there are no streams in ${given}: name the store_dir of the configuration`);
}

const LEVEL =
  'store: this is a database of LevelDB, which has a repair of its own: copy the folder first, then call ' +
  '"Level.repair(folder)" of the package level; what can not be read then is reported when the driver opens it';

/** Nothing is written, whatever is done with the driver. */
export async function openView(directory: string, request: StoreRequest, keys: StoreKeys): Promise<OpenedDirectory> {
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

export async function openFiles(directory: string, request: StoreRequest, keys: StoreKeys): Promise<OpenedDirectory> {
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
