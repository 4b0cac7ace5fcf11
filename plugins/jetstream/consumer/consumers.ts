/** The consumers of one stream. */
import { collide, isSubset, subjectFromText } from '../../../kernel/plugin-api.ts';
import { consumerAction } from '../../../protocols/jetstream/advisories.ts';
import { type ConsumerConfig, filtersOf } from '../../../protocols/jetstream/consumer-config.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import { consumerCell, type KeptConsumer } from '../account/kept-definitions.ts';
import type { RemovalListener } from '../stream/message-log.ts';
import { momentNow } from '../stream/moment.ts';
import type { PurgeExtent, Purging } from '../stream/purge-extent.ts';
import type { Stream } from '../stream/stream.ts';
import type { Interest } from '../stream/stream-machine.ts';
import { Consumer } from './consumer.ts';
import { ConsumerIndex } from './consumer-index.ts';
import { tellTerminated } from './consumer-news.ts';
import { ConsumerWriter } from './consumer-writer.ts';

/** What giving up messages may take of one turn. */
const RELEASE_MS = 2;
const RELEASE_CHECK = 64;

/** A delivery that nobody said is done. */
interface Unsettled {
  readonly consumer: Consumer;
  readonly seq: number;
  readonly consumerSequence: number;
  readonly deliveries: number;
}

const NOBODY: readonly Unsettled[] = [];

export class Consumers implements RemovalListener, Interest, Purging {
  readonly byName = new Map<string, Consumer>();
  private readonly stream: Stream;
  readonly writer: ConsumerWriter;
  /** Those with something before them, and requests that want there to be more. */
  private readonly overflowing = new Set<Consumer>();
  /** Those for whom there is something as soon as it is durable. */
  private readonly awaiting = new Set<Consumer>();
  private readonly onGone = (consumer: Consumer): void => this.remove(consumer);
  private readonly index: ConsumerIndex;
  /** Those that may have something ahead of them. */
  private readonly engaged = new Set<Consumer>();
  /** Those that begin at a sequence that was not given out yet. */
  private readonly early = new Set<Consumer>();
  /** Those that find out how much there is for them. */
  private readonly preparing = new Set<Consumer>();
  /** Those that hold on to messages they were sent; none to one below `heldFrom`. */
  private readonly holding = new Set<Consumer>();
  private heldFrom = Number.POSITIVE_INFINITY;
  private isClosed = false;

  constructor(stream: Stream) {
    this.stream = stream;
    this.index = new ConsumerIndex(stream.log);
    this.writer = new ConsumerWriter(stream);
  }

  make(name: string, config: ConsumerConfig, start: number): Consumer {
    const consumer = new Consumer(this.stream, name, config, momentNow(this.stream.of.clock), this.onGone, start);
    this.enter(consumer);
    this.writer.write(consumer);
    if (!config.direct) this.advise(name, 'create', 'CREATED');
    return consumer;
  }

  private enter(consumer: Consumer): void {
    this.byName.set(consumer.name, consumer);
    this.index.add(consumer);
    this.engaged.add(consumer);
    if (consumer.machine.isHolding) this.holds(consumer, consumer.machine.heldFrom);
    consumer.open();
  }

  remove(consumer: Consumer): void {
    this.forget(consumer.name);
    consumer.close();
    this.releaseUnneeded();
    if (!consumer.config.direct) this.advise(consumer.name, 'delete', 'DELETED');
  }

  private advise(name: string, action: 'create' | 'delete', word: string): void {
    const { of, account, name: stream } = this.stream;
    const subject = `$JS.EVENT.ADVISORY.CONSUMER.${word}.${stream}.${name}`;
    of.advise(account, (head) => consumerAction(head, action, stream, name), subject);
  }

  /** Those that somebody made; mirrors and sources read in silence. */
  listed(): Consumer[] {
    return [...this.byName.values()].filter(({ config }) => !config.direct);
  }

  /** Those that read for mirrors and sources. */
  direct(): Consumer[] {
    return [...this.byName.values()].filter(({ config }) => config.direct);
  }

  get size(): number {
    let size = 0;
    for (const { config } of this.byName.values()) if (!config.direct) size++;
    return size;
  }

