/**
 * Sends what streams and consumers have to say. Acknowledgements and deliveries are laid out in memory of the broker's
 * arena, so that they reach a client's output with one copy and without an object.
 */
import { Buffer } from 'node:buffer';
import { type Account, type Broker, Message, type Plan, PlanMemo } from '../../../kernel/plugin-api.ts';
import type { StoredRecord } from '../../../storage-drivers/contract.ts';
import { Copier } from '../../../storage-drivers/derived/copy-bytes.ts';
import { AckPages } from '../stream/ack-page.ts';

const SCRATCH_BYTES = 131_072;
const LARGE_BYTES_MAX = 2 * 1024 * 1024;
const CR = 13;
const LF = 10;
const ZERO = 0x30;
const NINE = 0x39;
const CLOSE = 0x7d;
/** Whole numbers up to here are counted with by the processor. */
const SMALL_MAX = 0x7fffffff;
const NINE_DIGITS = 1e9;
const DIGITS_OF_TIME = 10;
/** Where the parts of a delivery lie in its memory: each has a place of its own, so that what repeats stays where it is. */
const SUBJECT_AT = 1024;
const BODY_AT = SUBJECT_AT + 4096 + 64;

/** Where a delivery's reply subject comes from: fixed bytes, and numbers behind them. */
export interface DeliveryNumbers {
  deliveries: number;
  consumerSequence: number;
  pending: number;
}

export class Outbox {
  readonly ackPages = new AckPages();
  private readonly broker: Broker;
  private readonly message = new Message();
  private readonly delivery = new Message();
  private readonly arena: Buffer;
  private readonly arenaView: DataView;
  private readonly copier = new Copier();
  private readonly ackStart: number;
  private readonly deliveryStart: number;
  private readonly end: number;
  private readonly memo = new PlanMemo();
  /** What the acknowledgement says that is laid out, and where its number stands. */
  private ackHead: Uint8Array | null = null;
  private ackSequence = 0;
  private digitsStart = 0;
  private digitsEnd = 0;
  /** What stands in the memory of deliveries already. */
  private prefix: Uint8Array | null = null;
  private shownLength = -1;
  private shownHeader = -1;
  private sizesStart = 0;
  private shownSeconds = -1;
  private readonly secondsText = new Uint8Array(DIGITS_OF_TIME);
  /** For deliveries that have no room in the arena, if they are no larger than that. */
  private large: Buffer = Buffer.alloc(0);
  private lastSubject = '';
  private lastBytes: Buffer = Buffer.alloc(0);

  constructor(broker: Broker) {
    this.broker = broker;
    const taken = broker.arena.take();
    this.arena = taken < 0 ? Buffer.allocUnsafeSlow(SCRATCH_BYTES) : broker.arena.bytes;
    this.arenaView = new DataView(this.arena.buffer, this.arena.byteOffset, this.arena.length);
    this.ackStart = Math.max(taken, 0);
    this.deliveryStart = this.ackStart + 4096;
    this.end = this.ackStart + SCRATCH_BYTES;
  }

  /** `{...,"seq":N}` to a reply subject. */
  acknowledge(
    account: Account,
    reply: Buffer,
    replyStart: number,
    replyEnd: number,
    head: Uint8Array,
    sequence: number,
  ): void {
    const plan = this.memo.find(account.sublist, reply, replyStart, replyEnd);
    if (plan.isEmpty) return;
    const { message } = this;
    this.layOutAck(head, sequence);
    message.subjectBytes = reply;
    message.subjectStart = replyStart;
    message.subjectEnd = replyEnd;
    this.broker.dispatcher.dispatch(plan, message);
  }

  /** Most of it is what it was last time, and the number is often the next one. */
  private layOutAck(head: Uint8Array, sequence: number): void {
    const isAsBefore = head === this.ackHead;
    if (isAsBefore && sequence === this.ackSequence + 1 && this.countOn()) {
      this.ackSequence = sequence;
      return;
    }
    this.ackSequence = sequence;
    const digits = digitsOf(sequence);
    if (isAsBefore && digits === this.digitsEnd - this.digitsStart) writeNumber(this.arena, this.digitsStart, sequence);
    else this.layOutWhole(head, sequence, digits);
  }

