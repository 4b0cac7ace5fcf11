/** Which streams the stores of a directory hold. */
import { textFromSubject } from '../../kernel/routing/subject.ts';
import {
  CONSUMER_CELLS,
  type KeptConsumer,
  type KeptStream,
  readConsumer,
  readStream,
  STREAM_CELL,
} from '../../plugins/jetstream/account/kept-definitions.ts';
import type { RecordStore } from '../../storage-drivers/contract.ts';
import type { OpenedDirectory } from './open-store.ts';
import type { StoreRequest } from './store-request.ts';

export interface KnownStream {
  readonly account: string;
  readonly stream: string;
  readonly store: RecordStore;
  /** Null where it can not be read. */
  readonly kept: KeptStream | null;
  /** More may be missing than is known. */
  readonly isAmnesiac: boolean;
}

/** Each that was asked for, open until the next. */
export async function* knownStreams(
  { driver }: OpenedDirectory,
  request: Pick<StoreRequest, 'account' | 'stream'>,
): AsyncGenerator<KnownStream> {
  for (const id of (await driver.list()).sort()) {
    const account = textFromSubject(id.slice(0, id.indexOf('/')));
    if (request.account !== '' && account !== request.account) continue;
    const { store, report } = await driver.open(id);
    const cell = await store.cells.get(STREAM_CELL).catch(() => null);
    const kept = cell === null ? null : readStream(cell);
    const stream = kept?.config.name ?? textFromSubject(id.slice(id.indexOf('/') + 1));
    if (request.stream === '' || stream === request.stream)
      yield { account, stream, store, kept, isAmnesiac: report.isAmnesiac };
    await store.close();
  }
}

export interface KnownConsumer {
  readonly name: string;
  readonly kept: KeptConsumer | null;
}

export async function consumersOf({ cells }: RecordStore): Promise<KnownConsumer[]> {
  const found: KnownConsumer[] = [];
  for (const name of await cells.list(CONSUMER_CELLS)) {
    const bytes = await cells.get(name).catch(() => null);
    found.push({ name: name.slice(CONSUMER_CELLS.length), kept: bytes === null ? null : readConsumer(bytes) });
  }
  return found;
}
