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
  textFromSubject,
} from '../../../kernel/plugin-api.ts';
import type { TierLimits } from '../../../protocols/jetstream/account-limits.ts';
import { type AbandonReason, batchAbandoned } from '../../../protocols/jetstream/advisories.ts';
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
import { AtomicBatches, BATCH_LIMITS, type Staging } from './atomic-batch.ts';
import { withCleanHeader } from './clean-header.ts';
import { DelayedAcks } from './delayed-acks.ts';
import { DirectAnswers } from './direct-answers.ts';
import { DueTimes } from './due-times.ts';
import { FAST_LIMITS, FastBatches } from './fast-batch.ts';
import { isFastReply, parseFastReply } from './fast-reply.ts';
import { copyOf, HeldMessages } from './held-messages.ts';
import { inSteps, STEP } from './in-steps.ts';
import { writeKnownIds } from './known-ids.ts';
import type { MessageLog } from './message-log.ts';
import { type Moment, MutableMoment, millisecondsOf } from './moment.ts';
import { DUPLICATE, PublishVerdict, REFUSED, STORED, UNWANTED } from './publish-verdict.ts';
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
  private readonly verdict = new PublishVerdict();
  private readonly acks: DelayedAcks;
  private readonly dueTimes = new DueTimes(this);
  readonly batches: AtomicBatches;
  private readonly flowing = new FastBatches(FAST_LIMITS);
  private batchTimer: (() => void) | null = null;
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
    this.batches = new AtomicBatches(BATCH_LIMITS, of.server.level, (id, reason) => this.abandoned(id, reason));
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

  /** What became of it stands in the verdict. */
  private publish(published: MessageBytes, headers: PublishHeaders | null): void {
    const problem = admissionProblem(this.owner, this, published);
    if (problem !== null) this.verdict.refused(problem);
    else this.store(published, headers);
  }

  private store(published: MessageBytes, headers: PublishHeaders | null): void {
    const { machine, moment, verdict } = this;
    machine.publish(moment.seconds, moment.nanos, published, headers, verdict);
    if (verdict.kind === STORED) this.stored(verdict.sequence);
    // Nobody wants it, but its id is remembered for a while.
    else if (verdict.kind === UNWANTED && machine.limits.duplicateWindowMs > 0) this.dueTimes.schedule();
  }

  /** A message of a batch that flows, or what is said about it. */
  private takeFast(message: Message, published: MessageBytes, headers: PublishHeaders | null): void {
    const { reply } = message;
    const early = this.batchProblem(published);
    if (early !== null) {
      this.say(reply, printPublishError(this.name, early));
      return;
    }
    const place = parseFastReply(reply);
    const isUsable = this.config.allowBatched && typeof place !== 'string';
    if (!isUsable) {
      const number = !this.config.allowBatched ? 10205 : place === 'id' ? 10207 : 10206;
      this.say(reply, printPublishError(this.name, apiError(number)));
      return;
    }
    this.flowing.take(place, millisecondsOf(this.moment.seconds, this.moment.nanos), {
      store: () => {
        this.publish(published, headers);
        return this.verdict;
      },
      say: (body) => this.say(reply, body),
      refuse: (error) => this.say(reply, printPublishError(this.name, error)),
      acknowledge: (sequence, batch, isDuplicate) =>
        this.say(reply, printPublishAck(this.ackHead.toString(), { sequence, batch, isDuplicate })),
    });
    this.watchBatches();
  }

  /** As soon as everything that was written is durable. */
  private say(reply: string, body: string): void {
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
      this.takeFast(message, published, headers);
      return;
    }
    if (headers?.has(BATCH_ID) === true) {
      this.takeBatched(message, published, headers);
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

  /** A message of a batch. The last of it is told what became of all. */
  private takeBatched(message: Message, published: MessageBytes, headers: PublishHeaders): void {
    const { verdict, moment, machine } = this;
    const staging = this.stage(published, headers);
    if (staging.kind === 'staged') {
      if (message.hasReply && !this.config.noAck) this.of.outbox.send(this.account, message.reply, '');
      this.watchBatches();
      return;
    }
    if (staging.kind === 'refused') verdict.refused(staging.error);
    else {
      const before = this.log.last;
      machine.publishBatch(moment.seconds, moment.nanos, staging.staged, verdict);
      if (verdict.kind === STORED) for (let seq = before + 1; seq <= this.log.last; seq++) this.stored(seq);
    }
    if (!message.hasReply || this.config.noAck) return;
    const batch = staging.kind === 'complete' ? { id: staging.id, count: staging.staged.length } : null;
    this.answer(message.reply, batch);
  }

  private stage(published: MessageBytes, headers: PublishHeaders): Staging {
    const { config, moment } = this;
    const early = this.batchProblem(published);
    if (early !== null) return { kind: 'refused', error: early };
    if (!config.allowAtomic) return { kind: 'refused', error: apiError(10174) };
    return this.batches.take(published, headers, millisecondsOf(moment.seconds, moment.nanos));
  }

  /** What speaks against a message before it is looked at as one of a batch. */
  private batchProblem(published: MessageBytes): ApiError | null {
    if (this.config.sealed) return apiError(10109);
    const problem = admissionProblem(this.owner, this, published);
    if (problem !== null) return problem;
    return published.bodyEnd - published.headerStart > this.machine.limits.maxMsgSize ? apiError(10054) : null;
  }

  private watchBatches(): void {
    if (this.batchTimer !== null || this.isClosed || this.batches.size + this.flowing.size === 0) return;
    this.batchTimer = this.of.after(BATCH_LIMITS.idleMs, () => {
      this.batchTimer = null;
      const now = this.of.clock.now();
      const next = Math.min(this.batches.expire(now), this.flowing.expire(now));
      if (next !== Number.POSITIVE_INFINITY) this.watchBatches();
    });
  }

  private abandoned(batch: string, reason: AbandonReason): void {
    const { name: stream, of, account } = this;
    const subject = `$JS.EVENT.ADVISORY.STREAM.BATCH_ABANDONED.${stream}`;
    of.advise(account, (head) => batchAbandoned(head, { account: '', stream, batch }, reason), subject);
    const { system } = of.broker.accounts;
    const place = { account: textFromSubject(account.name), stream, batch };
    if (system !== null) of.advise(system, (head) => batchAbandoned(head, place, reason), subject);
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
  private answer(reply: string, batch: PublishAck['batch'] | null): void {
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
    const body = printPublishAck(this.ackHead.toString(), ack);
    this.whenDurable(() => void of.outbox.send(account, reply, body), this.refusing(reply));
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
    this.batchTimer?.();
    this.batches.clear();
    this.held?.clear();
    this.flowing.clear();
  }
}
