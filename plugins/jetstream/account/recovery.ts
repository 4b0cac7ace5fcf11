/** Streams that were there before. */

import { textFromSubject } from '../../../kernel/plugin-api.ts';
import { fieldOf } from '../../../protocols/jetstream/message-header.ts';
import { Scan, type StorageDriver, type StoredRecord } from '../../../storage-drivers/contract.ts';
import { IndexedStore } from '../../../storage-drivers/derived/indexed-store.ts';
import { readKnownIds } from '../stream/known-ids.ts';
import { MessageLog, sizeFormulaOf } from '../stream/message-log.ts';
import { momentOf } from '../stream/moment.ts';
import { Stream } from '../stream/stream.ts';
import { originOf, SOURCE_HEADER } from '../sync/synced-message.ts';
import { CONSUMER_CELLS, type KeptConsumer, readConsumer, readStream, STREAM_CELL } from './kept-definitions.ts';
import type { StreamAccount } from './stream-account.ts';

/** Brings back what a driver holds of an account. What can not be read is left alone, and named. Nothing is opened yet. */
export async function recoverStreams(
  of: StreamAccount,
  storage: 'file' | 'memory',
  driver: StorageDriver,
): Promise<Stream[]> {
  const recovered: Stream[] = [];
  if (driver.supports.durable === 'none') return recovered;
  const prefix = `${of.account.name}/`;
  for (const id of await driver.list()) {
    if (!id.startsWith(prefix)) continue;
    try {
      recovered.push(await recoverStream(of, storage, driver, id));
    } catch (error) {
      if (error instanceof NeverMade) continue;
      const { message } = error as Error;
      of.unrecovered.set(textFromSubject(id.slice(prefix.length)), message);
      of.of.log.error(`the stream in the store '${id}' is not served: ${message}`);
    }
  }
  return recovered;
}

async function recoverStream(
  of: StreamAccount,
  storage: 'file' | 'memory',
  driver: StorageDriver,
  id: string,
): Promise<Stream> {
  const { stream, consumers } = await openStream(of, storage, driver, id);
  of.streams.set(stream.name, stream);
  for (const consumer of consumers) stream.adopt(consumer);
  // What opening wrote may not have got to the disk.
  if (stream.trouble !== null) of.broken(stream, stream.trouble);
  return stream;
}

export interface OpenedStream {
  readonly stream: Stream;
  readonly consumers: readonly KeptConsumer[];
}

/** Opened and known to nobody yet. */
export async function openStream(
  of: StreamAccount,
  storage: 'file' | 'memory',
  driver: StorageDriver,
  id: string,
): Promise<OpenedStream> {
  const { records, report } = await IndexedStore.open(driver, id, {
    sizeOf: sizeFormulaOf(storage),
    clock: of.of.clock,
  });
  try {
    if (!report.isAmnesiac && (await isUntouched(records))) throw new NeverMade();
    return await readOpened(of, storage, records);
  } catch (error) {
    if (error instanceof NeverMade) await records.store.destroy();
    else await records.store.close();
    throw error;
  }
}

/** A store whose stream was being made when the process ended: nobody was told that it is there. */
class NeverMade extends Error {}

/** Nothing was ever written to it: no message, and no definition. */
async function isUntouched({ store, cells }: IndexedStore): Promise<boolean> {
  return store.count === 0 && store.last < store.first && (await cells.list('')).length === 0;
}

async function readOpened(of: StreamAccount, storage: 'file' | 'memory', records: IndexedStore): Promise<OpenedStream> {
  const cell = await records.cells.get(STREAM_CELL);
  const kept = cell === null ? null : readStream(cell);
  if (kept === null) throw new Error('it does not say what stream it holds');
  records.store.isLazy = kept.config.persistMode === 'async';
  const log = new MessageLog(records, storage, of.usage);
  const stream = new Stream(of.of, of, kept.config, log, kept.created);
  await recall(stream);
  const consumers: KeptConsumer[] = [];
  for (const name of await records.cells.list(CONSUMER_CELLS)) {
    // One that is damaged costs no other.
    const bytes = await records.cells.get(name).catch(() => null);
    const consumer = bytes === null ? null : readConsumer(bytes);
    if (consumer === null)
      of.of.log.error(`the consumer in '${name}' of the store '${records.store.id}' can not be read`);
    else consumers.push(consumer);
  }
  await log.learnFirstTime();
  return { stream, consumers };
}

/** Ids of messages that came lately, and messages that will expire, are found in the messages themselves. */
export async function recall(stream: Stream): Promise<void> {
  const { log, machine } = stream;
  const { store } = log.records;
  const hasSources = stream.config.sources.length > 0;
  let from =
    hasSources || machine.config.allowMsgTtl || machine.config.allowMsgSchedules
      ? log.first
      : (await readKnownIds(stream))
        ? newestOf(stream)
        : await firstOfWindow(stream);
  const last = store.last;
  const visit = (record: StoredRecord): boolean => {
    machine.recall(record);
    if (hasSources) recallOrigin(stream, record);
    return true;
  };
  while (from <= last && store.scan(from, last, visit) === Scan.cold) {
    from = store.coldSequence;
    await log.bringIn(from);
  }
}

function recallOrigin({ supply }: Stream, { bytes, headerStart, bodyStart }: StoredRecord): void {
  const origin = originOf(fieldOf(bytes.subarray(headerStart, bodyStart), SOURCE_HEADER));
  if (origin !== null) supply.recall(origin.identity, origin.sequence);
}

async function firstOfWindow(stream: Stream): Promise<number> {
  const { log, machine, of } = stream;
  const since = of.clock.now() - machine.limits.duplicateWindowMs;
  const moment = momentOf(BigInt(Math.round(since)) * 1_000_000n);
  const found = await log.find(moment);
  return Math.min(found, newestOf(stream));
}

/** It is looked at in any case: it has the time and the id that come next. */
function newestOf({ log }: Stream): number {
  return Math.max(log.first, log.records.index.lastUpTo(log.last));
}
