/**
 * A consumer without the world around it: how far it is, what it waits for, what has to be sent again. Every change is one
 * command with everything it needs inside it, the time above all. Sequences it names may be read in the stream's log.
 */
import { subjectFromText } from '../../../kernel/plugin-api.ts';
import { type ConsumerConfig, filtersOf } from '../../../protocols/jetstream/consumer-config.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import type { MessageLog } from '../stream/message-log.ts';
import { Backlog } from './backlog.ts';
import { type ConsumerProgress, type ConsumerState, eachOf } from './consumer-state.ts';
import { OverdueWatch } from './overdue-watch.ts';
import { PendingMessages } from './pending-messages.ts';
import type { PurgedPart } from './purged-part.ts';
import { RedeliveryQueue } from './redelivery-queue.ts';
import { ToldPosition } from './told-position.ts';

/** What a delivery is called. One is filled again and again. */
export interface DeliveryNumbers {
  deliveries: number;
  consumerSequence: number;
  pending: number;
}

/** A message that was delivered as often as it may be. */
export type OnExhausted = (sequence: number, deliveries: number) => void;

/** What became of an acknowledgement; `unknown`: of what was never delivered; `late`: everything so far was done. */
export type Acked = 'done' | 'late' | 'unknown';

const NANOS_PER_MS = 1e6;
/** So many are found overdue at once; the next follow in a moment. */
const OVERDUE_MAX = 4096;

export class ConsumerMachine {
  config: ConsumerConfig;
  readonly backlog: Backlog;
  /** The next of its own. */
  consumerSequence = 1;
  /** Everything at or below is settled. */
  floorStream: number;
  floorConsumer = 0;
  /** The same as it is told. */
  readonly told = new ToldPosition();
  /** The first is where the floor ends. */
  readonly pending = new PendingMessages();
  /** How often each message was delivered again. */
  readonly redelivered = new Map<number, number>();
  readonly queue = new RedeliveryQueue();
  /** Messages of which something changed that is written down; null while nobody follows that. */
  touched: Set<number> | null = null;
  /** None below was delivered again. */
  private redeliveredFrom = Number.POSITIVE_INFINITY;
  private readonly log: MessageLog;
  private readonly overdue = new OverdueWatch(this.pending);
  /** How long acknowledgements are waited for, the first time and each time after that; the last counts for all that follow. */
  private waitsMs: readonly number[];

  constructor(config: ConsumerConfig, log: MessageLog, start: number, startsWithLast = false) {
    this.config = config;
    this.waitsMs = waitsOf(config);
    this.log = log;
    this.backlog = new Backlog(log, filterSetOf(config), start, this);
    if (startsWithLast) this.backlog.startWithLast();
    this.floorStream = this.backlog.sequence - 1;
    this.told.set(this);
  }

  get filters(): FilterSet {
    return this.backlog.filters;
  }

  /** The next sequence of the stream to look at. */
  get streamSequence(): number {
    return this.backlog.sequence;
  }

  /** Matching messages that were never delivered. */
  get pendingCount(): number {
    return this.backlog.count;
  }

  /** Nothing that came since it had everything was for it. */
  hadAll(): void {
    if (this.streamSequence <= this.log.last) this.passTo(this.log.last + 1);
  }

  /** A piece of what has to be known before anything is sent; true when all is. */
  prepare(): boolean {
    const hadBegun = this.backlog.hasBegun;
    const isReady = this.backlog.prepare();
    if (!hadBegun) this.beginIfKnown();
    return isReady;
  }

  private beginIfKnown(): void {
    if (!this.backlog.hasBegun) return;
    this.floorStream = this.streamSequence - 1;
    this.told.set(this);
  }

  state(): ConsumerState {
    const { streamSequence, consumerSequence, floorStream, floorConsumer } = this;
    const { deliveredStream } = this.told;
    const place = { streamSequence, consumerSequence, floorStream, floorConsumer, deliveredStream };
    return { ...place, streamLast: this.log.last, pending: this.pending.runs(), redelivered: [...this.redelivered] };
  }

