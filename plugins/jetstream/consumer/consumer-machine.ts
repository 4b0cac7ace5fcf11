/**
 * A consumer without the world around it: how far it is, what it waits for, what has to be sent again. Every change is one
 * command with everything it needs inside it, the time above all. Sequences it names may be read in the stream's log.
 */
import { subjectFromText } from '../../../kernel/plugin-api.ts';
import { type ConsumerConfig, filtersOf } from '../../../protocols/jetstream/consumer-config.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import type { MessageLog } from '../stream/message-log.ts';
import type { ConsumerState } from './consumer-state.ts';
import { RedeliveryQueue } from './redelivery-queue.ts';
import { nextPending, ToldPosition } from './told-position.ts';

export interface PendingMessage {
  /** That of the first delivery. */
  readonly consumerSequence: number;
  /** When it was last delivered, in milliseconds. */
  time: number;
  /** When it has to be delivered again. */
  deadline: number;
}

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

export class ConsumerMachine {
  config: ConsumerConfig;
  filters: FilterSet;
  /** The next sequence of the stream to look at, and the next of its own. */
  streamSequence: number;
  consumerSequence = 1;
  /** Everything at or below is settled. */
  floorStream: number;
  floorConsumer = 0;
  /** The same as it is told. */
  readonly told = new ToldPosition();
  /** Matching messages that were never delivered. */
  pendingCount: number;
  /** Up to this sequence they were counted at once. */
  private countedTo: number;
  /** In the order of their own sequences: the first is where the floor ends. */
  readonly pending = new Map<number, PendingMessage>();
  /** Nothing is overdue before this, in milliseconds. */
  nextDeadline = Number.POSITIVE_INFINITY;
  /** How often each message was delivered again. */
  readonly redelivered = new Map<number, number>();
  readonly queue = new RedeliveryQueue();
  private readonly log: MessageLog;
  /** The last messages of each subject at the beginning, ascending; what lies before `startAt` is done. */
  private starters: readonly number[];
  private starterAt = 0;
  /** From here on everything counts, not only the last of each subject. */
  private liveFrom = 0;

  constructor(config: ConsumerConfig, log: MessageLog, start: number, starters: readonly number[]) {
    this.config = config;
    this.log = log;
    this.filters = filterSetOf(config);
    this.streamSequence = start;
    this.floorStream = start - 1;
    this.told.set(this);
    this.starters = starters;
    if (starters.length > 0) this.liveFrom = log.last + 1;
    this.pendingCount = starters.length > 0 ? starters.length : this.countFrom(start);
    this.countedTo = log.last;
  }

  state(): ConsumerState {
    const { streamSequence, consumerSequence, floorStream, floorConsumer } = this;
    const { deliveredStream } = this.told;
    const pending = Array.from(this.pending, ([seq, known]) => {
      const deadline = Number.isFinite(known.deadline) ? known.deadline : null;
      return [seq, known.consumerSequence, known.time, deadline] as const;
    });
    const place = { streamSequence, consumerSequence, floorStream, floorConsumer, deliveredStream };
    return { ...place, streamLast: this.log.last, pending, redelivered: [...this.redelivered] };
  }

  /** Goes on where it stood. What was not acknowledged is due when it would have been. */
  restore(state: ConsumerState): void {
    this.starters = [];
    // With less in the stream than was once there, nothing that comes is passed over.
    const end = this.log.last < (state.streamLast ?? 0) ? this.log.last : Number.POSITIVE_INFINITY;
    this.streamSequence = Math.min(state.streamSequence, end + 1);
    this.consumerSequence = state.consumerSequence;
    this.floorStream = Math.min(state.floorStream, end);
    this.floorConsumer = state.floorConsumer;
    this.told.set(this);
    this.told.deliveredStream = Math.min(state.deliveredStream, end);
    this.told.floorStream = Math.min(this.floorStream, this.told.deliveredStream);
    for (const [seq, count] of state.redelivered) if (this.log.has(seq)) this.redelivered.set(seq, count);
    for (const [seq, consumerSequence, time, deadline] of state.pending) {
      if (!this.log.has(seq)) continue;
      const known = { consumerSequence, time, deadline: 0 };
      this.pending.set(seq, known);
      this.setDeadline(known, deadline ?? time + this.waitFor(seq));
    }
    this.recount();
  }