  /** A message has its place: whoever waits for it goes on. */
  stored(seq: number, node: number): void {
    if (node === 0) return;
    if (this.preparing.size > 0) for (const { machine } of this.preparing) machine.backlog.added(node);
    if (this.early.size > 0)
      for (const consumer of this.early) if (consumer.machine.streamSequence <= seq) this.rest(consumer);
    if (this.overflowing.size > 0) this.offer(seq, node);
    if (this.index.waitingCount === 0) return;
    this.storedSequence = seq;
    this.index.engageFor(node, this.engage);
  }

  private offer(seq: number, node: number): void {
    for (const consumer of this.overflowing) {
      if (!this.stream.log.matches(consumer.machine.filters, node)) continue;
      this.overflowing.delete(consumer);
      this.wakeFor(seq, consumer);
    }
  }

  /** Whoever asked of it waits for more to come. */
  overflows(consumer: Consumer): void {
    this.overflowing.add(consumer);
  }

  private storedSequence = 0;
  private readonly engage = (consumer: Consumer): void => {
    this.engaged.add(consumer);
    consumer.machine.backlog.arrived(this.storedSequence);
    this.wakeFor(this.storedSequence, consumer);
  };

  /** It has had everything there is for it. */
  rest(consumer: Consumer): void {
    if (consumer.isWaiting) return;
    this.engaged.delete(consumer);
    if (consumer.machine.streamSequence > this.stream.log.last + 1) this.early.add(consumer);
    else {
      this.early.delete(consumer);
      this.index.wait(consumer);
    }
  }

  /** It goes on elsewhere, or with other filters. */
  moving<Answer>(consumer: Consumer, move: () => Answer): Answer {
    this.index.remove(consumer);
    this.early.delete(consumer);
    try {
      return move();
    } finally {
      this.index.add(consumer);
      this.engaged.add(consumer);
    }
  }

  /** It was sent a message that it holds on to. */
  holds(consumer: Consumer, seq: number): void {
    if (seq < this.heldFrom) this.heldFrom = seq;
    if (consumer.isHolding) return;
    consumer.isHolding = true;
    this.holding.add(consumer);
  }

  /** It finds out how much there is for it, or knows. */
  prepares(consumer: Consumer, isPreparing: boolean): void {
    if (isPreparing) this.preparing.add(consumer);
    else this.preparing.delete(consumer);
  }

  /** It is not shown before it is durable. */
  wakeFor(seq: number, consumer: Consumer): void {
    if (this.stream.log.isDurable(seq)) consumer.wake();
    else this.awaiting.add(consumer);
  }

  /** More of the stream is durable than before. */
  durable(): void {
    if (this.awaiting.size === 0) return;
    for (const consumer of this.awaiting) consumer.wake();
    this.awaiting.clear();
  }

  removed(seq: number, node: number): void {
    if (this.byName.size === 0) return;
    this.askAgain();
    if (this.isPurging) {
      this.purgedCount++;
      if (!this.isHeldGone && seq >= this.heldFrom) this.isHeldGone = this.isHeld(seq);
      if (!this.isSingle) return;
      if (this.stream.config.storage === 'memory') {
        this.unsettled = this.waitingFor(seq);
        for (const { machine } of this.engaged) machine.missed(seq, node);
        return;
      }
    }
    const waiting = this.settling === seq ? NOBODY : this.waitingFor(seq);
    this.goOnWithout(seq, node);
    for (const each of waiting) this.tellOfRemoval(each);
  }

  /** Those that have it before them, or hold on to it. */
  private goOnWithout(seq: number, node: number): void {
    const isFirst = seq === this.stream.log.first;
    const isHeld = seq >= this.heldFrom;
    for (const consumer of this.engaged) {
      if (isHeld && consumer.isHolding) continue;
      // What goes from the front is noticed by whoever looks.
      if (!isFirst || consumer.machine.backlog.isParticular) consumer.machine.missed(seq, node);
    }
    if (isHeld) this.letGo(seq, node);
  }

