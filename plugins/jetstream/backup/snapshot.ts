/** Sends a stream away, piece by piece, no faster than the pieces are confirmed. */
import { Buffer } from 'node:buffer';
import {
  type Account,
  SERVICE_SINK,
  type ServiceSink,
  Subscription,
  subjectFromText,
} from '../../../kernel/plugin-api.ts';
import { snapshotCompleted, snapshotCreated } from '../../../protocols/jetstream/advisories.ts';
import { snapshotAckSubject } from '../../../protocols/jetstream/api-subject.ts';
import { statusBlock } from '../../../protocols/jetstream/status.ts';
import { streamState } from '../../../protocols/jetstream/stream-info.ts';
import { StreamEncoder } from '../../../protocols/s2/stream-encoder.ts';
import { Scan, type StoredRecord, type StoreSnapshot } from '../../../storage-drivers/contract.ts';
import { stateOf } from '../api/stream-facts.ts';
import { isMeant } from '../consumer/push-side.ts';
import { momentNow } from '../stream/moment.ts';
import type { Stream } from '../stream/stream.ts';
import { uniqueId } from '../wire/identifiers.ts';
import { ArchiveWriter } from './archive-writer.ts';
import type { BackupFormat, BackupWriter } from './backup-writer.ts';
import { FileWriter } from './file-writer.ts';

export interface SnapshotOptions {
  readonly deliverSubject: string;
  readonly hasConsumers: boolean;
  readonly chunkBytes: number;
  readonly windowBytes: number;
  readonly format: BackupFormat;
  /** Who asked, as JSON. */
  readonly caller: string;
}

/** What one turn gathers at most. */
const GATHER_BYTES = 256 * 1024;
const INTEREST_MS = 2_000;
const INTEREST_STEP_MS = 10;
const CONFIRM_MS = 5_000;
const NO_BYTES = Buffer.alloc(0);

export class SnapshotJob implements ServiceSink {
  readonly kind = SERVICE_SINK;
  private readonly stream: Stream;
  private readonly options: SnapshotOptions;
  private readonly id: string;
  private readonly subject: string;
  private readonly source: StoreSnapshot;
  private readonly writer: BackupWriter;
  private readonly encoder = new StreamEncoder();
  private readonly confirmations: Subscription;
  private readonly begun: bigint;
  private pending: Buffer = NO_BYTES;
  private nextSequence: number;
  private isRead = false;
  private sent = 0;
  private confirmed = 0;
  private timer: (() => void) | null = null;
  private isOver = false;

  constructor(stream: Stream, options: SnapshotOptions) {
    this.stream = stream;
    this.options = options;
    this.id = uniqueId(stream.of.random);
    this.subject = subjectFromText(options.deliverSubject);
    this.source = stream.log.records.store.snapshot();
    this.nextSequence = this.source.first;
    this.begun = momentNow(stream.of.clock);
    const pattern = `$JS.SNAPSHOT.ACK.${stream.name}.${this.id}.*.*`;
    this.confirmations = new Subscription(this, subjectFromText(pattern), '', '');
    const consumers = options.hasConsumers ? stream.consumers.listed() : [];
    this.writer = new (options.format === 'v1' ? FileWriter : ArchiveWriter)({ stream, consumers });
    this.encode(this.writer.opening());
  }

  private get account(): Account {
    return this.stream.account;
  }

  /** Waits until somebody listens. */
  start(): void {
    this.account.sublist.insert(this.confirmations);
    const { name, of } = this.stream;
    of.advise(
      this.account,
      (head) => snapshotCreated(head, name, streamState.print(stateOf(this.stream)), this.options.caller),
      `$JS.EVENT.ADVISORY.STREAM.SNAPSHOT_CREATE.${name}`,
    );
    this.awaitInterest(this.stream.of.clock.now() + INTEREST_MS);
  }

  /** Tools subscribe when they have the answer, and hear of no message before, though a wildcard of theirs covers the subject. */
  private awaitInterest(until: number): void {
    const { sublist } = this.account;
    const isLate = this.stream.of.clock.now() >= until;
    if (isMeant(sublist.matchSubject(this.subject), this.subject)) this.go();
    else if (!isLate) this.wait(INTEREST_STEP_MS, () => this.awaitInterest(until));
    else if (sublist.hasInterest(this.subject)) this.go();
    else this.end([408, 'No Interest']);
  }

  private encode(bytes: Buffer): void {
    this.pending = Buffer.concat([this.pending, this.encoder.encode(bytes)]);
  }

  /** Sends what may be sent, and gathers more. */
  private go(): void {
    if (this.isOver) return;
    const { chunkBytes, windowBytes } = this.options;
    const open = Math.max(1, Math.floor(windowBytes / chunkBytes));
    while (this.sent - this.confirmed < open) {
      if (this.pending.length >= chunkBytes) this.sendChunk(this.pending.subarray(0, chunkBytes));
      else if (this.isRead) {
        this.finish();
        return;
      } else {
        this.gather();
        return;
      }
      if (this.isOver) return;
    }
    this.wait(CONFIRM_MS, () => this.end([408, 'No Flow Response']));
  }

  private sendChunk(chunk: Buffer): void {
    this.sent++;
    const reply = snapshotAckSubject(this.stream.name, this.id, chunk.length, this.sent);
    const count = this.stream.of.outbox.send(this.account, this.subject, chunk, undefined, subjectFromText(reply));
    this.pending = this.pending.subarray(chunk.length);
    if (count === 0) this.end([408, 'No Interest']);
  }

  private gather(): void {
    const { writer } = this;
    let bytes = 0;
    const visit = (record: StoredRecord): boolean => {
      bytes += writer.add(record);
      this.nextSequence = record.seq + 1;
      return bytes < GATHER_BYTES;
    };
    const { source } = this;
    const scan = source.count === 0 ? Scan.done : source.scan(this.nextSequence, source.last, visit);
    this.isRead = scan === Scan.done;
    this.encode(writer.taken());
    if (this.isRead) this.encode(writer.closing());
    if (scan === Scan.cold) source.load(source.coldSequence, source.last, (error) => this.loaded(error));
    else this.wait(0, () => this.go());
  }

  private loaded(error: Error | null): void {
    if (error === null) this.go();
    else this.end([500, error.message]);
  }

  /** A piece was received. */
  deliver(): boolean {
    if (this.isOver) return true;
    this.confirmed++;
    this.go();
    return true;
  }

  private finish(): void {
    if (this.pending.length > 0) this.stream.of.outbox.send(this.account, this.subject, this.pending);
    this.pending = NO_BYTES;
    this.end(this.sent > 0 ? [204, ''] : null);
  }

  private end(status: readonly [number, string] | null): void {
    if (this.isOver) return;
    this.isOver = true;
    this.timer?.();
    this.source.release();
    this.account.sublist.remove(this.confirmations);
    const header = status === null ? undefined : statusBlock(status[0], status[1]);
    this.stream.of.outbox.send(this.account, this.subject, '', header);
    const span = { start: this.begun, end: momentNow(this.stream.of.clock) };
    const { name, of } = this.stream;
    const problem = status !== null && status[0] === 500 ? status[1] : '';
    of.advise(
      this.account,
      (head) => snapshotCompleted(head, name, span, this.options.caller, problem),
      `$JS.EVENT.ADVISORY.STREAM.SNAPSHOT_COMPLETE.${name}`,
    );
  }

  private wait(milliseconds: number, run: () => void): void {
    this.timer?.();
    this.timer = this.stream.of.after(milliseconds, run);
  }
}