  /** Who began with the last messages of each subject is told of so many. */
  private countFrom(seq: number): number {
    const { config, log, filters } = this;
    return config.deliverPolicy === 'last_per_subject' ? log.countLastFrom(filters, seq) : log.countFrom(filters, seq);
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
   * The message to send next: one that is to be sent again, or a new one; 0 when there is none. It is a question: what it finds to be
   * done on the way is a command each (`giveUp`, `passStarter`, `passTo`).
   */
  next(onExhausted: OnExhausted): number {
    const again = this.nextAgain(onExhausted);
    if (again !== 0) return again;
    return this.isBlocked ? 0 : this.nextNew();
  }

  private nextAgain(onExhausted: OnExhausted): number {
    for (let seq = this.queue.first; seq !== 0; seq = this.queue.first) {
      if (!this.pending.has(seq) || !this.log.has(seq)) this.queue.delete(seq);
      else if (this.isExhausted(seq)) this.giveUp(seq, onExhausted);
      else return seq;
    }
    return 0;
  }

  private nextNew(): number {
    while (this.starterAt < this.starters.length) {
      const seq = this.starters[this.starterAt]!;
      if (this.log.has(seq)) return seq;
      this.passStarter();
    }
    if (this.starters.length > 0) this.passTo(this.liveFrom);
    const seq = this.log.next(this.filters, this.streamSequence);
    if (seq !== Number.POSITIVE_INFINITY) return seq;
    if (this.streamSequence <= this.log.last) this.passTo(this.log.last + 1);
    return 0;
  }

  /** Nobody could take what is next: what lies before it is not for this consumer. */
  keptBack(seq: number): void {
    if (this.pending.has(seq) || seq <= this.streamSequence || this.starters.length > 0) return;
    this.streamSequence = seq;
    // What is kept in files does not tell of it.
    if (this.log.isAlwaysWarm) this.told.passed(seq - 1, !this.tracks);
  }

  /** The command of a starter that is not there any more. */
  passStarter(): void {
    this.starterAt++;
  }

  /** The command of a place up to which nothing is for this one: it is not looked at again. */
  passTo(place: number): void {
    this.starters = [];
    this.streamSequence = Math.max(this.streamSequence, place);
  }

  /** The command of a delivery. */
  deliver(seq: number, now: number, into: DeliveryNumbers): void {
    const known = this.pending.get(seq);
    if (known === undefined) this.deliverFirst(seq, now);
    else {
      this.queue.delete(seq);
      this.redelivered.set(seq, (this.redelivered.get(seq) ?? 0) + 1);
      known.time = now;
      this.setDeadline(known, now + this.waitFor(seq));
    }
    into.deliveries = (this.redelivered.get(seq) ?? 0) + 1;
    this.told.delivered(seq, this.consumerSequence, !this.tracks);
    into.consumerSequence = this.consumerSequence++;
    into.pending = this.pendingCount;
  }

  private deliverFirst(seq: number, now: number): void {
    if (this.starterAt < this.starters.length && this.starters[this.starterAt] === seq) this.starterAt++;
    else this.streamSequence = seq + 1;
    if (this.starters.length > 0) this.streamSequence = Math.max(this.streamSequence, seq + 1);
    if (this.pendingCount > 0) this.pendingCount--;
    if (this.tracks) {
      const deadline = now + this.waitFor(seq);
      this.pending.set(seq, { consumerSequence: this.consumerSequence, time: now, deadline });
      if (deadline < this.nextDeadline) this.nextDeadline = deadline;
    } else {
      this.floorStream = seq;
      this.floorConsumer = this.consumerSequence;
    }
  }

  private setDeadline(known: PendingMessage, deadline: number): void {
    known.deadline = deadline;
    if (deadline < this.nextDeadline) this.nextDeadline = deadline;
  }

  /** Nobody took it after all: it is to be sent again, and does not count. */
  undeliver(seq: number): void {
    const count = this.redelivered.get(seq);
    if (count !== undefined) this.redelivered.set(seq, count - 1);
    if (this.pending.has(seq)) this.queue.add(seq);
  }

  /** When it would have been delivered, for those who go by that alone: a delay that was asked for moves it. */
  countedTime(seq: number): number {
    const { time, deadline } = this.pending.get(seq)!;
    return Number.isFinite(deadline) ? deadline - this.waitFor(seq) : time;
  }

  private waitFor(seq: number): number {
    const { backoff, ackWait, ackPolicy } = this.config;
    if (ackPolicy === 'flow_control') return Number.POSITIVE_INFINITY;
    if (backoff.length === 0) return Number(ackWait) / NANOS_PER_MS;
    const step = Math.min(this.redelivered.get(seq) ?? 0, backoff.length - 1);
    return Number(backoff[step]) / NANOS_PER_MS;
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
    return this.pending.get(seq)?.consumerSequence ?? this.consumerSequence - 1;
  }

  private ackUpTo(seq: number, consumerSequence: number, settled: (seq: number) => void): Acked {
    if (seq <= this.floorStream || consumerSequence <= this.floorConsumer) return 'late';
    const wasPending = this.pending.has(seq);
    const done = [...this.pending.keys()].filter((known) => known <= seq);
    for (const known of done) {
      this.pending.delete(known);
      this.redelivered.delete(known);
      this.queue.delete(known);
    }
    this.floorStream = seq;
    this.floorConsumer = consumerSequence;
    this.told.acked(seq, consumerSequence, wasPending, this.pending, true);
    for (const known of done) settled(known);
    return 'done';
  }

  /** One message is done, and the floor moves as far as it can. That of the first delivery counts where it is known. */
  private settle(seq: number, given: number): void {
    const known = this.pending.get(seq);
    const consumerSequence = known?.consumerSequence ?? given;
    this.pending.delete(seq);
    this.redelivered.delete(seq);
    this.queue.delete(seq);
    this.raiseFloor(seq, consumerSequence);
    this.told.acked(seq, consumerSequence, known !== undefined, this.pending, false);
  }

  private raiseFloor(seq: number, consumerSequence: number): void {
    if (this.pending.size === 0) {
      this.floorStream = this.streamSequence - 1;
      this.floorConsumer = this.consumerSequence - 1;
      return;
    }
    if (consumerSequence !== this.floorConsumer + 1) return;
    const next = nextPending(seq, this.pending);
    this.floorStream = next === null ? seq : next.seq - 1;
    this.floorConsumer = next === null ? consumerSequence : next.consumerSequence - 1;
  }

  /** The command of a negative acknowledgement. False: it is not waited for, or not by this delivery. */
  nak(seq: number, now: number, delayMs: number, consumerSequence = this.deliveryOf(seq)): boolean {
    const known = this.pending.get(seq);
    if (known === undefined) return false;
    if (consumerSequence <= this.floorConsumer || consumerSequence > this.consumerSequence) return false;
    if (delayMs > 0) {
      this.setDeadline(known, now + delayMs);
      this.queue.delete(seq);
    } else this.queue.add(seq);
    return true;
  }

  /** The command of a sign of life: the time begins anew. */
  progress(seq: number, now: number): void {
    const known = this.pending.get(seq);
    if (known !== undefined) this.setDeadline(known, now + this.waitFor(seq));
  }

  /** The command of time that has passed: what is overdue is to be sent again, in the order of the stream. */
  expire(now: number, onExhausted: OnExhausted): void {
    if (this.nextDeadline > now) return;
    const overdue: number[] = [];
    this.nextDeadline = Number.POSITIVE_INFINITY;
    for (const [seq, { deadline }] of this.pending) {
      if (this.queue.has(seq)) continue;
      if (deadline <= now) overdue.push(seq);
      else if (deadline < this.nextDeadline) this.nextDeadline = deadline;
    }
    for (const seq of overdue.sort((left, right) => left - right)) {
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
    this.redelivered.set(seq, deliveries - 1);
    onExhausted(seq, deliveries);
  }

  /** A message came that this one wants. */
  stored(seq: number): void {
    if (seq > this.countedTo) this.pendingCount++;
  }

  /** A message goes on its own. What waited for it waits no more, as if it were acknowledged. True where something did. */
  removed(seq: number, node: number, settled: (seq: number) => void): boolean {
    const known = this.pending.get(seq);
    if (known === undefined) {
      this.missed(seq, node);
      return false;
    }
    this.ack(seq, settled, known.consumerSequence);
    return true;
  }

  /** A message goes that may not have been delivered. */
  missed(seq: number, node: number): void {
    const isMissing = this.isUndelivered(seq) && this.log.matches(this.filters, node);
    if (isMissing && this.pendingCount > 0) this.pendingCount--;
  }

  private isUndelivered(seq: number): boolean {
    if (this.pending.has(seq) || this.redelivered.has(seq)) return false;
    if (this.starters.length === 0) return seq >= this.streamSequence;
    return seq >= this.liveFrom || this.starters.indexOf(seq, this.starterAt) >= 0;
  }

  /** Whether a message may not go yet on account of this consumer. */
  needs(seq: number, node: number): boolean {
    if (!this.log.matches(this.filters, node)) return false;
    if (this.redelivered.has(seq)) return true;
    if (seq <= this.floorStream) return false;
    return this.config.ackPolicy === 'explicit' ? seq >= this.streamSequence || this.pending.has(seq) : true;
  }

  /** The command of a changed configuration. */
  update(config: ConsumerConfig): void {
    const hasOtherFilters = filtersOf(config).join(' ') !== filtersOf(this.config).join(' ');
    this.config = config;
    if (!hasOtherFilters) return;
    this.filters = filterSetOf(config);
    this.recount();
  }

  /** How much is to come is counted anew: many messages went at once. */
  recount(): void {
    this.pendingCount = this.countFrom(this.streamSequence);
    this.countedTo = this.log.last;
  }

  /**
   * The command of a purge: everything below a sequence is gone. `isWider`: of what lies above, something may be gone as well,
   * since more is delivered here than was purged. True where something waits no more.
   */
  purged(start: number, isWider: boolean): boolean {
    const waiting = this.pending.size;
    this.streamSequence = Math.max(this.streamSequence, start);
    if (this.floorStream < start) {
      this.floorStream = start - 1;
      for (const [seq, { consumerSequence }] of this.pending) {
        if (seq >= start && !(isWider && !this.log.has(seq))) continue;
        this.floorConsumer = Math.max(this.floorConsumer, consumerSequence);
        this.pending.delete(seq);
        this.redelivered.delete(seq);
        this.queue.delete(seq);
      }
    }
    if (this.pending.size === 0) {
      this.redelivered.clear();
      this.floorStream = this.streamSequence - 1;
      this.floorConsumer = this.consumerSequence - 1;
    }
    this.told.set(this);
    return this.pending.size < waiting;
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
    this.pending.clear();
    this.redelivered.clear();
    this.queue.clear();
    this.starters = [];
    this.consumerSequence = 1;
    this.streamSequence = seq;
    this.floorStream = seq - 1;
    this.floorConsumer = 0;
    this.told.set(this);
    this.pendingCount = this.log.countFrom(this.filters, seq);
    this.countedTo = this.log.last;
  }
}

export function filterSetOf(config: ConsumerConfig): FilterSet {
  return new FilterSet(filtersOf(config).map(subjectFromText));
}
