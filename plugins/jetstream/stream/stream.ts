/** A stream in the world: it listens on its subjects, answers publishers, and does what time asks. */
import { Buffer } from 'node:buffer';
import {
  type Account,
  type Message,
  SERVICE_SINK,
  type ServiceSink,
  type SubjectTransform,
  Subscription,
  subjectFromText,
} from '../../../kernel/plugin-api.ts';
import type { TierLimits } from '../../../protocols/jetstream/account-limits.ts';
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import {
  ackHead,
  type PublishAck,
  printPublishAck,
  printPublishError,
} from '../../../protocols/jetstream/publish-ack.ts';
import {
  BATCH_ID,
  PublishHeaders,
  REQUEST_INFO,
  scanPublishHeaders,
} from '../../../protocols/jetstream/publish-headers.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import { type KeptConsumer, printStream, STREAM_CELL } from '../account/kept-definitions.ts';
import type { Usage } from '../account/usage.ts';
import { Consumers } from '../consumer/consumers.ts';
import type { Surroundings } from '../surroundings.ts';
import { Supply } from '../sync/supply.ts';
import { Losses } from '../trouble/losses.ts';
import { admissionProblem } from './admission.ts';
import type { StagedMessage } from './atomic-batch.ts';
import { withCleanHeader } from './clean-header.ts';
import { coldBefore, coldForPublished } from './cold-before.ts';
import { DelayedAcks } from './delayed-acks.ts';
import { DirectAnswers } from './direct-answers.ts';
import { DueTimes } from './due-times.ts';
import { isFastReply } from './fast-reply.ts';
import { copyOf, HeldMessages } from './held-messages.ts';
import { inSteps, STEP } from './in-steps.ts';
import { writeKnownIds } from './known-ids.ts';
import type { MessageLog } from './message-log.ts';
import { type Moment, MutableMoment } from './moment.ts';
import { DUPLICATE, PublishVerdict, REFUSED, STORED, UNWANTED } from './publish-verdict.ts';
import { PublishedBatches } from './published-batches.ts';
import { compileSubjects, Republisher } from './republisher.ts';
import { failureOf } from './store-refusal.ts';
import { StreamMachine } from './stream-machine.ts';
import { subjectOf, withSubject } from './subject-change.ts';

/** What of its account a stream has to know. */
export interface StreamOwner {
  readonly account: Account;
  readonly limits: TierLimits;
  readonly usage: Usage;
  /** Its store takes nothing until it is opened again. */
  broken(stream: Stream, cause: Error): void;
}

export class Stream implements ServiceSink {
  readonly kind = SERVICE_SINK;
  readonly account: Account;
  readonly machine: StreamMachine;
  readonly created: bigint;
  readonly of: Surroundings;
  readonly consumers: Consumers;
  readonly supply = new Supply(this);
  readonly losses = new Losses(this);
  /** Why nothing can be written to it; null when it can. */
  trouble: Error | null = null;
  /** It is there again after a restart. */
  readonly isKept: boolean;
  private readonly owner: StreamOwner;
  private readonly moment = new MutableMoment();
  private readonly headers = new PublishHeaders();
  /** What became of the message that is being handled. */
  readonly verdict = new PublishVerdict();
  private readonly acks: DelayedAcks;
  private readonly dueTimes = new DueTimes(this);
  readonly batches: PublishedBatches;
  /** Something happened to it: its first sequence is told even where there is none. */
  wasTouched = false;
  private subscriptions: Subscription[] = [];
  private ackHead: Buffer = Buffer.alloc(0);
  readonly direct = new DirectAnswers(this);
  /** Null where no message ever asks for an older one. */
  private held: HeldMessages | null = null;
  private transform: SubjectTransform | null = null;
  private republisher: Republisher | null = null;
  private isClosed = false;
  /** Messages that were rolled up are still there: nothing is acknowledged until they are gone. */
  private isRollingUp = false;

