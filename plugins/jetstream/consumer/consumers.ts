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
import type { PurgeExtent } from '../stream/purge-extent.ts';
import type { Stream } from '../stream/stream.ts';
import type { Interest, Purging } from '../stream/stream-machine.ts';
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
  private readonly unwritten = new Set<Consumer>();
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
      consumer.wake();
    }
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

  purging({ filter, isSingle }: PurgeExtent, purge: () => number): number {
    this.isPurging = true;
    this.isSingle = isSingle;
    this.purgedCount = 0;
    try {
      return purge();
    } finally {
      this.isPurging = false;
      this.purged(filter);
      for (const each of this.unsettled) this.settlePurged(each);
      this.unsettled = NOBODY;
    }
  }

  private settlePurged(each: Unsettled): void {
    each.consumer.acknowledged(each.seq, each.consumerSequence);
    this.tellOfRemoval(each);
  }

  /** Those who are delivered nothing but what was purged go on behind it, all others behind what is gone for everybody. */
  private purged(filter: string): void {
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

  /** A message was acknowledged by one: it goes when nobody else needs it. */
  settled(seq: number): void {
    const { log, config } = this.stream;
    const node = log.nodeAt(seq);
    if (node === 0) return;
    if (config.retention === 'interest' && this.isNeeded(seq, node)) return;
    this.settling = seq;
    log.remove(seq);
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

  wake(): void {
    for (const consumer of this.byName.values()) consumer.wake();
  }

  /** Messages that were kept for those who are gone. */
  releaseUnneeded(): void {
    const { log, config } = this.stream;
    if (config.retention !== 'interest') return;
    for (let seq = log.firstFrom(0); seq !== Number.POSITIVE_INFINITY; seq = log.firstFrom(seq + 1)) {
      if (!this.isNeeded(seq, log.nodeAt(seq))) log.remove(seq);
    }
  }

  /** Where one stands is written down a little later, many changes at once. */
  changed(consumer: Consumer): void {
    if (!this.isWritten(consumer.config)) return;
    this.unwritten.add(consumer);
    this.timer ??= this.stream.of.after(WRITE_AFTER_MS, () => this.flush());
  }

  private isWritten({ memoryStorage, direct }: ConsumerConfig): boolean {
    return this.stream.isKept && !memoryStorage && !direct;
  }

  flush(): void {
    this.timer?.();
    this.timer = null;
    for (const consumer of this.unwritten) {
      if (this.byName.get(consumer.name) === consumer) this.write(consumer);
    }
    this.unwritten.clear();
  }

  private write({ name, config, created, machine }: Consumer): void {
    const { cells } = this.stream.log.records;
    cells.put(consumerCell(name), printConsumer({ name, config, created, state: machine.state() }));
  }

  /** The stream goes, and all of its consumers before it. */
  removeAll(): void {
    const all = [...this.byName.values()];
    this.closeAll();
    for (const { name, config } of all) if (!config.direct) this.advise(name, 'delete', 'DELETED');
  }

  forget(name: string): void {
    this.byName.delete(name);
    if (this.stream.isKept) this.stream.log.records.cells.delete(consumerCell(name));
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