  /** What changed since somebody began to follow that. */
  progressed(): ConsumerProgress {
    const { streamSequence, consumerSequence, floorStream, floorConsumer, pending } = this;
    const { deliveredStream } = this.told;
    const messages = Array.from(this.touched ?? [], (seq) => {
      const deadline = pending.deadlineOf(seq);
      const due = Number.isFinite(deadline) ? deadline : null;
      const again = this.redelivered.get(seq) ?? 0;
      return [seq, pending.consumerSequenceOf(seq), pending.timeOf(seq), again, due] as const;
    });
    const place = [
      streamSequence,
      consumerSequence,
      floorStream,
      floorConsumer,
      deliveredStream,
      this.log.last,
    ] as const;
    return { place, messages };
  }

  /** Goes on where it stood. What was not acknowledged is due when it would have been. */
  restore(state: ConsumerState): void {
    // With less in the stream than was once there, nothing that comes is passed over.
    const end = this.log.last < (state.streamLast ?? 0) ? this.log.last : Number.POSITIVE_INFINITY;
    this.backlog.moveTo(Math.min(state.streamSequence, end + 1), this.filters);
    this.consumerSequence = state.consumerSequence;
    this.floorStream = Math.min(state.floorStream, end);
    this.floorConsumer = state.floorConsumer;
    this.told.set(this);
    this.told.deliveredStream = Math.min(state.deliveredStream, end);
    this.told.floorStream = Math.min(this.floorStream, this.told.deliveredStream);
    for (const [seq, count] of state.redelivered) if (this.log.has(seq)) this.countAgain(seq, count);
    for (const [seq, own, time, due] of eachOf(state.pending).sort(([left], [right]) => left - right)) {
      if (!this.log.has(seq)) continue;
      const deadline = due ?? time + this.waitFor(seq);
      this.pending.add(seq, own, time, deadline);
      this.overdue.added(seq, deadline);
    }
    this.recount();
  }

  /** Nothing is overdue before this, in milliseconds. */
  get nextDeadline(): number {
    return this.overdue.next;
  }

  /** Whether it holds on to messages that it was sent. */
  get isHolding(): boolean {
    return this.pending.size > 0 || this.redelivered.size > 0;
  }

  /** No message below is held on to. */
  get heldFrom(): number {
    const { pending, redelivered } = this;
    if (redelivered.size === 0) this.redeliveredFrom = Number.POSITIVE_INFINITY;
    return Math.min(pending.size > 0 ? pending.first : Number.POSITIVE_INFINITY, this.redeliveredFrom);
  }

  /** Each message, or those up to one, are acknowledged on a subject of their own. */
  get acknowledges(): boolean {
    return this.config.ackPolicy === 'explicit' || this.config.ackPolicy === 'all';
  }

  /** What was delivered is waited for. */
  get tracks(): boolean {
    return this.config.ackPolicy !== 'none';
  }

  /** No more may be sent for the first time before something is acknowledged. */
  get isBlocked(): boolean {
    const { maxAckPending } = this.config;
    return this.tracks && maxAckPending > 0 && this.pending.size >= maxAckPending;
  }

  /**
   * The message to send next: one that is to be sent again, or a new one; 0 when there is none, LOOK_ON to ask again. It is a
   * question: what it finds to be done on the way is a command each (`giveUp`, `passStarter`, `passTo`).
   */
  next(onExhausted: OnExhausted): number {
    const again = this.nextAgain(onExhausted);
    if (again !== 0) return again;
    return this.isBlocked ? 0 : this.backlog.next();
  }

  private nextAgain(onExhausted: OnExhausted): number {
    for (let seq = this.queue.first; seq !== 0; seq = this.queue.first) {
      if (!this.pending.has(seq) || !this.log.has(seq)) this.queue.delete(seq);
      else if (this.isExhausted(seq)) this.giveUp(seq, onExhausted);
      else return seq;
    }
    return 0;
  }

