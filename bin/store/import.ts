/** Takes over what a nats-server kept, into a directory of streams. What it is taken from is only read. */
import { join, relative, resolve } from 'node:path';
import { systemPorts } from '../../kernel/ports/system-ports.ts';
import { foreignStore } from '../../plugins/jetstream/foreign-store.ts';
import { CommandFailure } from '../command-failure.ts';
import { type ImportedStream, importLine, importSummary, isWhole } from './import-report.ts';
import { StreamImport } from './import-stream.ts';
import { findAccounts, type StreamFolder, streamFolders } from './nats-directory.ts';
import { openFiles } from './open-store.ts';
import { storeDirectory } from './overlay-disk.ts';
import type { StoreKeys } from './store-keys.ts';
import type { StoreRequest } from './store-request.ts';

/** Of a sample. */
const SAMPLE_EVERY = 64;

/** Answers whether everything was taken, and whole. */
export async function importStore(
  request: StoreRequest,
  keys: StoreKeys,
  say: (text: string) => Promise<void>,
): Promise<boolean> {
  const { disk, clock } = systemPorts();
  const from = await findAccounts(disk, request.directory);
  const into = await targetOf(request, from);
  const folders = (await streamFolders(disk, from)).filter((folder) => isWanted(folder, request));
  if (folders.length === 0) throw new CommandFailure(`store import: no stream in ${from} is of that name`);
  const opened = await openFiles(into, request, keys);
  const { driver } = opened;
  const place = { disk, clock, driver, verifyEvery: request.verifiesAll ? 1 : SAMPLE_EVERY };
  const streams: ImportedStream[] = [];
  try {
    for (const folder of folders) {
      const found = await new StreamImport(place, folder).run();
      streams.push(found);
      if (!request.isJson) await say(importLine(found));
    }
  } finally {
    await opened.close();
  }
  const whole = streams.every(isWhole);
  await say(
    request.isJson ? `${JSON.stringify({ from, into, whole, streams })}\n` : importSummary(from, into, streams),
  );
  return whole;
}

function isWanted({ account, name }: StreamFolder, request: StoreRequest): boolean {
  return (request.account === '' || account === request.account) && (request.stream === '' || name === request.stream);
}

/** The folder that is used already, or the one that a server would use with this as its store_dir. */
async function targetOf({ into }: StoreRequest, from: string): Promise<string> {
  const { disk } = systemPorts();
  const wanted = resolve(into);
  const directory = (await storeDirectory(disk, wanted)) || join(wanted, 'jetstream');
  const isWithin = (path: string, folder: string): boolean => !relative(folder, path).startsWith('..');
  if (isWithin(directory, from) || isWithin(from, directory) || (await foreignStore(disk, directory)) !== null) {
    throw new CommandFailure(
      `store import: --into names what it is taken from, or the files of another nats-server: name a folder of its own`,
    );
  }
  await disk.makeDirectory(directory);
  return directory;
}
