/** Prints what a directory holds, as lines of JSON. */
import { matchesLiteral, subjectFromText, textFromSubject } from '../../kernel/routing/subject.ts';
import { consumerConfig } from '../../protocols/jetstream/consumer-config.ts';
import { streamConfig } from '../../protocols/jetstream/stream-config.ts';
import { formatNanos } from '../../protocols/jetstream/timestamp.ts';
import { Scan, type StoredRecord } from '../../storage-drivers/contract.ts';
import { consumersOf, type KnownStream, knownStreams } from './known-streams.ts';
import type { OpenedDirectory } from './open-store.ts';
import type { StoreRequest } from './store-request.ts';

/** Answers whether nothing was damaged of what was read. */
export async function dump(
  opened: OpenedDirectory,
  request: StoreRequest,
  write: (text: string) => Promise<void>,
): Promise<boolean> {
  let isWhole = true;
  let left = request.limit;
  for await (const known of knownStreams(opened, request)) {
    await write(line(streamOf(known)));
    for (const { name, kept } of await consumersOf(known.store)) {
      isWhole &&= kept !== null;
      await write(
        line({ kind: 'consumer', ...placeOf(known), name, ...(kept === null ? UNREADABLE : consumerOf(kept)) }),
      );
    }
    const messages = new MessageDump(known, request, left);
    for (let page = await messages.next(); page !== ''; page = await messages.next()) await write(page);
    for (const { from, to } of known.store.holes().ranges) {
      isWhole = false;
      await write(line({ kind: 'lost', ...placeOf(known), first: from, last: to }));
    }
    isWhole &&= known.kept !== null;
    left = messages.left;
    if (messages.goesOnAt > 0) await write(line({ kind: 'more', ...placeOf(known), seq: messages.goesOnAt }));
  }
  return isWhole;
}

const UNREADABLE = { error: 'can not be read' };

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function placeOf({ account, stream }: KnownStream): object {
  return { account, stream };
}

function streamOf(known: KnownStream): object {
  const { store, kept } = known;
  const { first, last, count } = store;
  const state = { messages: count, first_seq: first, last_seq: last };
  if (kept === null) return { kind: 'stream', ...placeOf(known), ...UNREADABLE, state };
  const config = JSON.parse(streamConfig.print(kept.config)) as object;
  return { kind: 'stream', ...placeOf(known), created: formatNanos(kept.created), config, state };
}

type Kept = NonNullable<Awaited<ReturnType<typeof consumersOf>>[number]['kept']>;

function consumerOf({ config, created, state }: Kept): object {
  return {
    created: formatNanos(created),
    config: JSON.parse(consumerConfig.print(config)) as object,
    delivered: { consumer_seq: state.consumerSequence - 1, stream_seq: state.deliveredStream },
    ack_floor: { consumer_seq: state.floorConsumer, stream_seq: state.floorStream },
    pending: state.pending.map(([seq, consumerSequence, time]) => ({ seq, consumer_seq: consumerSequence, time })),
    redelivered: state.redelivered.map(([seq, count]) => ({ seq, count })),
  };
}

const PAGE_BYTES = 1024 * 1024;

/** The messages of one stream, a page at a time. */
class MessageDump {
  left: number;
  /** Where the next call has to begin, when there was more than the limit; 0 when there was not. */
  goesOnAt = 0;
  private readonly known: KnownStream;
  private readonly request: StoreRequest;
  private readonly pattern: string;
  private from: number;
  private page = '';

  constructor(known: KnownStream, request: StoreRequest, left: number) {
    this.known = known;
    this.request = request;
    this.left = left;
    this.pattern = subjectFromText(request.subject);
    this.from = Math.max(request.firstSequence, known.store.first);
  }

  /** Empty at the end. */
  async next(): Promise<string> {
    const { store } = this.known;
    const last = Math.min(this.request.lastSequence, store.last);
    this.page = '';
    while (this.page.length < PAGE_BYTES && this.goesOnAt === 0 && this.from <= last) {
      const end = store.scan(this.from, last, (record) => this.take(record));
      if (end === Scan.done) this.from = last + 1;
      else if (end === Scan.cold) await this.load(store.coldSequence, last);
      else if (this.page.length >= PAGE_BYTES) break;
    }
    return this.page;
  }

  private load(from: number, to: number): Promise<void> {
    this.from = from;
    return new Promise((done, failed) => {
      this.known.store.load(from, to, (error) => (error === null ? done() : failed(error)));
    });
  }

  /** False when this is enough. */
  private take(record: StoredRecord): boolean {
    const subject = Buffer.from(record.subjectBytes.subarray(record.subjectStart, record.subjectEnd)).toString(
      'latin1',
    );
    if (this.pattern !== '' && !matchesLiteral(subject, this.pattern)) return true;
    if (this.left <= 0) {
      this.goesOnAt = record.seq;
      return false;
    }
    this.left--;
    this.from = record.seq + 1;
    this.page += line({ kind: 'message', ...placeOf(this.known), ...messageOf(record, subject, this.request.hasData) });
    return this.page.length < PAGE_BYTES;
  }
}

function messageOf(record: StoredRecord, subject: string, hasData: boolean): object {
  const { seq, seconds, nanos, bytes, headerStart, bodyStart, bodyEnd } = record;
  const time = formatNanos(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
  const head = { seq, time, subject: textFromSubject(subject), size: bodyEnd - bodyStart };
  if (!hasData) return head;
  const header = bodyStart > headerStart ? { headers: headersOf(bytes.subarray(headerStart, bodyStart)) } : {};
  return { ...head, ...header, ...dataOf(bytes.subarray(bodyStart, bodyEnd)) };
}

/** Each name with all its values, in order. */
function headersOf(block: Uint8Array): Record<string, string[]> {
  const headers: Record<string, string[]> = Object.create(null);
  for (const field of Buffer.from(block).toString('utf8').split('\r\n').slice(1)) {
    const colon = field.indexOf(':');
    if (colon <= 0) continue;
    const name = field.slice(0, colon);
    headers[name] ??= [];
    headers[name].push(field.slice(colon + 1).trimStart());
  }
  return headers;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** As text where it is text, else base64. */
function dataOf(payload: Uint8Array): { data: string } | { data_base64: string } {
  try {
    return { data: UTF8.decode(payload) };
  } catch {
    return { data_base64: Buffer.from(payload).toString('base64') };
  }
}
