/** Takes a stream back in, piece by piece. Nothing of it is seen before all of it is there. */
import { Buffer } from 'node:buffer';
import {
  type Message,
  SERVICE_SINK,
  type ServiceSink,
  Subscription,
  subjectFromText,
} from '../../../kernel/plugin-api.ts';
import {
  type Advisory,
  type AdvisoryHead,
  restoreCompleted,
  restoreCreated,
} from '../../../protocols/jetstream/advisories.ts';
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import { restoreSubject } from '../../../protocols/jetstream/api-subject.ts';
import {
  type ArchiveEntry,
  ArchiveReader,
  CONSUMER_ENTRIES,
  STATE_ENTRY,
} from '../../../protocols/jetstream/archive.ts';
import { DecodeFault, decodeBody } from '../../../protocols/jetstream/json/codec.ts';
import { fieldOf } from '../../../protocols/jetstream/message-header.ts';
import { parseTtl } from '../../../protocols/jetstream/message-ttl.ts';
import { printErrorReply, printReply, streamCreateReply } from '../../../protocols/jetstream/replies.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import { streamState } from '../../../protocols/jetstream/stream-info.ts';
import { StreamDecoder, StreamEvent } from '../../../protocols/s2/stream-decoder.ts';
import { IndexedStore } from '../../../storage-drivers/derived/indexed-store.ts';
import type { KeptConsumer } from '../account/kept-definitions.ts';
import { recall } from '../account/recovery.ts';
import type { StreamAccount } from '../account/stream-account.ts';
import { factsOf } from '../api/stream-facts.ts';
import { HAS_TTL, IS_ETERNAL } from '../stream/expiry.ts';
import { MessageLog, sizeFormulaOf } from '../stream/message-log.ts';
import { momentNow, momentOf } from '../stream/moment.ts';
import { SEQUENCE_MAX } from '../stream/sequence-limit.ts';
import { uniqueId } from '../wire/identifiers.ts';
import { readConsumerEntry } from './consumer-entry.ts';

const SILENCE_MS = 5_000;

export class RestoreJob implements ServiceSink {
  readonly kind = SERVICE_SINK;
  readonly deliverSubject: string;
  private readonly of: StreamAccount;
  private readonly config: StreamConfig;
  private readonly subscription: Subscription;
  private readonly decoder = new StreamDecoder();
  private readonly reader = new ArchiveReader();
  private readonly consumers: KeptConsumer[] = [];
  private records: IndexedStore | null = null;
  private state = streamState.zero();
  private work: Promise<void> = Promise.resolve();
  private timer: (() => void) | null = null;
  private isOver = false;
  private received = 0;
  private readonly caller: string;
  private readonly begun: bigint;

  /** `caller` is who asked, as JSON. */
  constructor(of: StreamAccount, config: StreamConfig, caller: string) {
    this.of = of;
    this.config = config;
    this.caller = caller;
    this.begun = momentNow(of.of.clock);
    this.deliverSubject = restoreSubject(config.name, uniqueId(of.of.random));
    this.subscription = new Subscription(this, subjectFromText(this.deliverSubject), '', '');
    of.account.sublist.insert(this.subscription);
    this.tell('CREATE', (head) => restoreCreated(head, config.name, caller));
    this.watch();
  }

  private tell(word: 'CREATE' | 'COMPLETE', make: (head: AdvisoryHead) => Advisory): void {
    const { of, account } = this.of;
    of.advise(account, make, `$JS.EVENT.ADVISORY.STREAM.RESTORE_${word}.${this.config.name}`);
  }

  /** A piece, or the end, which is empty. One after the other is worked on. */
  deliver(message: Message): boolean {
    const { reply, body } = message.retain();
    this.watch();
    this.work = this.work.then(() => this.take(reply, Buffer.from(body)));
    return true;
  }

  private async take(reply: string, piece: Buffer): Promise<void> {
    if (this.isOver) return;
    try {
      if (reply === '') throw new Error('a piece came that nobody waits for');
      if (piece.length === 0) this.say(reply, await this.complete());
      else {
        this.received += piece.length;
        await this.read(piece);
        this.say(reply, '');
      }
    } catch (error) {
      await this.abandon();
      const problem: ApiError = apiError(10062, { err: (error as Error).message });
      if (reply !== '') this.say(reply, printErrorReply('STREAM.CREATE', problem));
    }
  }

  private async read(piece: Buffer): Promise<void> {
    let event = this.decoder.read(piece, 0, piece.length);
    while (event === StreamEvent.data) {
      const { output, start, end } = this.decoder;
      this.reader.add(Buffer.from(output.subarray(start, end)));
      await this.readEntries();
      event = this.decoder.read(piece, this.decoder.at, piece.length);
    }
    if (event === StreamEvent.problem) throw new Error(`the backup is damaged: ${this.decoder.problem}`);
  }