  private letGo(seq: number, node: number): void {
    let heldFrom = Number.POSITIVE_INFINITY;
    for (const consumer of this.holding) {
      consumer.removed(seq, node);
      if (!consumer.machine.isHolding) {
        consumer.isHolding = false;
        this.holding.delete(consumer);
      } else if (consumer.machine.heldFrom < heldFrom) heldFrom = consumer.machine.heldFrom;
    }
    this.heldFrom = heldFrom;
  }

  /** To whom a message was delivered that is not settled. */
  private waitingFor(seq: number): readonly Unsettled[] {
    if (seq < this.heldFrom) return NOBODY;
    let found: Unsettled[] | null = null;
    for (const consumer of this.holding) {
      const consumerSequence = consumer.machine.pending.consumerSequenceOf(seq);
      if (consumerSequence === 0) continue;
      const deliveries = (consumer.machine.redelivered.get(seq) ?? 0) + 1;
      found ??= [];
      found.push({ consumer, seq, consumerSequence, deliveries });
    }
    return found ?? NOBODY;
  }

  private tellOfRemoval({ consumer, seq, consumerSequence, deliveries }: Unsettled): void {
    const { name } = consumer;
    const place = { stream: this.stream.name, consumer: name, consumerSequence, streamSequence: seq, deliveries };
    tellTerminated(consumer, place, 'Unacknowledged message was deleted');
  }

  /** While many go at once, nobody is told of each. */
  private isPurging = false;
  private settling = 0;
  private purgedCount = 0;
  /** Somebody was sent some of it, and waits. */
  private isHeldGone = false;
  private isSingle = false;
  private unsettled: readonly Unsettled[] = NOBODY;

  purging(extent: PurgeExtent, purge: () => number): number {
    try {
      return this.purgingSome(extent, purge);
    } finally {
      this.purged(extent);
    }
  }

  /** A part of it, before `purged`. */
  purgingSome<Answer>({ isSingle }: PurgeExtent, purge: () => Answer): Answer {
    this.isPurging = true;
    this.isSingle = isSingle;
    try {
      return purge();
    } finally {
      this.isPurging = false;
    }
  }

  private isHeld(seq: number): boolean {
    for (const { machine } of this.holding) if (machine.pending.has(seq)) return true;
    return false;
  }

  private settlePurged(each: Unsettled): void {
    each.consumer.acknowledged(each.seq, each.consumerSequence);
    this.tellOfRemoval(each);
  }

  /** All of it is gone. */
  purged({ filter }: PurgeExtent): void {
    this.goOnBehind(filter);
    for (const each of this.unsettled) this.settlePurged(each);
    this.unsettled = NOBODY;
    this.purgedCount = 0;
    this.isHeldGone = false;
  }

  /** Those who are delivered nothing but what was purged go on behind it, all others behind what is gone for everybody. */
  private goOnBehind(filter: string): void {
    if (this.byName.size === 0) return;
    const { log } = this.stream;
    const next = filter === '' ? log.first : log.next(new FilterSet([filter]), log.first);
    const start = next === Number.POSITIVE_INFINITY ? log.last + 1 : next;
    for (const consumer of this.byName.values()) {
      const filters = filtersOf(consumer.config).map(subjectFromText);
      const isCovered = filter === '' || (filters.length > 0 && filters.every((own) => isSubset(own, filter)));
      const isTouched = isCovered || filters.length === 0 || filters.some((own) => collide(own, filter));
      const isAnyGone = this.purgedCount > 0;
      // Others may hold on to what they were sent when they had other filters.
      if (isTouched || (this.isHeldGone && consumer.isHolding)) {
        const { isHeldGone } = this;
        consumer.purged({ start: isCovered ? start : log.first, isWider: !isCovered, isAnyGone, isHeldGone });
      }
      if (isAnyGone && !this.isSingle) consumer.machine.recount();
      this.writer.changed(consumer);
    }
  }

  get mayDrop(): boolean {
    return this.byName.size === 0 || (this.isPurging && !this.isSingle);
  }

  /** All below goes, within a purge: what was not delivered is counted again after it. */
  removedBefore(_seq: number): void {
    this.purgedCount++;
    this.isHeldGone = true;
    this.askAgain();
  }

  /** There may be nothing left of what those wait to see more of who do not want to wait for new ones. */
  private askAgain(): void {
    if (this.overflowing.size > 0) for (const consumer of this.overflowing) consumer.wake();
  }

