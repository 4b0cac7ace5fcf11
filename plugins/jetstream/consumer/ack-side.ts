/** What clients say of the messages that a consumer sent them: that they are done with one, need longer, or do not want it. */
import type { Buffer } from 'node:buffer';
import {
  type Message,
  SERVICE_SINK,
  type ServiceSink,
  Subscription,
  subjectFromText,
} from '../../../kernel/plugin-api.ts';
import {
  ACK,
  ackKindOf,
  NAK,
  NEXT,
  nakDelay,
  PROGRESS,
  TERM,
  termReason,
} from '../../../protocols/jetstream/ack-body.ts';
import {
  AckPosition,
  ackPatterns,
  ackPrefix,
  parseAckNumbers,
  parseAckSubject,
} from '../../../protocols/jetstream/ack-subject.ts';
import type { DeliveredPlace } from '../../../protocols/jetstream/advisories.ts';
import type { AckPlace } from '../../../protocols/jetstream/api-subject.ts';
import { statusBlock } from '../../../protocols/jetstream/status.ts';
import { hashOf } from '../wire/identifiers.ts';
import type { Consumer } from './consumer.ts';
import { tellNaked, tellTaken, tellTerminated } from './consumer-news.ts';

const NANOS_PER_MS = 1e6;
const PERCENT = 100;

export class AckSide implements ServiceSink {
  readonly kind = SERVICE_SINK;
  /** As the longer subjects of acknowledgements say it. */
  readonly place: AckPlace;
  /** Of the subjects on which deliveries are acknowledged; their numbers follow. */
  readonly prefix: Buffer;
  private readonly consumer: Consumer;
  /** Where the numbers stand in the usual form. */
  private readonly usualNumbersAt: number;
  private readonly position = new AckPosition();
  private subscriptions: Subscription[] = [];

  constructor(consumer: Consumer) {
    const { of, streamName, name, account } = consumer;
    this.consumer = consumer;
    this.place = { domain: of.domain, accountHash: hashOf(account.name) };
    this.prefix = ackPrefix(streamName, name, of.hasLongAcks ? this.place : null);
    this.usualNumbersAt = of.hasLongAcks ? ackPrefix(streamName, name, null).length : this.prefix.length;
    if (consumer.machine.acknowledges) this.listen();
  }

  private listen(): void {
    const { streamName, name, account } = this.consumer;
    this.subscriptions = ackPatterns(streamName, name, this.place).map(
      (pattern) => new Subscription(this, subjectFromText(pattern), '', ''),
    );
    for (const subscription of this.subscriptions) account.sublist.insert(subscription);
  }

  close(): void {
    this.consumer.account.sublist.removeAll(this.subscriptions);
  }

  deliver(message: Message, subscription: Subscription): boolean {
    if (!this.readPosition(message, subscription)) return true;
    const { consumer } = this;
    const { machine, stream } = consumer;
    const now = consumer.heard();
    const { bytes, bodyStart, bodyEnd } = message;
    stream.consumers.writer.told(consumer);
    const kind = ackKindOf(bytes, bodyStart, bodyEnd);
    const { streamSequence: seq, consumerSequence } = this.position;
    const wasBlocked = machine.isBlocked;
    if (kind === ACK || kind === NEXT) {
      if (consumer.config.sampleFrequency !== '') this.sample(seq);
      const acked = machine.ack(seq, consumer.settled, consumerSequence);
      if (acked === 'unknown' && kind === ACK) return true;
      if (acked === 'done') consumer.lastAckedAt = now;
    } else if (kind === NAK) this.nak(seq, Number(nakDelay(bytes, bodyStart, bodyEnd)) / NANOS_PER_MS);
    else if (kind === PROGRESS) machine.progress(seq, consumer.of.clock.now());
    else if (kind === TERM && !this.terminate(seq, termReason(bytes, bodyStart, bodyEnd))) return true;
    if (kind === NEXT) this.takeNext(message);
    else if (message.hasReply) this.confirm(message.reply, kind === ACK || kind === TERM);
    if (wasBlocked || kind === NAK) consumer.wake();
    return true;
  }

  /** What stands before the numbers is known to whoever listens for the usual form. */
  private readPosition({ subjectBytes, subjectStart, subjectEnd }: Message, subscription: Subscription): boolean {
    return subscription === this.subscriptions[0]
      ? parseAckNumbers(subjectBytes, subjectStart + this.usualNumbersAt, subjectEnd, this.position)
      : parseAckSubject(subjectBytes, subjectStart, subjectEnd, this.position);
  }

  /** Whoever wants to know that it was heard is told when that is written down. */
  private confirm(reply: string, isSettled: boolean): void {
    const { consumer } = this;
    const send = (): void => void consumer.of.outbox.send(consumer.account, reply, '');
    if (isSettled) consumer.stream.consumers.writer.whenSettled(consumer, send);
    else send();
  }

  /** Of some acknowledgements it is told how long they took. */
  private sample(seq: number): void {
    const { consumer } = this;
    const { of, config, machine } = consumer;
    const { sampleFrequency, ackPolicy } = config;
    const time = sampleFrequency === '' || ackPolicy !== 'explicit' ? 0 : machine.pending.timeOf(seq);
    if (time === 0 || of.random.below(PERCENT) >= Number.parseInt(sampleFrequency, 10)) return;
    tellTaken(consumer, this.placeOf(seq), BigInt(Math.round((of.clock.now() - time) * NANOS_PER_MS)));
  }

  private takeNext(message: Message): void {
    if (!message.hasReply) return;
    const { of, account, pull } = this.consumer;
    const { bytes, bodyStart, bodyEnd } = message;
    if (pull !== null) pull.take(message.reply, bytes, bodyStart + 4, bodyEnd);
    else of.outbox.send(account, message.reply, '', statusBlock(409, 'Consumer is push based'));
  }

  private nak(seq: number, delayMs: number): void {
    const { consumer } = this;
    const now = consumer.of.clock.now();
    const isWaitedFor = consumer.machine.nak(seq, now, delayMs, this.position.consumerSequence);
    if (isWaitedFor) tellNaked(consumer, this.placeOf(seq));
  }

  /** False where it was never delivered; it is told of all the same. */
  private terminate(seq: number, reason: string): boolean {
    const { consumer } = this;
    const acked = consumer.machine.ack(seq, consumer.settled, this.position.consumerSequence);
    if (acked === 'done') consumer.lastAckedAt = consumer.of.clock.now();
    tellTerminated(consumer, this.placeOf(seq), reason);
    return acked !== 'unknown';
  }

  private placeOf(seq: number): DeliveredPlace {
    const { streamName, name } = this.consumer;
    const { deliveries, consumerSequence } = this.position;
    return { stream: streamName, consumer: name, consumerSequence, streamSequence: seq, deliveries };
  }
}