  /** Nobody could take what is next: what lies before it is not for this consumer. */
  keptBack(seq: number): void {
    if (this.pending.has(seq) || seq <= this.streamSequence || this.backlog.hasStarters) return;
    this.backlog.passTo(seq);
    // What is kept in files does not tell of it.
    if (this.log.isAlwaysWarm) this.told.passed(seq - 1, !this.tracks);
  }

  /** The command of a starter that is not there any more. */
  passStarter(): void {
    this.backlog.passStarter();
  }

  /** The command of a place up to which nothing is for this one: it is not looked at again. */
  passTo(place: number): void {
    this.backlog.passTo(place);
  }

  /** The command of a delivery. */
  deliver(seq: number, now: number, into: DeliveryNumbers): void {
    into.deliveries = 1;
    this.touched?.add(seq);
    if (!this.pending.has(seq)) this.deliverFirst(seq, now);
    else {
      this.queue.delete(seq);
      into.deliveries = (this.redelivered.get(seq) ?? 0) + 2;
      this.countAgain(seq, into.deliveries - 1);
      this.pending.setTime(seq, now);
      this.setDeadline(seq, now + this.waitFor(seq));
    }
    this.told.delivered(seq, this.consumerSequence, !this.tracks);
    into.consumerSequence = this.consumerSequence++;
    into.pending = this.pendingCount;
  }

  private deliverFirst(seq: number, now: number): void {
    this.backlog.sent(seq);
    if (this.tracks) {
      const deadline = now + this.waitFor(seq);
      this.pending.add(seq, this.consumerSequence, now, deadline);
      this.overdue.added(seq, deadline);
    } else {
      this.floorStream = seq;
      this.floorConsumer = this.consumerSequence;
    }
  }

  private countAgain(seq: number, count: number): void {
    this.touched?.add(seq);
    this.redelivered.set(seq, count);
    if (seq < this.redeliveredFrom) this.redeliveredFrom = seq;
  }

  private setDeadline(seq: number, deadline: number): void {
    this.touched?.add(seq);
    this.pending.setDeadline(seq, deadline);
    this.overdue.moved(seq, deadline);
  }

  /** Nobody took it after all: it is to be sent again, and does not count. */
  undeliver(seq: number): void {
    const count = this.redelivered.get(seq);
    if (count !== undefined) this.countAgain(seq, count - 1);
    if (this.pending.has(seq)) this.queue.add(seq);
  }

  /** When it would have been delivered, for those who go by that alone: a delay that was asked for moves it. */
  countedTime(seq: number): number {
    const { time, deadline } = this.pending.get(seq)!;
    return Number.isFinite(deadline) ? deadline - this.waitFor(seq) : time;
  }

  private waitFor(seq: number): number {
    const { waitsMs } = this;
    return waitsMs.length === 1 ? waitsMs[0]! : waitsMs[Math.min(this.redelivered.get(seq) ?? 0, waitsMs.length - 1)]!;
  }

  /** The command of an acknowledgement of a delivery. Calls `settled` for each message that is done. */
  ack(seq: number, settled: (seq: number) => void, consumerSequence = this.deliveryOf(seq)): Acked {
    if (seq >= this.streamSequence && !this.pending.has(seq)) return 'unknown';
    if (this.config.ackPolicy !== 'explicit') return this.ackUpTo(seq, consumerSequence, settled);
    const isKnown = this.pending.has(seq) || this.redelivered.has(seq);
    this.settle(seq, consumerSequence);
    if (isKnown) settled(seq);
    return 'done';
  }

  private deliveryOf(seq: number): number {
    return this.pending.consumerSequenceOf(seq) || this.consumerSequence - 1;
  }

