/** What was set aside because nobody knew what it was for: lists it, removes it, and sets a stream aside by hand. */
import { join } from 'node:path';
import { systemPorts } from '../../kernel/ports/system-ports.ts';
import { plural } from '../../plugins/jetstream/trouble/range-text.ts';
import { type QuarantineEntry, quarantineEntries, removeEntry } from '../../storage-drivers/file/quarantine.ts';
import { CommandFailure } from '../command-failure.ts';
import { knownStreams } from './known-streams.ts';
import { openFiles, type Place } from './open-store.ts';
import type { StoreKeys } from './store-keys.ts';
import type { StoreRequest } from './store-request.ts';

type Say = (text: string) => Promise<void>;

const entriesOf = (directory: string): Promise<QuarantineEntry[]> =>
  quarantineEntries(systemPorts().disk, join(directory, 'quarantine'));

export async function quarantine(place: Place, request: StoreRequest, keys: StoreKeys, say: Say): Promise<void> {
  const directory = ofFiles(place, request);
  if (request.stream !== '') await setAside(directory, request, keys, say);
  const entries = await entriesOf(directory);
  if (request.isJson) await say(`${JSON.stringify(entries)}\n`);
  else if (entries.length === 0) await say(`${directory}: nothing was set aside\n`);
  else for (const entry of entries) await say(`${textOf(entry)}\n`);
}

function textOf({ name, reason, files, bytes }: QuarantineEntry): string {
  const [since = '', ...why] = reason.split('\n');
  return `${name}: ${plural(files, 'file')}, ${plural(bytes, 'byte')}, since ${since}: ${why.join(' ')}`;
}

export async function discard(place: Place, request: StoreRequest, say: Say): Promise<void> {
  const directory = ofFiles(place, request);
  const { entry: name } = request;
  if (name === '') throw new CommandFailure('store discard: name what is to be removed with --entry');
  const entry = (await entriesOf(directory)).find((each) => each.name === name);
  if (entry === undefined) throw new CommandFailure(`store discard: there is no ${JSON.stringify(name)} in quarantine`);
  await removeEntry(systemPorts().disk, entry);
  await say(`${textOf(entry)}\nis removed\n`);
}

function ofFiles({ directory, isLevel }: Place, { action }: StoreRequest): string {
  if (isLevel)
    throw new CommandFailure(`store ${action}: ${directory} is a database of LevelDB, where nothing is set aside`);
  return directory;
}

/** The stream is gone from the directory then, and its name is free. */
async function setAside(directory: string, request: StoreRequest, keys: StoreKeys, say: Say): Promise<void> {
  const opened = await openFiles(directory, request, keys);
  try {
    const ids: string[] = [];
    for await (const { store } of knownStreams(opened, request)) ids.push(store.id);
    const [id] = ids;
    if (id === undefined) throw new CommandFailure(`store quarantine: there is no stream '${request.stream}'`);
    if (ids.length > 1) {
      throw new CommandFailure(
        `store quarantine: several accounts have a '${request.stream}': name one with --account`,
      );
    }
    const path = await opened.driver.setAside(id, `the stream in the store '${id}' was set aside by hand`);
    await say(`the stream '${request.stream}' was set aside in ${path}\n\n`);
  } finally {
    await opened.close();
  }
}
