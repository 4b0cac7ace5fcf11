/** The consumers of one stream. */
import { Buffer } from 'node:buffer';
import { messageTerminated } from '../../../protocols/jetstream/advisories.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import type { RemovalListener } from '../stream/message-log.ts';
import type { Stream } from '../stream/stream.ts';
import type { Interest } from '../stream/stream-machine.ts';
import type { Consumer } from './consumer.ts';

export class Consumers implements RemovalListener, Interest {
  readonly byName = new Map<string, Consumer>();
  private readonly stream: Stream;

  constructor(stream: Stream) {
    this.stream = stream;
  }

  get size(): number {
    return this.byName.size;
  }

  /** A message has its place. */
  stored(seq: number, node: number): void {
    if (node === 0) return;
    const { log } = this.stream;
    for (const consumer of this.byName.values()) {
      if (!log.matches(consumer.machine.filters, node)) continue;
      if (seq < consumer.machine.streamSequence) continue;
      consumer.machine.stored();
      consumer.wake();
    }
  }

  removed(seq: number, node: number): void {
    for (const consumer of this.byName.values()) {
      const known = consumer.machine.pending.get(seq);
      const deliveries = (consumer.machine.redelivered.get(seq) ?? 0) + 1;
      if (!consumer.machine.removed(seq, node) || this.isPurging || this.settling === seq) continue;
      const { name } = consumer;
      const place = {
        stream: this.stream.name,
        consumer: name,
        consumerSequence: known?.consumerSequence ?? 0,
        streamSequence: seq,
        deliveries,
      };
      this.stream.of.advise(
        this.stream.account,
        (head) => messageTerminated(head, place, 'Unacknowledged message was deleted'),
        `$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.${this.stream.name}.${name}`,
      );
    }
  }

  /** While many go at once, nobody is told of each. */
  private isPurging = false;
  private settling = 0;

  purging<Answer>(purge: () => Answer): Answer {
    this.isPurging = true;
    try {
      return purge();
    } finally {
      this.isPurging = false;
      for (const { machine } of this.byName.values()) machine.recount();
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

  closeAll(): void {
    for (const consumer of this.byName.values()) consumer.close();
    this.byName.clear();
  }
}
