/** The messages of a stream that is taken in: nobody sees them before all of them are there. */
import { Buffer } from 'node:buffer';
import type { Clock } from '../../../kernel/plugin-api.ts';
import { fieldOf } from '../../../protocols/jetstream/message-header.ts';
import { parseTtl } from '../../../protocols/jetstream/message-ttl.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import { isValidLiteral } from '../../../protocols/jetstream/subject-rules.ts';
import type { MessageBytes, StorageDriver } from '../../../storage-drivers/contract.ts';
import { IndexedStore } from '../../../storage-drivers/derived/indexed-store.ts';
import { HAS_TTL, IS_ETERNAL } from '../stream/expiry.ts';
import { sizeFormulaOf } from '../stream/message-log.ts';
import type { Moment } from '../stream/moment.ts';
import { SEQUENCE_MAX } from '../stream/sequence-limit.ts';

export interface StagePlace {
  readonly driver: StorageDriver;
  readonly id: string;
  readonly clock: Clock;
}

/** With more on its way to the disk, whoever adds has to wait. */
const UNSETTLED_BYTES_MAX = 8 * 1024 * 1024;
const SECONDS_MAX = 2 ** 33;
const BEYOND = `the backup holds sequences beyond ${SEQUENCE_MAX}`;
/** Stands for a moment where a message was that is gone. */
const PLACEHOLDER = Buffer.from('_');

export class StagedStream {
  readonly records: IndexedStore;
  private readonly config: StreamConfig;
  private ticket = 0;
  private unsettled = 0;
  private waiting: { readonly ticket: number; resolve(): void; reject(error: Error): void } | null = null;

  private constructor(records: IndexedStore, config: StreamConfig) {
    this.records = records;
    this.config = config;
    records.onDurable({
      durable: (ticket) => {
        if (this.waiting !== null && ticket >= this.waiting.ticket) this.settle((waiting) => waiting.resolve());
      },
      failed: (error) => this.settle((waiting) => waiting.reject(error)),
    });
  }

  static async open({ driver, id, clock }: StagePlace, config: StreamConfig): Promise<StagedStream> {
    const { storage, compression } = config;
    const options = { sizeOf: sizeFormulaOf(storage), clock, isStaged: true, compression };
    const { records } = await IndexedStore.open(driver, id, options);
    return new StagedStream(records, config);
  }

  /** Why a message can not be taken; empty where it can. */
  problem(seq: number, { seconds }: Moment, message: MessageBytes): string {
    const { subjectBytes, subjectStart, subjectEnd } = message;
    if (seq > SEQUENCE_MAX) return BEYOND;
    if (seq <= this.records.last) return `the sequence ${seq} is out of order`;
    if (!(seconds >= 0 && seconds < SECONDS_MAX)) return `the message ${seq} is of a time that can not be`;
    const subject = Buffer.from(subjectBytes.subarray(subjectStart, subjectEnd)).toString('latin1');
    return isValidLiteral(subject) ? '' : `the message ${seq} has no subject that a message can have`;
  }

  /** Throws where it can not be taken. */
  append(seq: number, moment: Moment, message: MessageBytes): void {
    const problem = this.problem(seq, moment, message);
    if (problem !== '') throw new Error(problem);
    const { bytes, headerStart, bodyStart, bodyEnd } = message;
    const flags = this.flagsOf(bytes.subarray(headerStart, bodyStart));
    this.note(this.records.append(seq, moment.seconds, moment.nanos, flags, message), bodyEnd - headerStart);
  }

  private flagsOf(header: Uint8Array): number {
    const written = this.config.allowMsgTtl && header.length > 0 ? fieldOf(header, 'Nats-TTL') : null;
    const ttl = written === null ? null : parseTtl(written);
    return ttl === null ? 0 : ttl > 0 ? HAS_TTL : IS_ETERNAL;
  }

  /** What is not there is passed over. */
  remove(from: number, to: number): void {
    if (from <= Math.min(to, this.records.last)) this.note(this.records.remove(from, to), 0);
  }

  dropBefore(seq: number): void {
    checkPlace(seq);
    if (seq > this.records.first) this.note(this.records.dropBefore(seq), 0);
  }

  /** All sequences up to one are given out, the last of them at a time that is told of the stream. */
  spend(last: number, time: Moment | null): void {
    checkPlace(last);
    if (last <= this.records.last) return;
    if (time === null) {
      this.note(this.records.advance(last), 0);
      return;
    }
    const end = PLACEHOLDER.length;
    const subject = { subjectBytes: PLACEHOLDER, subjectStart: 0, subjectEnd: end };
    const message = { ...subject, bytes: PLACEHOLDER, headerStart: end, bodyStart: end, bodyEnd: end };
    this.note(this.records.append(last, time.seconds, time.nanos, 0, message), 0);
    this.remove(last, last);
  }

  get storage(): 'file' | 'memory' {
    return this.config.storage;
  }

  private note(ticket: number, bytes: number): void {
    if (ticket < 0) throw new Error('there is no room');
    this.ticket = ticket;
    this.unsettled += bytes;
  }

  /** Waits where much is on its way to the disk. */
  async pace(): Promise<void> {
    if (this.unsettled >= UNSETTLED_BYTES_MAX) await this.settled();
  }

  /** Waits for all that was added so far. */
  settled(): Promise<void> {
    this.unsettled = 0;
    if (this.records.store.durableTicket >= this.ticket) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiting = { ticket: this.ticket, resolve, reject };
    });
  }

  private settle(tell: (waiting: NonNullable<StagedStream['waiting']>) => void): void {
    const { waiting } = this;
    this.waiting = null;
    if (waiting !== null) tell(waiting);
  }

  destroy(): Promise<void> {
    return this.records.store.destroy();
  }
}

function checkPlace(seq: number): void {
  if (seq > SEQUENCE_MAX) throw new Error(BEYOND);
}
