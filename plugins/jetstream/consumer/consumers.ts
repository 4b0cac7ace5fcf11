/** The consumers of one stream. */
import { Buffer } from 'node:buffer';
import { collide, isSubset, subjectFromText } from '../../../kernel/plugin-api.ts';
import { consumerAction, messageTerminated } from '../../../protocols/jetstream/advisories.ts';
import { type ConsumerConfig, filtersOf } from '../../../protocols/jetstream/consumer-config.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import { consumerCell, type KeptConsumer, printConsumer } from '../account/kept-definitions.ts';
import type { RemovalListener } from '../stream/message-log.ts';
import { momentNow } from '../stream/moment.ts';
import type { PurgeExtent, Purging } from '../stream/purge-extent.ts';
import type { Stream } from '../stream/stream.ts';
import type { Interest } from '../stream/stream-machine.ts';
import { Consumer } from './consumer.ts';

/** Later than that after a change, a crash forgets nothing but this. */
const WRITE_AFTER_MS = 250;

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
  /** Those for whom there is something as soon as it is durable. */
  private readonly awaiting = new Set<Consumer>();
  private readonly unwritten = new Set<Consumer>();
  /** Who asked to be told. */
  private unconfirmed: string[] = [];
  private isConfirming = false;
  private timer: (() => void) | null = null;
  private readonly onGone = (consumer: Consumer): void => this.remove(consumer);

  constructor(stream: Stream) {
    this.stream = stream;
  }

  make(name: string, config: ConsumerConfig): Consumer {
    const consumer = new Consumer(this.stream, name, config, momentNow(this.stream.of.clock), this.onGone, null);
    this.byName.set(name, consumer);
    if (this.isWritten(config)) this.write(consumer);
    if (!config.direct) this.advise(name, 'create', 'CREATED');
    return consumer;
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

  /** A message has its place. */
  stored(seq: number, node: number): void {
    if (node === 0 || this.byName.size === 0) return;
    const { log } = this.stream;
    for (const consumer of this.byName.values()) {
      if (!log.matches(consumer.machine.filters, node)) continue;
      if (seq < consumer.machine.streamSequence) continue;
      consumer.machine.stored(seq);
      this.wakeFor(seq, consumer);
    }
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
    if (this.isPurging) {
      this.purgedCount++;
      if (!this.isSingle) return;
      if (this.stream.config.storage === 'memory') {
        this.missed(seq, node);
        return;
      }
    }
    const waiting = this.settling === seq ? NOBODY : this.waitingFor(seq);
    for (const consumer of this.byName.values()) consumer.removed(seq, node);
    for (const each of waiting) this.tellOfRemoval(each);
  }

  private missed(seq: number, node: number): void {
    this.unsettled = this.waitingFor(seq);
    for (const { machine } of this.byName.values()) machine.missed(seq, node);
  }

  /** To whom a message was delivered that is not settled. */
  private waitingFor(seq: number): readonly Unsettled[] {
    let found: Unsettled[] | null = null;
    for (const consumer of this.byName.values()) {
      const known = consumer.machine.pending.get(seq);
      if (known === undefined) continue;
      const deliveries = (consumer.machine.redelivered.get(seq) ?? 0) + 1;
      found ??= [];
      found.push({ consumer, seq, consumerSequence: known.consumerSequence, deliveries });
    }
    return found ?? NOBODY;
  }

  private tellOfRemoval({ consumer: { name }, seq, consumerSequence, deliveries }: Unsettled): void {
    const { of, account, name: stream } = this.stream;
    const place = { stream, consumer: name, consumerSequence, streamSequence: seq, deliveries };
    of.advise(
      account,
      (head) => messageTerminated(head, place, 'Unacknowledged message was deleted'),
      `$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.${stream}.${name}`,
    );
  }

  /** While many go at once, nobody is told of each. */
  private isPurging = false;
  private settling = 0;
  private purgedCount = 0;
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
      if (isTouched) consumer.purged(isCovered ? start : log.first, !isCovered);
      if (this.purgedCount > 0 && !this.isSingle) consumer.machine.recount();
      this.changed(consumer);
    }
  }

  get mayDrop(): boolean {
    return this.byName.size === 0 || (this.isPurging && !this.isSingle);
  }

  /** All below goes, within a purge: what was not delivered is counted again after it. */
  removedBefore(_seq: number): void {
    this.purgedCount++;
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
    for (const { machine } of this.byName.values()) if (machine.needs(seq, node)) return true;
    return false;
  }

  wants(message: MessageBytes): boolean {
    if (this.byName.size === 0) return false;
    const subject = Buffer.from(
      message.subjectBytes.buffer,
      message.subjectBytes.byteOffset + message.subjectStart,
      message.subjectEnd - message.subjectStart,
    ).toString('latin1');
    for (const { machine } of this.byName.values()) if (machine.filters.matchesText(subject)) return true;
    return false;
  }

  /** Messages are gone that nobody removed. */
  lost(from: number, to: number): void {
    for (const consumer of this.byName.values()) {
      consumer.machine.lost(from, to);
      this.changed(consumer);
      consumer.wake();
    }
  }

  wake(): void {
    for (const consumer of this.byName.values()) consumer.wake();
  }

  /** Messages that were kept for those who are gone. */
  releaseUnneeded(): void {
    const { log, config } = this.stream;
    if (config.retention !== 'interest') return;
    for (let seq = log.firstFrom(0); seq !== Number.POSITIVE_INFINITY; seq = log.firstFrom(seq + 1)) {
      if (!this.isNeeded(seq, log.nodeAt(seq))) this.stream.machine.remove(seq, false);
    }
  }

  /** Where one stands is written down a little later, many changes at once. */
  changed(consumer: Consumer): void {
    if (!this.isWritten(consumer.config)) return;
    this.unwritten.add(consumer);
    this.timer ??= this.stream.of.after(WRITE_AFTER_MS, () => this.flush());
  }

  /** Says that an acknowledgement is taken, as soon as a crash can not undo it. Many are written down at once. */
  confirm(consumer: Consumer, reply: string): void {
    const { of, account } = this.stream;
    if (!this.isWritten(consumer.config)) {
      of.outbox.send(account, reply, '');
      return;
    }
    this.unconfirmed.push(reply);
    if (this.isConfirming) return;
    this.isConfirming = true;
    of.clock.soon(() => this.confirmAll());
  }

  /** While some are on their way to the disk, others gather. */
  private confirmAll(): void {
    const replies = this.unconfirmed;
    this.unconfirmed = [];
    this.flush();
    const { of, account } = this.stream;
    const done = (): void => {
      if (this.unconfirmed.length > 0) this.confirmAll();
      else this.isConfirming = false;
    };
    // What is lost is not confirmed.
    this.stream.whenDurable(() => {
      for (const reply of replies) of.outbox.send(account, reply, '');
      done();
    }, done);
  }

  private isWritten({ memoryStorage, direct }: ConsumerConfig): boolean {
    return this.stream.isKept && !memoryStorage && !direct;
  }

  /** Also what was only looked at in vain: it need not be looked at again. */
  flushAll(): void {
    for (const consumer of this.byName.values()) {
      const { writtenPosition, machine, config } = consumer;
      if (writtenPosition !== machine.streamSequence && this.isWritten(config)) this.unwritten.add(consumer);
    }
    this.flush();
  }

  flush(): void {
    this.timer?.();
    this.timer = null;
    for (const consumer of this.unwritten) {
      if (this.byName.get(consumer.name) === consumer) this.write(consumer);
    }
    this.unwritten.clear();
  }

  private write(consumer: Consumer): void {
    const { name, config, created, machine } = consumer;
    const { log } = this.stream;
    consumer.writtenPosition = machine.streamSequence;
    const kept = printConsumer({ name, config, created, state: machine.state() });
    const ticket = log.records.cells.put(consumerCell(name), kept);
    if (ticket > 0) log.ticket = ticket;
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
    for (const consumer of this.byName.values()) if (this.isWritten(consumer.config)) this.write(consumer);
  }

  /** The stream goes, and all of its consumers before it. */
  removeAll(): void {
    const all = [...this.byName.values()];
    this.closeAll();
    for (const { name, config } of all) if (!config.direct) this.advise(name, 'delete', 'DELETED');
  }

  forget(name: string): void {
    const gone = this.byName.get(name);
    if (gone !== undefined) this.awaiting.delete(gone);
    this.byName.delete(name);
    const { log, isKept } = this.stream;
    const ticket = isKept ? log.records.cells.delete(consumerCell(name)) : 0;
    if (ticket > 0) log.ticket = ticket;
  }

  adopt({ name, config, created, state }: KeptConsumer): void {
    this.byName.set(name, new Consumer(this.stream, name, config, created, this.onGone, state));
  }

  /** The server goes: nobody is to wait here. */
  sendAway(): void {
    for (const { pull } of this.byName.values()) pull?.sendAway();
  }

  closeAll(): void {
    this.timer?.();
    this.timer = null;
    for (const consumer of this.byName.values()) consumer.close();
    this.byName.clear();
  }
}
