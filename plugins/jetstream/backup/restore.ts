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
import { ARCHIVE_MAGIC } from '../../../protocols/jetstream/archive.ts';
import { printErrorReply, printReply, streamCreateReply } from '../../../protocols/jetstream/replies.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import { StreamDecoder, StreamEvent } from '../../../protocols/s2/stream-decoder.ts';
import { recall } from '../account/recovery.ts';
import type { StreamAccount } from '../account/stream-account.ts';
import { exceeds } from '../account/usage.ts';
import { factsOf } from '../api/stream-facts.ts';
import { MessageLog } from '../stream/message-log.ts';
import { momentNow } from '../stream/moment.ts';
import { uniqueId } from '../wire/identifiers.ts';
import { ArchiveIntake } from './archive-intake.ts';
import { FileIntake } from './file-intake.ts';
import type { Intake } from './intake.ts';

const SILENCE_MS = 5_000;
/**
 * What may come out of a backup, beyond what its state says: files hold messages that were removed as well, of which a block may be
 * full.
 */
const INFLATED_FACTOR = 8;
const INFLATED_SLACK = 64 * 1024 * 1024;

export interface RestoreOrder {
  readonly config: StreamConfig;
  /** What the messages count for, as whoever sends them says. */
  readonly bytes: number;
  /** Who asked, as JSON. */
  readonly caller: string;
}

/** Null where there is room for so much more. */
export function restoreProblem(of: StreamAccount, { storage }: StreamConfig, bytes: number): ApiError | null {
  const { books } = of.of;
  const cap = storage === 'memory' ? books.limits.maxMemory : books.limits.maxStorage;
  if (books.usage[storage] + bytes > cap) return apiError(10023);
  return exceeds(of.limits, of.usage, storage, bytes) ? apiError(10002) : null;
}

export class RestoreJob implements ServiceSink {
  readonly kind = SERVICE_SINK;
  readonly deliverSubject: string;
  private readonly of: StreamAccount;
  private readonly config: StreamConfig;
  private readonly subscription: Subscription;
  private readonly decoder: StreamDecoder;
  /** What came before it was known of which layout it is. */
  private head: Buffer = Buffer.alloc(0);
  private intake: Intake | null = null;
  private work: Promise<void> = Promise.resolve();
  private timer: (() => void) | null = null;
  private isOver = false;
  /** Pieces that came and are not worked on yet: silence begins when there are none. */
  private waiting = 0;
  private received = 0;
  private readonly caller: string;
  private readonly begun: bigint;

  constructor(of: StreamAccount, { config, bytes, caller }: RestoreOrder) {
    this.of = of;
    this.config = config;
    this.caller = caller;
    this.decoder = new StreamDecoder({ outputBytesMax: INFLATED_SLACK + INFLATED_FACTOR * bytes });
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
    this.timer?.();
    this.waiting++;
    this.work = this.work.then(() => this.take(reply, Buffer.from(body))).then(() => this.taken());
    return true;
  }

  private taken(): void {
    this.waiting--;
    if (this.waiting === 0 && !this.isOver) this.watch();
  }

  private async take(reply: string, piece: Buffer): Promise<void> {
    if (this.isOver) return;
    try {
      if (reply === '') throw new Error('a piece came that nobody waits for');
      const answer = piece.length === 0 ? await this.complete() : await this.read(piece);
      if (typeof answer === 'string') this.say(reply, answer);
      else await this.refuse(reply, answer);
    } catch (error) {
      await this.refuse(reply, apiError(10062, { err: (error as Error).message }));
    }
  }

  private async refuse(reply: string, problem: ApiError): Promise<void> {
    await this.abandon();
    if (reply !== '') this.say(reply, printErrorReply('STREAM.CREATE', problem));
  }

  private async read(piece: Buffer): Promise<string> {
    this.received += piece.length;
    let event = this.decoder.read(piece, 0, piece.length);
    while (event === StreamEvent.data) {
      const { output, start, end } = this.decoder;
      await this.takeIn(Buffer.from(output.subarray(start, end)));
      event = this.decoder.read(piece, this.decoder.at, piece.length);
    }
    if (event === StreamEvent.problem) throw new Error(`the backup is damaged: ${this.decoder.problem}`);
    return '';
  }

  private async takeIn(bytes: Buffer): Promise<void> {
    this.head = this.intake === null ? Buffer.concat([this.head, bytes]) : bytes;
    if (this.intake === null && this.head.length < ARCHIVE_MAGIC.length) return;
    this.intake ??= this.intakeFor(this.head);
    await this.intake.take(this.head);
  }

  private intakeFor(head: Buffer): Intake {
    const { of, config } = this;
    const { clock } = of.of;
    const place = { driver: of.of.driver(config.storage)!, id: of.storeIdOf(config.name), clock, config };
    const isArchive = head.subarray(0, ARCHIVE_MAGIC.length).equals(ARCHIVE_MAGIC);
    return new (isArchive ? ArchiveIntake : FileIntake)({ ...place, now: momentNow(clock) });
  }

  private async complete(): Promise<string | ApiError> {
    const { intake, config, of } = this;
    if (intake === null) throw new Error('backup was truncated');
    this.stopListening();
    await intake.finish();
    const { records } = intake.staged!;
    await intake.staged!.settled();
    const problem = of.streams.has(config.name) ? apiError(10130) : restoreProblem(of, config, records.bytes);
    if (problem !== null) return problem;
    await records.store.publish();
    this.isOver = true;
    const log = new MessageLog(records, config.storage, of.usage);
    const stream = of.adopt(config, log, intake.created ?? momentNow(of.of.clock));
    await recall(stream);
    for (const consumer of intake.consumers) stream.adopt(consumer);
    // As nats-server has it, it says where it begins, even where that is where all begin; not where it came as files.
    stream.wasTouched = intake instanceof ArchiveIntake;
    stream.keep();
    stream.consumers.writeAll();
    await stream.settledDown();
    stream.open();
    const span = { start: this.begun, end: momentNow(of.of.clock) };
    this.tell('COMPLETE', (head) => restoreCompleted(head, config.name, span, this.received, this.caller));
    const facts = factsOf(stream, { isStamped: true, hasDomain: false, hasLeader: false });
    return printReply('STREAM.CREATE', streamCreateReply, { ...facts, didCreate: false });
  }

  private watch(): void {
    this.timer?.();
    this.timer = this.of.of.after(SILENCE_MS, () => void this.abandon());
  }

  private async abandon(): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    this.stopListening();
    await this.intake?.staged?.destroy();
  }

  private stopListening(): void {
    this.timer?.();
    this.timer = null;
    this.of.account.sublist.remove(this.subscription);
  }

  private say(reply: string, body: string): void {
    this.of.of.outbox.send(this.of.account, reply, body);
  }
}
