/** Streams that were there before. */

import { fieldOf } from '../../../protocols/jetstream/message-header.ts';
import { Scan, type StorageDriver, type StoredRecord } from '../../../storage-drivers/contract.ts';
import { IndexedStore } from '../../../storage-drivers/derived/indexed-store.ts';
import { MessageLog, sizeFormulaOf } from '../stream/message-log.ts';
import { momentOf } from '../stream/moment.ts';
import type { Stream } from '../stream/stream.ts';
import { originOf, SOURCE_HEADER } from '../sync/synced-message.ts';
import { CONSUMER_CELLS, readConsumer, readStream, STREAM_CELL } from './kept-definitions.ts';
import type { StreamAccount } from './stream-account.ts';

/** Opens what a driver holds of an account. What can not be read is left alone, and named. */
export async function recoverStreams(
  of: StreamAccount,
  storage: 'file' | 'memory',
  driver: StorageDriver,
): Promise<void> {
  if (driver.supports.durable === 'none') return;
  const prefix = `${of.account.name}/`;
  for (const id of await driver.list()) {
    if (!id.startsWith(prefix)) continue;
    try {
      await recoverStream(of, storage, driver, id);
    } catch (error) {
      of.of.log.error(`the stream in the store '${id}' is not served: ${(error as Error).message}`);
    }
  }
}

async function recoverStream(
  of: StreamAccount,
  storage: 'file' | 'memory',
  driver: StorageDriver,
  id: string,
): Promise<void> {
  const { records } = await IndexedStore.open(driver, id, { sizeOf: sizeFormulaOf(storage), clock: of.of.clock });
  const cell = await records.cells.get(STREAM_CELL);
  const kept = cell === null ? null : readStream(cell);
  if (kept === null) {
    await records.close();
    throw new Error('it does not say what stream it holds');
  }
  const log = new MessageLog(records, storage, of.usage);
  const stream = of.adopt(kept.config, log, kept.created);
  await recall(stream);
  for (const name of await records.cells.list(CONSUMER_CELLS)) {
    const bytes = await records.cells.get(name);
    const consumer = bytes === null ? null : readConsumer(bytes);
    if (consumer === null) of.of.log.error(`the consumer in '${name}' of the store '${id}' can not be read`);
    else stream.adopt(consumer);
  }
  await log.learnFirstTime();
  stream.open();
}

/** Ids of messages that came lately, and messages that will expire, are found in the messages themselves. */
export async function recall(stream: Stream): Promise<void> {
  const { log, machine } = stream;
  const { store } = log.records;
  const hasSources = stream.config.sources.length > 0;
  let from =
    hasSources || machine.config.allowMsgTtl || machine.config.allowMsgSchedules
      ? log.first
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

async function firstOfWindow({ log, machine, of }: Stream): Promise<number> {
  const since = of.clock.now() - machine.limits.duplicateWindowMs;
  const moment = momentOf(BigInt(Math.round(since)) * 1_000_000n);
  const found = await log.find(moment);
  // The newest is looked at in any case: it has the time and the id that come next.
  return Math.min(found, Math.max(log.first, log.records.index.lastUpTo(log.last)));
}
