/**
 * Writes damaged files anew with what is left of them. First what is going to be replaced is copied aside, so that nothing this does can
 * make anything worse.
 */
import { cp, lstat, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { plural } from '../../plugins/jetstream/trouble/range-text.ts';
import { Read, type RecordStore, type SequenceRange } from '../../storage-drivers/contract.ts';
import type { FileStore } from '../../storage-drivers/file/file-store.ts';
import { CommandFailure } from '../command-failure.ts';
import { type Findings, findAll, findingsJson, findingsText } from './check.ts';
import { knownStreams } from './known-streams.ts';
import { findPlace, type OpenedDirectory, openFiles, openView, type Place } from './open-store.ts';
import type { StoreKeys } from './store-keys.ts';
import type { StoreRequest } from './store-request.ts';

export type Say = (text: string) => Promise<void>;

type OpenedFiles = Awaited<ReturnType<typeof openFiles>>;

/** Answers whether all is well now. */
export async function repair(place: Place, request: StoreRequest, keys: StoreKeys, say: Say): Promise<boolean> {
  const { directory } = place;
  const before = await look(place, request, keys);
  if (before.isWhole) {
    await say(`${directory}: nothing is damaged, and nothing was done\n`);
    return true;
  }
  await say(findingsText(before));
  const aside = await copyAside(before, request);
  await say(`\ncopies of what is replaced are in ${aside}\n`);
  const opened = await openFiles(directory, request, keys);
  try {
    await opened.driver.care.verify();
    await fill(opened, request, keys, say);
    if (request.acceptsLoss) await acceptLoss(opened, request, say);
    const files = await opened.driver.care.repair();
    await say(`${plural(files, 'file')} written anew\n`);
    await leaveJournal(opened);
  } finally {
    await opened.close();
  }
  // The next journal file says that those before it are not needed.
  await (await openFiles(directory, request, keys)).close();
  const after = await look(place, request, keys);
  await say(`\n${findingsText(after)}`);
  if (!after.isWhole) await say(adviceFor(after, request));
  return after.isWhole;
}

/** Everything stands in blocks then: a damaged part of the journal is not read any more. */
async function leaveJournal(opened: OpenedFiles): Promise<void> {
  if (!opened.driver.care.damage.some(({ part }) => part === 'journal')) return;
  for await (const { store } of knownStreams(opened, { account: '', stream: '' })) {
    await opened.driver.checkpoint(store as FileStore);
  }
}

export async function look(place: Place, request: StoreRequest, keys: StoreKeys): Promise<Findings> {
  const opened = await openView(place, request, keys);
  try {
    return await findAll(opened, request);
  } finally {
    await opened.close();
  }
}

/** Files as they are, and what was found. */
async function copyAside(findings: Findings, request: StoreRequest): Promise<string> {
  const { directory, damage } = findings;
  const aside = await asideFolder(directory, request);
  await mkdir(aside, { recursive: true });
  for (const path of new Set([...damage.map((one) => one.path), ...smallFiles(findings)])) {
    if (!(await exists(path))) continue;
    const target = join(aside, relative(directory, path));
    await mkdir(dirname(target), { recursive: true });
    await cp(path, target, { recursive: true });
  }
  await writeFile(join(aside, 'findings.json'), findingsJson(findings));
  return aside;
}

/** Where copies go: a folder that is not there yet, and outside of the store. */
export async function asideFolder(directory: string, request: StoreRequest): Promise<string> {
  const aside = request.aside === '' ? await freeName(directory) : resolve(request.aside);
  if (await exists(aside)) throw new CommandFailure(`store repair: ${aside} is there already; nothing was done`);
  if (!relative(directory, aside).startsWith('..')) {
    throw new CommandFailure(`store repair: ${aside} lies in the store itself; name another folder with --aside`);
  }
  return aside;
}

/** Beside the directory, by the time. */
async function freeName(directory: string): Promise<string> {
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+Z$/g, '');
  for (let number = 1; ; number++) {
    const name = `${directory}.aside-${stamp}${number === 1 ? '' : `-${number}`}`;
    if (!(await exists(name))) return name;
  }
}

/** Checkpoints say what of the blocks counts: those beside a damaged file are kept with it. */
function smallFiles({ damage }: Findings): string[] {
  return damage.flatMap(({ path }) => ['checkpoint.1', 'checkpoint.2'].map((name) => join(dirname(path), name)));
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** What is lost here may be whole in another copy of the directory: a backup, or a snapshot of the volume. */
async function fill(opened: OpenedDirectory, request: StoreRequest, keys: StoreKeys, say: Say): Promise<void> {
  if (request.from === '') return;
  const other = await openView(await findPlace(request.from), request, keys);
  try {
    const ids = new Set(await other.driver.list());
    for await (const { account, stream, store } of knownStreams(opened, request)) {
      if (store.holes().records === 0 || !ids.has(store.id)) continue;
      const { store: source } = await other.driver.open(store.id);
      const filled = await fillFrom(store, source);
      await source.close();
      await say(`${account} > ${stream}: ${plural(filled, 'message')} taken from ${request.from}\n`);
    }
  } finally {
    await other.close();
  }
}

const TOGETHER_BYTES = 4 * 1024 * 1024;

/** A record is taken only if it is the one that was there. Many are written together: each alone would be a file. */
async function fillFrom(store: RecordStore, source: RecordStore): Promise<number> {
  let filled = 0;
  let bytes = 0;
  const waiting: Promise<boolean>[] = [];
  const settle = async (): Promise<void> => {
    for (const isFilled of await Promise.all(waiting.splice(0))) if (isFilled) filled++;
    bytes = 0;
  };
  for (const { from, to } of store.holes().ranges) {
    for (let seq = from; seq <= to; seq++) {
      let found = source.read(seq);
      if (found === Read.cold) {
        await settle();
        await loaded(source, seq, to);
        found = source.read(seq);
      }
      if (found !== Read.found) continue;
      waiting.push(store.repair(seq, source.record));
      bytes += source.record.bodyEnd - source.record.headerStart;
      if (bytes >= TOGETHER_BYTES) await settle();
    }
  }
  await settle();
  return filled;
}

function loaded(store: RecordStore, from: number, to: number): Promise<void> {
  return new Promise((done, failed) => {
    store.load(from, to, (error) => (error === null ? done() : failed(error)));
  });
}

export async function acceptLoss(opened: OpenedDirectory, request: StoreRequest, say: Say): Promise<void> {
  for await (const { account, stream, store } of knownStreams(opened, request)) {
    const { ranges, records } = store.holes();
    for (const range of ranges) remove(store, range);
    if (records > 0)
      await say(`${account} > ${stream}: ${plural(records, 'lost message')} will not be missed any more\n`);
  }
}

function remove(store: RecordStore, { from, to }: SequenceRange): void {
  if (store.remove(from, to) < 0)
    throw new CommandFailure(`store repair: nothing can be written in the store ${store.id}`);
}

function adviceFor({ streams }: Findings, { from }: StoreRequest): string {
  if (streams.every(({ lost }) => lost.length === 0)) return '';
  const copy = from === '' ? '--from takes them from another copy of this directory; ' : '';
  return `What is lost stays lost: ${copy}--accept-loss ends the alarm.\n`;
}