  constructor(of: Surroundings, owner: StreamOwner, config: StreamConfig, log: MessageLog, created: bigint) {
    const { account } = owner;
    this.owner = owner;
    this.isKept = of.driver(config.storage)?.supports.durable !== 'none';
    log.onFault = (error) => of.log.error(`messages of the stream '${config.name}' can not be read: ${error.message}`);
    this.of = of;
    this.account = account;
    this.created = created;
    this.machine = new StreamMachine(config, log);
    this.consumers = new Consumers(this);
    log.listener = this.consumers;
    this.machine.purges = this.consumers;
    this.acks = new DelayedAcks(of.outbox.ackPages, {
      send: (sequence, reply, start, end) => of.outbox.acknowledge(account, reply, start, end, this.ackHead, sequence),
      refuse: (error, reply, start, end) => this.refusing(reply.toString('latin1', start, end))(error),
    });
    this.machine.interest = config.retention === 'interest' ? this.consumers : null;
    this.batches = new PublishedBatches(this);
    log.records.onDurable({
      durable: (ticket) => {
        if (!this.isRollingUp) this.acks.release(ticket);
        this.consumers.durable();
      },
      failed: (error) => this.failed(error),
      damaged: (from, to) => this.losses.note(from, to),
    });
    this.losses.known(log.lost.ranges);
  }

  get name(): string {
    return this.config.name;
  }

  get config(): StreamConfig {
    return this.machine.config;
  }

  get log(): MessageLog {
    return this.machine.log;
  }

  /** What was written and is not durable yet never will be. */
  private failed(error: Error): void {
    if (this.trouble !== null) return;
    this.trouble = error;
    this.acks.fail(error);
    if (!this.isClosed) this.owner.broken(this, error);
  }

  /** What is written down of it. False where nothing can be written now. */
  keep(): boolean {
    if (!this.isKept) return true;
    const kept = printStream({ config: this.config, created: this.created });
    const ticket = this.log.records.cells.put(STREAM_CELL, kept);
    if (ticket > 0) this.log.ticket = ticket;
    return ticket > 0;
  }

  /** Everything that was written so far is as durable as it gets. */
  settledDown(): Promise<void> {
    return new Promise((resolve, reject) => this.whenDurable(resolve, reject));
  }

  get isSettled(): boolean {
    return !this.isRollingUp && this.log.ticket <= this.log.records.store.durableTicket;
  }

  /** Runs as soon as everything that was written so far is as durable as it gets, or `refuse` where it will never be. */
  whenDurable(then: () => void, refuse: ((error: Error) => void) | null = null): void {
    if (this.isSettled) then();
    else this.acks.add(this.log.ticket, then, refuse);
  }

  /** A consumer that was there before. */
  adopt(kept: KeptConsumer): void {
    this.consumers.adopt(kept);
  }

  open(): void {
    this.ackHead = Buffer.from(ackHead(this.name, this.of.domain));
    this.subscriptions = this.config.subjects.map(
      (subject) => new Subscription(this, subjectFromText(subject), '', ''),
    );
    for (const subscription of this.subscriptions) this.account.sublist.insert(subscription);
    this.configure();
    this.direct.configure();
    this.dueTimes.schedule();
    this.machine.trimming.resume(this.machine.limits);
    void this.trimmed();
  }

  /** Answers what became of it. */
  publish(published: MessageBytes, headers: PublishHeaders | null): PublishVerdict {
    const problem = this.problemOf(published);
    if (problem !== null) this.verdict.refused(problem);
    else this.store(published, headers);
    return this.verdict;
  }

  /** What speaks against any message now. */
  problemOf(published: MessageBytes): ApiError | null {
    return admissionProblem(this.owner, this, published);
  }

  private store(published: MessageBytes, headers: PublishHeaders | null): void {
    const { machine, moment, verdict } = this;
    machine.publish(moment.seconds, moment.nanos, published, headers, verdict);
    if (verdict.kind === STORED) this.stored(verdict.sequence);
    // Nobody wants it, but its id is remembered for a while.
    else if (verdict.kind === UNWANTED && machine.limits.duplicateWindowMs > 0) this.dueTimes.schedule();
  }

  /** As soon as everything that was written is durable. */
  say(reply: string, body: string): void {
    if (this.config.noAck) return;
    this.whenDurable(() => void this.of.outbox.send(this.account, reply, body), this.refusing(reply));
  }

  private refusing(reply: string): (error: Error) => void {
    return (error) => void this.of.outbox.send(this.account, reply, printPublishError(this.name, failureOf(error)));
  }