  private async readEntries(): Promise<void> {
    for (let entry = this.reader.next(); entry !== null; entry = this.reader.next()) {
      if (entry.sequence > 0) this.append(entry);
      else if (entry.name === STATE_ENTRY) await this.open(entry);
      else if (entry.name.startsWith(CONSUMER_ENTRIES)) this.takeConsumer(entry);
      else throw new Error(`the backup holds '${entry.name}', which is not known`);
    }
    if (this.reader.problem !== '') throw new Error(this.reader.problem);
  }

  private async open({ payload }: ArchiveEntry): Promise<void> {
    const state = decodeBody(payload, streamState, false);
    if (state instanceof DecodeFault) throw new Error(`the state can not be read: ${state.text}`);
    if (Math.max(Number(state.firstSequence), Number(state.lastSequence)) > SEQUENCE_MAX) {
      throw new Error(`the backup holds sequences beyond ${SEQUENCE_MAX}`);
    }
    const { storage } = this.config;
    const { clock } = this.of.of;
    const first = Math.max(1, Number(state.firstSequence));
    const options = { sizeOf: sizeFormulaOf(storage), clock, isStaged: true, firstSequence: first };
    const { records } = await IndexedStore.open(
      this.of.of.driver(storage)!,
      this.of.storeIdOf(this.config.name),
      options,
    );
    this.records = records;
    this.state = state;
  }

  private append({ name, time, sequence, header, payload }: ArchiveEntry): void {
    if (this.records === null) throw new Error('the backup does not say what state it is of');
    const subject = Buffer.from(name, 'latin1');
    const bytes = Buffer.concat([subject, header, payload]);
    const bodyStart = subject.length + header.length;
    const { seconds, nanos } = momentOf(time);
    const range = { subjectBytes: bytes, subjectStart: 0, subjectEnd: subject.length, bytes };
    const message = { ...range, headerStart: subject.length, bodyStart, bodyEnd: bytes.length };
    if (sequence <= this.records.last || sequence > SEQUENCE_MAX)
      throw new Error(`the sequence ${sequence} is out of order`);
    const ticket = this.records.append(sequence, seconds, nanos, this.flagsOf(header), message);
    if (ticket < 0) throw new Error('there is no room');
  }

  private flagsOf(header: Uint8Array): number {
    const written = this.config.allowMsgTtl ? fieldOf(header, 'Nats-TTL') : null;
    const ttl = written === null ? null : parseTtl(written);
    return ttl === null ? 0 : ttl > 0 ? HAS_TTL : IS_ETERNAL;
  }

  private takeConsumer({ name, payload }: ArchiveEntry): void {
    const created = momentNow(this.of.of.clock);
    const consumer = readConsumerEntry(name.slice(CONSUMER_ENTRIES.length), payload, created);
    if (consumer === null) throw new Error(`the consumer '${name}' can not be read`);
    this.consumers.push(consumer);
  }

  private async complete(): Promise<string> {
    const { records, config, of } = this;
    if (records === null || !this.reader.isComplete) throw new Error('backup was truncated');
    if (of.streams.has(config.name)) return printErrorReply('STREAM.CREATE', apiError(10130));
    this.end();
    const last = Number(this.state.lastSequence);
    if (last > records.last) records.advance(last);
    await records.store.publish();
    const stream = of.adopt(config, this.logOf(records), momentNow(of.of.clock));
    await recall(stream);
    for (const consumer of this.consumers) stream.adopt(consumer);
    stream.keep();
    await stream.settledDown();
    stream.open();
    const span = { start: this.begun, end: momentNow(of.of.clock) };
    this.tell('COMPLETE', (head) => restoreCompleted(head, config.name, span, this.received, this.caller));
    const facts = factsOf(stream, { isStamped: true, hasDomain: false, hasLeader: false });
    return printReply('STREAM.CREATE', streamCreateReply, { ...facts, didCreate: false });
  }

  /** The newest message may have been removed before the backup: its time stands in the state alone. */
  private logOf(records: IndexedStore): MessageLog {
    const log = new MessageLog(records, this.config.storage, this.of.usage);
    if (this.state.lastTime <= 0n) return log;
    const { seconds, nanos } = momentOf(this.state.lastTime);
    log.lastSeconds = seconds;
    log.lastNanos = nanos;
    return log;
  }

  private watch(): void {
    this.timer?.();
    this.timer = this.of.of.after(SILENCE_MS, () => void this.abandon());
  }

  private async abandon(): Promise<void> {
    if (this.isOver) return;
    this.end();
    await this.records?.store.destroy();
  }

  private end(): void {
    this.isOver = true;
    this.timer?.();
    this.of.account.sublist.remove(this.subscription);
  }

  private say(reply: string, body: string): void {
    this.of.of.outbox.send(this.of.account, reply, body);
  }
}
