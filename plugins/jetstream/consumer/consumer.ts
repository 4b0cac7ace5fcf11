/** A consumer in the world: it sends what its machine says is next, and does what time asks. */
import type { Account, Plan } from '../../../kernel/plugin-api.ts';
import { digitsOf } from '../../../protocols/jetstream/ack-subject.ts';
import { type ConsumerConfig, isPush } from '../../../protocols/jetstream/consumer-config.ts';
import type { StoredRecord } from '../../../storage-drivers/contract.ts';
import type { Stream } from '../stream/stream.ts';
import type { Surroundings } from '../surroundings.ts';
import { AckSide } from './ack-side.ts';
import { LOOK_ON } from './backlog.ts';
import { ConsumerMachine, type DeliveryNumbers } from './consumer-machine.ts';
import { tellExhausted } from './consumer-news.ts';
import type { ConsumerState } from './consumer-state.ts';
import { Pace } from './pace.ts';
import { Preparation } from './preparation.ts';
import { PullSide } from './pull-side.ts';
import { PushSide } from './push-side.ts';
import { withoutBody, withPin } from './shown-record.ts';

const NANOS_PER_MS = 1e6;
const PLACE_BYTES = '.1577836800000000000...'.length;
/** What sending may take of one turn. */
const SLICE_MS = 2;
const SLICE_CHECK = 32;
const LONGEST_WAIT_MS = 3_600_000;
const SHORTEST_WAIT_MS = 1;
const JITTER_MS = 900;
const LEAST_JITTER_MS = 100;

export class Consumer {
  readonly of: Surroundings;
  readonly stream: Stream;
  readonly name: string;
  readonly created: bigint;
  readonly machine: ConsumerMachine;
  readonly pull: PullSide | null;
  readonly push: PushSide | null;
  readonly acks: AckSide;
  /** Zero for never, in milliseconds. */
  lastDeliveredAt = 0;
  lastAckedAt = 0;
  /** The position that was written down last. */
  writtenPosition = -1;
  private readonly numbers: DeliveryNumbers = { deliveries: 0, consumerSequence: 0, pending: 0 };
  private isAwake = false;
  private isRunning = false;
  /** What the clock said lately: it is not read for every message. */
  private now = 0;
  private isClosed = false;
  /** It has had everything, and stands in the index of those who wait. */
  isWaiting = false;
  /** It stands among those that hold on to messages. */
  isHolding = false;
  /** Something happened to it that is not written down, or was said to it. */
  isUnwritten = false;
  isUrgent = false;
  private hasLooked = false;
  private readonly preparation = new Preparation(this);
  private timer: (() => void) | null = null;
  private timerAt = Number.POSITIVE_INFINITY;
  private activeAt: number;
  private readonly jitterMs: number;
  private readonly pace: Pace;
  /** When sending goes on, where it is held up. */
  private pacedUntil = Number.POSITIVE_INFINITY;
  private readonly onGone: (consumer: Consumer) => void;
  private readonly turn = (): void => {
    this.isAwake = false;
    this.run();
  };

  constructor(
    stream: Stream,
    name: string,
    config: ConsumerConfig,
    created: bigint,
    onGone: (gone: Consumer) => void,
    /** Where it stood before; for one that is new, where it begins. */
    from: ConsumerState | number,
  ) {
    this.of = stream.of;
    this.stream = stream;
    this.name = name;
    this.created = created;
    this.onGone = onGone;
    this.jitterMs = LEAST_JITTER_MS + this.of.random.below(JITTER_MS);
    this.activeAt = this.of.clock.now();
    const isAnew = typeof from === 'number';
    const startsWithLast = isAnew && config.deliverPolicy === 'last_per_subject';
    const start = isAnew ? from : from.streamSequence;
    this.machine = new ConsumerMachine(config, stream.log, start, startsWithLast);
    if (!isAnew) this.machine.restore(from);
    const burst = this.stream.config.maxMsgSize > 0 ? this.stream.config.maxMsgSize : this.of.broker.options.maxPayload;
    const replayTo = config.replayPolicy === 'original' ? stream.log.last : 0;
    this.pace = new Pace(config.rateLimit, burst, replayTo, this.activeAt);
    this.acks = new AckSide(this);
    this.push = isPush(config) ? new PushSide(this, this.activeAt) : null;
    this.pull = this.push === null ? new PullSide(this) : null;
  }

  /** It is in the books: it begins. */
  open(): void {
    this.wake();
    this.schedule();
  }

  get account(): Account {
    return this.stream.account;
  }

  get streamName(): string {
    return this.stream.name;
  }

  get config(): ConsumerConfig {
    return this.machine.config;
  }

  /** When it goes on, in milliseconds; 0 when it is not paused. */
  get pausedUntil(): number {
    const { pauseUntil } = this.config;
    const until = pauseUntil === null ? 0 : Number(pauseUntil.nanos) / NANOS_PER_MS;
    return until > this.of.clock.now() ? until : 0;
  }