  /** Adds one to the number where it stands. False when it needs one more digit. */
  private countOn(): boolean {
    const { arena, digitsStart } = this;
    for (let at = this.digitsEnd - 1; at >= digitsStart; at--) {
      const digit = arena[at]!;
      if (digit !== NINE) {
        arena[at] = digit + 1;
        return true;
      }
      arena[at] = ZERO;
    }
    return false;
  }

  private layOutWhole(head: Uint8Array, sequence: number, digits: number): void {
    const { message, arena } = this;
    let at = writeNumber(arena, this.ackStart, head.length + digits + 1);
    message.sizesStart = this.ackStart;
    message.sizesEnd = at;
    arena[at++] = CR;
    arena[at++] = LF;
    message.headerStart = at;
    message.headerLength = 0;
    message.bodyStart = at;
    for (let index = 0; index < head.length; index++) arena[at++] = head[index]!;
    this.digitsStart = at;
    at = writeNumber(arena, at, sequence);
    this.digitsEnd = at;
    arena[at++] = CLOSE;
    message.bodyEnd = at;
    arena[at++] = CR;
    arena[at] = LF;
    message.bytes = arena;
    message.isCanonical = true;
    this.ackHead = head;
  }

  send(account: Account, subject: string, body: string | Uint8Array, header?: Uint8Array, reply = ''): number {
    return this.broker.publisher.publish(account, {
      subject,
      reply,
      body,
      ...(header === undefined ? {} : { header }),
    });
  }

  /**
   * A stored message, under its own subject, to whoever the plan names. The reply subject is the prefix with the numbers.
   * `to` is the subject the plan is for. Answers how many took it.
   */
  deliver(plan: Plan, record: StoredRecord, prefix: Uint8Array, numbers: DeliveryNumbers, to: string): number {
    const { delivery } = this;
    // Only other servers are told.
    delivery.routedBy = plan.links.length + plan.queues.length > 0 ? this.bytesOf(to) : null;
    const length = record.bodyEnd - record.headerStart;
    const subjectLength = record.subjectEnd - record.subjectStart;
    const isUsual = length + BODY_AT + 2 <= this.end - this.deliveryStart && subjectLength <= BODY_AT - SUBJECT_AT - 64;
    if (!isUsual) return this.deliverLarge(plan, record, prefix, numbers);
    const { arena, deliveryStart } = this;
    if (this.prefix !== prefix) {
      arena.set(prefix, deliveryStart);
      this.prefix = prefix;
    }
    this.layOut(arena, this.arenaView, deliveryStart, record, deliveryStart + prefix.length, numbers);
    const bodyAt = deliveryStart + BODY_AT;
    const headerLength = record.bodyStart - record.headerStart;
    if (this.shownLength !== length || this.shownHeader !== headerLength) {
      this.sizesStart = writeSizes(arena, bodyAt, headerLength, length);
      this.shownLength = length;
      this.shownHeader = headerLength;
    }
    delivery.sizesStart = this.sizesStart;
    return this.dispatch(plan, arena, this.arenaView, bodyAt, record);
  }

  /** What has no room in the arena is laid out in memory of its own, which the next gets as well. */
  private deliverLarge(plan: Plan, record: StoredRecord, prefix: Uint8Array, numbers: DeliveryNumbers): number {
    const subjectLength = record.subjectEnd - record.subjectStart;
    const bodyAt = BODY_AT + subjectLength;
    const target = this.largeOf(bodyAt + record.bodyEnd - record.headerStart + 2);
    const view = new DataView(target.buffer, target.byteOffset, target.length);
    target.set(prefix);
    this.layOut(target, view, 0, record, prefix.length, numbers);
    const headerLength = record.bodyStart - record.headerStart;
    this.delivery.sizesStart = writeSizes(target, bodyAt, headerLength, record.bodyEnd - record.headerStart);
    return this.dispatch(plan, target, view, bodyAt, record);
  }

  private largeOf(length: number): Buffer {
    if (this.large.length >= length) return this.large;
    const large = Buffer.allocUnsafeSlow(length);
    if (length <= LARGE_BYTES_MAX) this.large = large;
    return large;
  }