  /** A message was acknowledged by one: it goes when nobody else needs it. */
  settled(seq: number): void {
    const { log, config } = this.stream;
    const node = log.nodeAt(seq);
    if (node === 0) return;
    if (config.retention === 'interest' && this.isNeeded(seq, node)) return;
    this.settling = seq;
    this.stream.machine.remove(seq, false);
    this.settling = 0;
  }

  isNeeded(seq: number, node: number): boolean {
    return this.index.some(node, ({ machine }) => machine.needs(seq));
  }

  wants(message: MessageBytes): boolean {
    return this.byName.size > 0 && this.index.wants(message);
  }

  /** Messages are gone that nobody removed. */
  lost(from: number, to: number): void {
    for (const consumer of this.byName.values()) {
      consumer.machine.lost(from, to);
      this.writer.changed(consumer);
      consumer.wake();
    }
  }

  wake(): void {
    for (const consumer of this.byName.values()) consumer.wake();
  }

  /** Messages that were kept for those who are gone go, as many at a time as others can wait for. */
  releaseUnneeded(): void {
    const { log, config, of } = this.stream;
    if (config.retention !== 'interest') return;
    this.releaseFrom = log.first;
    if (!this.isReleasing) this.releaseSome(of.clock.monotonic() + RELEASE_MS);
  }

  private isReleasing = false;
  private releaseFrom = 0;

  private releaseSome(until: number): void {
    const { log, of } = this.stream;
    this.isReleasing = false;
    for (let looks = 1; ; looks++) {
      const seq = log.firstFrom(this.releaseFrom);
      if (seq === Number.POSITIVE_INFINITY || this.isClosed) return;
      if (!this.isNeeded(seq, log.nodeAt(seq))) this.stream.machine.remove(seq, false);
      this.releaseFrom = seq + 1;
      if (looks % RELEASE_CHECK === 0 && of.clock.monotonic() > until) break;
    }
    this.isReleasing = true;
    of.clock.soon(() => this.releaseSome(of.clock.monotonic() + RELEASE_MS));
  }

  /** Also what was only looked at in vain: it need not be looked at again. */
  flushAll(): void {
    for (const consumer of this.byName.values()) {
      if (consumer.writtenPosition !== consumer.machine.streamSequence) this.writer.changed(consumer);
    }
    this.writer.flush();
  }

  /** Where all of them stand, for another stream that takes this one's place. */
  kept(): KeptConsumer[] {
    return Array.from(this.byName.values(), ({ name, config, created, machine }) => ({
      name,
      config,
      created,
      state: machine.state(),
    }));
  }

  /** What is written down of them is what is here, and of no others. */
  writeAll(): void {
    for (const consumer of this.byName.values()) this.writer.write(consumer);
  }

  /** The stream goes, and all of its consumers before it. */
  removeAll(): void {
    const all = [...this.byName.values()];
    this.closeAll();
    for (const { name, config } of all) if (!config.direct) this.advise(name, 'delete', 'DELETED');
  }

  forget(name: string): void {
    const consumer = this.byName.get(name);
    this.byName.delete(name);
    if (consumer !== undefined) this.leave(consumer);
    const { isKept, log } = this.stream;
    const ticket = isKept ? log.records.cells.delete(consumerCell(name)) : 0;
    if (ticket > 0) log.ticket = ticket;
  }

  private leave(consumer: Consumer): void {
    this.index.remove(consumer);
    for (const set of [this.engaged, this.early, this.preparing, this.holding, this.awaiting, this.overflowing])
      set.delete(consumer);
    this.writer.forget(consumer);
  }

  adopt({ name, config, created, state }: KeptConsumer): void {
    this.enter(new Consumer(this.stream, name, config, created, this.onGone, state));
  }

  /** The server goes: nobody is to wait here. */
  sendAway(): void {
    for (const { pull } of this.byName.values()) pull?.sendAway();
  }

  closeAll(): void {
    this.writer.close();
    this.isClosed = true;
    for (const consumer of this.byName.values()) {
      consumer.close();
      this.leave(consumer);
    }
    this.byName.clear();
  }
}