  /** Sends what can be sent once the turn's input has been handled. */
  wake(): void {
    if (this.isAwake || this.isClosed) return;
    this.isAwake = true;
    this.of.clock.afterInput(this.turn);
  }

  /** Sends what can be sent now, as far as that is quickly done. */
  run(): void {
    if (this.isRunning || this.isClosed) return;
    if (this.pausedUntil > 0 || !this.isAwaited) {
      this.schedule();
      return;
    }
    if (this.isWaiting) this.machine.hadAll();
    if (!this.isReady) {
      this.preparation.begin();
      return;
    }
    this.isRunning = true;
    const { clock } = this.of;
    const until = clock.monotonic() + SLICE_MS;
    this.now = clock.now();
    for (let sent = 1; this.sendOne(); sent++) {
      if (sent % SLICE_CHECK !== 0 && !this.hasLooked) continue;
      this.hasLooked = false;
      this.now = clock.now();
      if (clock.monotonic() < until) continue;
      this.wake();
      break;
    }
    this.isRunning = false;
    this.schedule();
  }

  /** Somebody is there to send to. */
  private get isAwaited(): boolean {
    return this.pull !== null ? this.pull.isAwaited : this.push!.isOpen && this.push!.isBound;
  }

  /** Whether it is known how much there is for it, and what comes first. */
  private get isReady(): boolean {
    if (this.isWaiting) this.machine.backlog.hadAll();
    return this.preparation.isDone;
  }

  /** Resolves when it is known how much there is for it; null when it is known now. */
  whenReady(): Promise<void> | null {
    return this.isReady ? null : this.preparation.whenDone();
  }

  /** False when there is nothing to send, or nobody to send it to. */
  private sendOne(): boolean {
    if (!this.isAwaited) return false;
    const seq = this.machine.next(this.exhausted);
    if (seq <= 0) {
      this.hasLooked = seq === LOOK_ON;
      if (this.hasLooked) return true;
      if (!this.machine.isBlocked) this.stream.consumers.rest(this);
      this.pull?.drained();
      return false;
    }
    if (!this.stream.log.isDurable(seq)) {
      this.stream.consumers.wakeFor(seq, this);
      return false;
    }
    const record = this.stream.log.read(seq);
    if (record === null) {
      this.fetch(seq);
      return false;
    }
    const shown = this.config.headersOnly ? withoutBody(record) : record;
    return this.pull === null ? this.sendPushed(this.push!, shown) : this.sendPulled(this.pull, shown);
  }

  private fetch(seq: number): void {
    const { log } = this.stream;
    if (log.isCold(seq)) log.whenLoaded(seq, () => this.wake());
  }

  private sendPulled(pull: PullSide, record: StoredRecord): boolean {
    const { now, pace } = this;
    const size = pull.isMeasured || !pace.isFree ? this.sizeOf(record) : 0;
    if (!pace.isFree && this.isTooEarly(record, size, now)) return false;
    const request = pull.nextFor(size, now);
    if (request === null) {
      this.machine.keptBack(record.seq);
      return false;
    }
    const isPinned = this.config.priorityPolicy === 'pinned_client';
    const shown = isPinned ? withPin(record, request.pinId) : record;
    if (this.send(request.receivers(this.account), shown, now, request.inbox)) pull.served(request, size, now);
    if (!pace.isFree) pace.sent(record, size, now);
    return true;
  }

  private sendPushed(push: PushSide, record: StoredRecord): boolean {
    const { now, pace } = this;
    const size = this.config.flowControl || !pace.isFree ? this.sizeOf(record) : 0;
    if (!pace.isFree && this.isTooEarly(record, size, now)) return false;
    if (!this.send(push.receivers(), record, now, push.address)) return false;
    push.sent(size, now);
    if (!pace.isFree) pace.sent(record, size, now);
    return true;
  }

  /** With the subject for its acknowledgement. */
  private sizeOf({ seq, subjectStart, subjectEnd, headerStart, bodyEnd }: StoredRecord): number {
    const { consumerSequence, pendingCount, redelivered, pending } = this.machine;
    const left = pending.has(seq) ? pendingCount : Math.max(0, pendingCount - 1);
    const deliveries = (redelivered.get(seq) ?? 0) + (pending.has(seq) ? 2 : 1);
    const place = digitsOf(deliveries) + digitsOf(seq) + digitsOf(consumerSequence) + digitsOf(left) + PLACE_BYTES;
    return subjectEnd - subjectStart + bodyEnd - headerStart + this.acks.prefix.length + place;
  }

  private isTooEarly(record: StoredRecord, size: number, now: number): boolean {
    const due = this.pace.dueAt(record, size, now);
    this.pacedUntil = due > now ? due : Number.POSITIVE_INFINITY;
    return due > now;
  }