  /** The subject, and the numbers of the reply behind its prefix. */
  private layOut(
    target: Buffer,
    view: DataView,
    start: number,
    record: StoredRecord,
    numbersAt: number,
    numbers: DeliveryNumbers,
  ): void {
    const { delivery } = this;
    delivery.bytes = target;
    delivery.subjectBytes = target;
    delivery.replyBytes = target;
    delivery.subjectStart = start + SUBJECT_AT;
    const { subjectStart, subjectEnd } = record;
    this.copier.copy(record.subjectBytes, subjectStart, subjectEnd, target, view, start + SUBJECT_AT);
    delivery.subjectEnd = start + SUBJECT_AT + subjectEnd - subjectStart;
    delivery.replyStart = start;
    delivery.replyEnd = this.writeReply(target, numbersAt, record, numbers);
  }

  private dispatch(plan: Plan, target: Buffer, view: DataView, bodyAt: number, record: StoredRecord): number {
    const { delivery } = this;
    const { headerStart, bodyEnd } = record;
    const headerLength = record.bodyStart - headerStart;
    const end = bodyAt + bodyEnd - headerStart;
    delivery.sizesEnd = bodyAt - 2;
    delivery.headerStart = bodyAt;
    delivery.headerLength = headerLength;
    delivery.bodyStart = bodyAt + headerLength;
    this.copier.copy(record.bytes, headerStart, bodyEnd, target, view, bodyAt);
    delivery.bodyEnd = end;
    target[end] = CR;
    target[end + 1] = LF;
    delivery.isCanonical = true;
    return this.broker.dispatcher.dispatch(plan, delivery);
  }

  /** `<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>` */
  private writeReply(target: Buffer, from: number, record: StoredRecord, numbers: DeliveryNumbers): number {
    let at = writeNumber(target, from, numbers.deliveries);
    target[at++] = 46;
    at = writeNumber(target, at, record.seq);
    target[at++] = 46;
    at = writeNumber(target, at, numbers.consumerSequence);
    target[at++] = 46;
    at = this.writeTime(target, at, record.seconds, record.nanos);
    target[at++] = 46;
    return writeNumber(target, at, numbers.pending);
  }

  /** Most messages came in the same second as the one before. */
  private writeTime(target: Buffer, from: number, seconds: number, nanos: number): number {
    const { secondsText } = this;
    let at = from;
    if (seconds !== this.shownSeconds) {
      at = writeNumber(target, at, seconds);
      this.shownSeconds = at - from === DIGITS_OF_TIME ? seconds : -1;
      for (let index = 0; index < at - from && index < DIGITS_OF_TIME; index++)
        secondsText[index] = target[from + index]!;
    } else for (let index = 0; index < DIGITS_OF_TIME; index++) target[at++] = secondsText[index]!;
    return writeNineDigits(target, at, nanos);
  }

  /** The same as the last time, nearly always. */
  private bytesOf(subject: string): Buffer {
    if (subject !== this.lastSubject) {
      this.lastSubject = subject;
      this.lastBytes = Buffer.from(subject, 'latin1');
    }
    return this.lastBytes;
  }
}

/** `[header length ]length CRLF`, so that it ends where the header begins; answers where it begins. */
function writeSizes(target: Buffer, end: number, headerLength: number, length: number): number {
  const digits = headerLength > 0 ? digitsOf(headerLength) + 1 + digitsOf(length) : digitsOf(length);
  const start = end - 2 - digits;
  let at = start;
  if (headerLength > 0) {
    at = writeNumber(target, at, headerLength);
    target[at++] = 32;
  }
  at = writeNumber(target, at, length);
  target[at++] = CR;
  target[at] = LF;
  return start;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  return digits;
}

function writeNumber(target: Buffer, at: number, value: number): number {
  if (value > SMALL_MAX) return writeLargeNumber(target, at, value);
  let rest = value | 0;
  if (rest < 10) {
    target[at] = ZERO + rest;
    return at + 1;
  }
  const end = at + digitsOf(rest);
  for (let index = end - 1; index >= at; index--) {
    const tens = (rest / 10) | 0;
    target[index] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return end;
}

function writeLargeNumber(target: Buffer, at: number, value: number): number {
  const high = Math.floor(value / NINE_DIGITS);
  return writeNineDigits(target, writeNumber(target, at, high), value - high * NINE_DIGITS);
}

function writeNineDigits(target: Buffer, at: number, value: number): number {
  let rest = value | 0;
  for (let index = at + 8; index >= at; index--) {
    const tens = (rest / 10) | 0;
    target[index] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return at + 9;
}