  private ackUpTo(seq: number, consumerSequence: number, settled: (seq: number) => void): Acked {
    if (seq <= this.floorStream || consumerSequence <= this.floorConsumer) return 'late';
    const wasPending = this.pending.has(seq);
    const done: number[] = [];
    for (let known = this.pending.first; known !== 0 && known <= seq; known = this.pending.first) {
      this.touched?.add(known);
      this.pending.delete(known);
      this.redelivered.delete(known);
      this.queue.delete(known);
      done.push(known);
    }
    this.floorStream = seq;
    this.floorConsumer = consumerSequence;
    this.told.acked(seq, consumerSequence, wasPending, this.pending, true);
    for (const known of done) settled(known);
    return 'done';
  }

  /** One message is done, and the floor moves as far as it can. That of the first delivery counts where it is known. */
  private settle(seq: number, given: number): void {
    this.touched?.add(seq);
    if (this.redelivered.size > 0) this.redelivered.delete(seq);
    this.queue.delete(seq);
    const known = this.pending.delete(seq);
    const consumerSequence = known === 0 ? given : known;
    this.raiseFloor(seq, consumerSequence);
    this.told.acked(seq, consumerSequence, known !== 0, this.pending, false);
  }

  private raiseFloor(seq: number, consumerSequence: number): void {
    if (this.pending.size === 0) {
      this.floorStream = this.streamSequence - 1;
      this.floorConsumer = this.consumerSequence - 1;
      return;
    }
    if (consumerSequence !== this.floorConsumer + 1) return;
    const next = this.pending.after(seq);
    this.floorStream = next === 0 ? seq : next - 1;
    this.floorConsumer = next === 0 ? consumerSequence : this.pending.consumerSequenceOf(next) - 1;
  }

  /** The command of a negative acknowledgement. False: it is not waited for, or not by this delivery. */
  nak(seq: number, now: number, delayMs: number, consumerSequence = this.deliveryOf(seq)): boolean {
    if (!this.pending.has(seq)) return false;
    if (consumerSequence <= this.floorConsumer || consumerSequence > this.consumerSequence) return false;
    if (delayMs > 0) {
      this.setDeadline(seq, now + delayMs);
      this.queue.delete(seq);
    } else this.queue.add(seq);
    return true;
  }

  /** The command of a sign of life: the time begins anew. */
  progress(seq: number, now: number): void {
    if (this.pending.has(seq)) this.setDeadline(seq, now + this.waitFor(seq));
  }

  /** The command of time that has passed: what is overdue is to be sent again, in the order of the stream. */
  expire(now: number, onExhausted: OnExhausted): void {
    for (const seq of this.overdue.take(now, OVERDUE_MAX)) {
      if (this.queue.has(seq) || !this.pending.has(seq)) continue;
      if (this.isExhausted(seq)) this.giveUp(seq, onExhausted);
      else this.queue.add(seq);
    }
  }

  private isExhausted(seq: number): boolean {
    const { maxDeliver } = this.config;
    return maxDeliver > 0 && (this.redelivered.get(seq) ?? 0) + 1 >= maxDeliver;
  }

  /** The command of a message that was sent as often as it may be. It is waited for no more, but known as long as it is there. */
  giveUp(seq: number, onExhausted: OnExhausted): void {
    const deliveries = (this.redelivered.get(seq) ?? 0) + 1;
    this.pending.delete(seq);
    this.queue.delete(seq);
    this.countAgain(seq, deliveries - 1);
    onExhausted(seq, deliveries);
  }

  /** A message goes on its own. What waited for it waits no more, as if it were acknowledged. True where something did. */
  removed(seq: number, node: number, settled: (seq: number) => void): boolean {
    const consumerSequence = this.pending.consumerSequenceOf(seq);
    if (consumerSequence === 0) {
      // One that was given up is known no longer than it is there.
      if (this.redelivered.delete(seq)) this.touched?.add(seq);
      else this.missed(seq, node);
      return false;
    }
    this.ack(seq, settled, consumerSequence);
    return true;
  }

  /** A message goes that may not have been delivered. */
  missed(seq: number, node: number): void {
    if (this.pending.has(seq) || this.redelivered.has(seq)) return;
    if (this.log.matches(this.filters, node)) this.backlog.goes(seq, node);
  }