  /** What is done with messages, as the configuration says. */
  private configure(): void {
    const { subjectTransform, compression } = this.config;
    const { store } = this.log.records;
    if (store.compression !== undefined) store.compression = compression;
    const { src = '', dest = '' } = subjectTransform ?? {};
    this.transform = dest === '' ? null : compileSubjects(this.of, src, dest);
    this.republisher = Republisher.of(this);
    this.machine.listener = this.republisher;
    const asks = !this.log.isAlwaysWarm && (this.config.allowMsgCounter || this.config.allowMsgSchedules);
    if (asks) this.held ??= new HeldMessages(this);
    if (!this.isClosed) this.supply.configure();
  }

  /** A message that was published on one of the subjects. It is borrowed. */
  deliver(message: Message): boolean {
    if (this.republisher?.isTelling) this.deliverLater(message);
    else if (this.held === null || !this.held.holds(message)) this.take(message);
    return true;
  }

  /** What this stream tells others has come back to it. */
  private deliverLater(message: Message): void {
    const copy = copyOf(message);
    this.of.clock.soon(() => void this.deliver(copy));
  }

  coldFor(message: Message): number {
    return coldForPublished(this, message);
  }

  /** The same, with everything at hand that it asks for. */
  take(message: Message): void {
    if (this.isClosed) return;
    const headers = this.examined(message);
    this.of.inputTime.tell(this.moment, this.log);
    const cleaned = headers !== null && (headers.hasStatus || headers.has(REQUEST_INFO));
    let published: MessageBytes = cleaned ? withCleanHeader(message) : message;
    if (cleaned) this.rescan(published);
    if (this.transform !== null) published = this.transformed(published);
    if (message.hasReply && isFastReply(message.replyBytes, message.replyStart, message.replyEnd)) {
      this.batches.takeFlowing(message, published, headers, this.moment);
      return;
    }
    if (headers?.has(BATCH_ID) === true) {
      this.batches.take(message, published, headers, this.moment);
      return;
    }
    this.publish(published, headers);
    if (message.hasReply && !this.config.noAck) this.acknowledge(message);
  }

  /** Too many wait already. */
  overrun(message: Message): void {
    if (message.hasReply)
      this.of.outbox.send(this.account, message.reply, printPublishError(this.name, apiError(10167)));
  }

  /** A message of the stream that this one mirrors. */
  takeMirrored(message: MessageBytes, sequence: number, { seconds, nanos }: Moment): boolean {
    const published = this.transformed(message);
    this.rescan(published);
    if (!this.machine.mirror(sequence, seconds, nanos, published, this.headers)) return false;
    this.stored(sequence);
    return true;
  }

  /** What has to be fetched before such a message can be taken; 0 for nothing. */
  coldForSourced(message: MessageBytes): number {
    if (!this.config.allowMsgCounter || this.log.isAlwaysWarm) return 0;
    return coldBefore(this.log, this.transformed(message));
  }

  /** A message of a stream that this one takes from. */
  takeSourced(message: MessageBytes): boolean {
    const { verdict } = this;
    const moment = this.now();
    const published = this.transformed(message);
    this.rescan(published);
    this.machine.publishSourced(moment.seconds, moment.nanos, published, this.headers, verdict);
    if (verdict.kind === STORED) this.stored(verdict.sequence);
    return verdict.kind !== REFUSED;
  }

  /** A batch that is complete. What became of it stands in the verdict. */
  publishBatch(staged: readonly StagedMessage[]): void {
    const { verdict, moment, machine, log } = this;
    const before = log.last;
    machine.publishBatch(moment.seconds, moment.nanos, staged, verdict);
    if (verdict.kind === STORED) for (let seq = before + 1; seq <= log.last; seq++) this.stored(seq);
  }

  /** The subject it is stored under. What the transform is not about stays as it is. */
  transformed(message: MessageBytes): MessageBytes {
    if (this.transform === null) return message;
    const subject = this.transform.transform(subjectOf(message));
    return subject === null ? message : withSubject(message, subject);
  }

  private examined(message: Message): PublishHeaders | null {
    if (message.headerLength === 0) return null;
    scanPublishHeaders(message.bytes, message.headerStart, message.headerLength, this.headers);
    return this.headers;
  }