  private send(plan: Plan, record: StoredRecord, now: number, to: string): boolean {
    const { machine, numbers } = this;
    const { seq } = record;
    machine.deliver(seq, now, numbers);
    this.stream.consumers.writer.changed(this);
    if (machine.tracks) this.stream.consumers.holds(this, seq);
    this.lastDeliveredAt = now;
    this.activeAt = now;
    const isTaken = this.of.outbox.deliver(plan, record, this.acks.prefix, numbers, to) > 0;
    if (!isTaken) machine.undeliver(seq);
    else if (!machine.tracks) this.stream.settled(seq);
    return isTaken;
  }

  /** A client said something to it. Answers when, in milliseconds. */
  heard(): number {
    this.now = this.of.inputTime.now();
    this.activeAt = this.now;
    return this.now;
  }

  /** Everything up to a message was handled, says an answer to flow control. */
  confirmUpTo(seq: number): void {
    if (this.machine.ack(seq, this.settled) !== 'unknown') this.stream.consumers.writer.told(this);
    this.lastAckedAt = this.of.clock.now();
  }

  readonly settled = (seq: number): void => this.stream.settled(seq);

  /** The command of a purge. */
  purged(part: Parameters<ConsumerMachine['purged']>[0]): void {
    if (this.machine.purged(part)) this.letGo();
  }

  /** A message goes, before it is gone: whatever was delivered of it is done. */
  removed(seq: number, node: number): void {
    const wasPending = this.machine.removed(seq, node, (done) => {
      if (done !== seq) this.settled(done);
    });
    if (wasPending) this.letGo();
  }

  /** A message that is gone was delivered here. */
  acknowledged(seq: number, consumerSequence: number): void {
    this.machine.ack(seq, this.settled, consumerSequence);
    this.letGo();
  }

  /** What it waited for it waits for no more: there may be room for another now. */
  private letGo(): void {
    this.lastAckedAt = this.of.clock.now();
    this.stream.consumers.writer.changed(this);
    this.wake();
  }

  private readonly exhausted = (seq: number, deliveries: number): void => {
    this.stream.consumers.writer.changed(this);
    tellExhausted(this, seq, deliveries);
  };

  /** Somebody uses it. */
  touched(): void {
    this.activeAt = this.of.clock.now();
  }

  /** Nobody listens any more. */
  abandoned(): void {
    this.touched();
    this.schedule();
  }

  /** When it will have been idle for too long; Infinity while it is used. */
  private get idleAt(): number {
    const { inactiveThreshold, ackWait } = this.config;
    if (inactiveThreshold <= 0n) return Number.POSITIVE_INFINITY;
    const isUsed = this.push?.isBound === true || this.pull?.isUsed === true;
    if (isUsed) this.touched();
    const waits = this.pull === null || this.machine.pending.size === 0 ? 0 : Number(ackWait) / NANOS_PER_MS;
    return this.activeAt + Number(inactiveThreshold) / NANOS_PER_MS + this.jitterMs + waits;
  }

  schedule(): void {
    if (this.isClosed) return;
    const due = Math.min(
      this.machine.nextDeadline,
      (this.pull ?? this.push)!.nextDue,
      this.idleAt,
      this.pacedUntil,
      this.pausedUntil > 0 ? this.pausedUntil : Number.POSITIVE_INFINITY,
    );
    if (due >= this.timerAt && this.timer !== null) return;
    this.timer?.();
    this.timer = null;
    this.timerAt = due;
    if (due === Number.POSITIVE_INFINITY) return;
    const wait = Math.max(SHORTEST_WAIT_MS, due - this.of.clock.now());
    this.timer = this.of.after(Math.min(wait, LONGEST_WAIT_MS), () => this.expire());
  }

  private expire(): void {
    this.timer = null;
    this.timerAt = Number.POSITIVE_INFINITY;
    this.pacedUntil = Number.POSITIVE_INFINITY;
    const now = this.of.clock.now();
    if (this.isWaiting && this.isAwaited) this.machine.hadAll();
    this.machine.expire(now, this.exhausted);
    (this.pull ?? this.push)!.expire(now);
    if (this.idleAt <= now) {
      this.onGone(this);
      return;
    }
    this.run();
  }

  /** The command of a changed configuration. */
  update(config: ConsumerConfig): void {
    this.stream.consumers.moving(this, () => this.machine.update(config));
    this.stream.consumers.writer.write(this);
    this.push?.retarget();
    this.pace.setRate(config.rateLimit);
    this.timer?.();
    this.timer = null;
    this.wake();
    this.schedule();
  }

  /** The command of a reset. */
  reset(seq: number): void {
    this.stream.consumers.moving(this, () => this.machine.reset(seq));
    this.stream.consumers.writer.write(this);
    this.lastDeliveredAt = 0;
    this.lastAckedAt = 0;
    this.wake();
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.preparation.close();
    this.timer?.();
    this.timer = null;
    this.acks.close();
    this.pull?.close();
    this.push?.close();
  }
}