  /** Whether a message that it wants may not go yet on account of this consumer. */
  needs(seq: number): boolean {
    if (this.redelivered.has(seq)) return true;
    if (seq <= this.floorStream) return false;
    return this.config.ackPolicy === 'explicit' ? seq >= this.streamSequence || this.pending.has(seq) : true;
  }

  /** The command of a changed configuration. */
  update(config: ConsumerConfig): void {
    const { ackWait, backoff } = this.config;
    const filters = filterSetOf(config);
    this.config = config;
    this.waitsMs = waitsOf(config);
    if (filters.filters.join(' ') !== this.filters.filters.join(' ')) this.choose(filters);
    if (config.ackWait === ackWait && config.backoff.join(' ') === backoff.join(' ')) return;
    for (const [seq, { time }] of this.pending) this.setDeadline(seq, time + this.waitFor(seq));
  }

  private choose(filters: FilterSet): void {
    this.backlog.choose(filters);
    this.recount();
  }

  /** How much is to come is counted anew: many messages went at once. */
  recount(): void {
    // Who began with the last messages of each subject is told of so many.
    const { hasBegun } = this.backlog;
    if (this.config.deliverPolicy === 'last_per_subject') this.backlog.countLast();
    else this.backlog.recount();
    if (!hasBegun) this.beginIfKnown();
  }

  /** The command of a purge. True where something waits no more. */
  purged({ start, isWider, isAnyGone, isHeldGone }: PurgedPart): boolean {
    const waiting = this.pending.size;
    const firstWaiting = this.pending.first;
    this.backlog.goOnFrom(start);
    const isSettling = this.floorStream < start || (isWider && isHeldGone);
    if (isSettling) this.settleBelow(start, isWider);
    if (this.pending.size === 0) {
      this.redelivered.clear();
      this.floorStream = this.streamSequence - 1;
      this.floorConsumer = this.consumerSequence - 1;
    }
    for (const seq of this.redelivered.keys()) if (!this.log.has(seq)) this.redelivered.delete(seq);
    // All of it is written down anew.
    this.touched = null;
    this.told.set(this);
    const isBehind = isAnyGone && (!isWider || firstWaiting < this.log.first);
    if (isSettling && isBehind && this.config.ackPolicy === 'explicit') this.told.settledBehind(this.pending);
    return this.pending.size < waiting;
  }

  private settleBelow(start: number, isWider: boolean): void {
    this.floorStream = Math.max(this.floorStream, start - 1);
    for (const [seq, { consumerSequence }] of this.pending) {
      if (seq >= start && !(isWider && !this.log.has(seq))) continue;
      this.floorConsumer = Math.max(this.floorConsumer, consumerSequence);
      this.pending.delete(seq);
      this.redelivered.delete(seq);
      this.queue.delete(seq);
    }
  }

  /** Messages were lost: nobody waits for what was delivered of them, and nothing else of them will be. */
  lost(from: number, to: number): void {
    for (const known of [this.pending, this.redelivered]) {
      for (const seq of [...known.keys()]) if (seq >= from && seq <= to) this.settle(seq, this.deliveryOf(seq));
    }
    this.recount();
  }

  /** The command of a reset: everything that was delivered is forgotten. */
  reset(seq: number): void {
    this.touched = null;
    this.pending.clear();
    this.overdue.clear();
    this.redelivered.clear();
    this.queue.clear();
    this.consumerSequence = 1;
    this.backlog.moveTo(seq, this.filters);
    this.floorStream = seq - 1;
    this.floorConsumer = 0;
    this.told.set(this);
  }
}

function waitsOf({ backoff, ackWait, ackPolicy }: ConsumerConfig): readonly number[] {
  if (ackPolicy === 'flow_control') return [Number.POSITIVE_INFINITY];
  return (backoff.length === 0 ? [ackWait] : backoff).map((nanos) => Number(nanos) / NANOS_PER_MS);
}

export function filterSetOf(config: ConsumerConfig): FilterSet {
  return new FilterSet(filtersOf(config).map(subjectFromText));
}