  /** Where things stand in the header as it will be stored. */
  private rescan({ bytes, headerStart, bodyStart }: MessageBytes): void {
    scanPublishHeaders(bytes, headerStart, bodyStart - headerStart, this.headers);
  }

  private acknowledge(message: Message): void {
    const { verdict } = this;
    const isUsual = verdict.kind !== DUPLICATE && verdict.kind !== REFUSED && verdict.counterValue === '';
    if (!isUsual || !this.acknowledgeUsual(message, verdict.sequence)) this.answer(message.reply, null);
  }

  /** False when it has to be said in another way. */
  private acknowledgeUsual({ replyBytes, replyStart, replyEnd }: Message, sequence: number): boolean {
    const { ticket, records } = this.log;
    if (this.isRollingUp || ticket > records.store.durableTicket) {
      return this.acks.addUsual(ticket, sequence, replyBytes, replyStart, replyEnd);
    }
    this.of.outbox.acknowledge(this.account, replyBytes, replyStart, replyEnd, this.ackHead, sequence);
    return true;
  }

  /** As soon as what it says is durable. */
  answer(reply: string, batch: PublishAck['batch'] | null): void {
    const { verdict, of, account } = this;
    if (verdict.kind === REFUSED) {
      of.outbox.send(account, reply, printPublishError(this.name, verdict.error!));
      return;
    }
    const { sequence, counterValue } = verdict;
    const ack = {
      sequence,
      isDuplicate: verdict.kind === DUPLICATE,
      ...(counterValue === '' ? {} : { counterValue }),
      ...(batch == null ? {} : { batch }),
    };
    const body = this.printAck(ack);
    this.whenDurable(() => void of.outbox.send(account, reply, body), this.refusing(reply));
  }

  printAck(ack: PublishAck): string {
    return printPublishAck(this.ackHead.toString(), ack);
  }

  /** A message has its place: whoever waits for it hears of it. */
  stored(sequence: number): void {
    const { consumers, machine, config, dueTimes } = this;
    this.republisher?.flush();
    if (consumers.byName.size > 0) consumers.stored(sequence, this.log.nodeAt(sequence));
    const isTimed = config.allowMsgTtl || config.allowMsgSchedules;
    // By age the newest is the last to expire, and so it is among ids: whatever is due before has its time.
    const isFirst = !dueTimes.isSet && machine.limits.maxAgeMs > 0;
    if (isTimed || isFirst || !dueTimes.isSetBy(machine.nextForgotten)) dueTimes.schedule();
    if (machine.rollups.isPending && !this.isRollingUp) void this.rollUp();
  }

  private async rollUp(): Promise<void> {
    this.isRollingUp = true;
    await inSteps(this.of.clock, () => this.isClosed || this.machine.rollUpMore(STEP));
    this.isRollingUp = false;
    this.acks.release(this.log.records.store.durableTicket);
  }

  /** A consumer is done with a message. */
  settled(sequence: number): void {
    if (this.config.retention !== 'limits') this.consumers.settled(sequence);
  }

  /** The time, which never goes back within a stream. */
  now(): MutableMoment {
    return this.moment.setNotBefore(this.of.clock.now(), this.log);
  }

  /** The command of a changed configuration. */
  update(config: StreamConfig): void {
    const subjects = this.config.subjects.join(' ');
    this.machine.update(config);
    this.keep();
    this.machine.interest = config.retention === 'interest' ? this.consumers : null;
    if (config.subjects.join(' ') !== subjects) {
      this.account.sublist.removeAll(this.subscriptions);
      this.open();
    } else {
      this.configure();
      this.direct.configure();
    }
    this.dueTimes.run();
  }

  /** Fulfilled when nothing is there any more that the configuration does not allow. */
  trimmed(): Promise<void> {
    return inSteps(this.of.clock, () => this.isClosed || this.machine.trimMore(STEP));
  }

  /** Stops for good, with everything written down: it will be there again. */
  pause(): void {
    this.consumers.flushAll();
    if (this.isKept) writeKnownIds(this);
    this.close();
  }

  /** From now on nothing comes in. */
  close(): void {
    this.isClosed = true;
    this.account.sublist.removeAll(this.subscriptions);
    this.direct.close();
    this.supply.close();
    this.consumers.closeAll();
    this.dueTimes.stop();
    this.acks.drop();
    this.batches.close();
    this.held?.clear();
  }
}
