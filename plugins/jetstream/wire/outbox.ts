/**
 * Sends what streams and consumers have to say. Acknowledgements and deliveries are laid out in memory of the broker's
 * arena, so that they reach a client's output with one copy and without an object.
 */
import { Buffer } from 'node:buffer';
import { type Account, type Broker, Message, type Plan } from '../../../kernel/plugin-api.ts';
import type { StoredRecord } from '../../../storage-drivers/contract.ts';

const SCRATCH_BYTES = 131_072;
const CR = 13;
const LF = 10;
const ZERO = 0x30;
const CLOSE = 0x7d;
/** Copied byte by byte up to here: a view costs more. */
const LOOP_BYTES = 64;

/** Where a delivery's reply subject comes from: fixed bytes, and numbers behind them. */
export interface DeliveryNumbers {
  deliveries: number;
  consumerSequence: number;
  pending: number;
}

export class Outbox {
  private readonly broker: Broker;
  private readonly message = new Message();
  private readonly delivery = new Message();
  private readonly arena: Buffer;
  private readonly ackStart: number;
  private readonly deliveryStart: number;
  private readonly end: number;
  private lastSubject = '';
  private lastBytes: Buffer = Buffer.alloc(0);

  constructor(broker: Broker) {
    this.broker = broker;
    const taken = broker.arena.take();
    this.arena = taken < 0 ? Buffer.allocUnsafeSlow(SCRATCH_BYTES) : broker.arena.bytes;
    this.ackStart = Math.max(taken, 0);
    this.deliveryStart = this.ackStart + 4096;
    this.end = this.ackStart + SCRATCH_BYTES;
  }

  /** `{...,"seq":N}` to the reply subject of a message that is being handled. */
  acknowledge(account: Account, to: Message, head: Uint8Array, sequence: number): void {
    const plan = account.sublist.match(to.replyBytes, to.replyStart, to.replyEnd);
    if (plan.isEmpty) return;
    const { message, arena } = this;
    const digits = digitsOf(sequence);
    const length = head.length + digits + 1;
    let at = writeNumber(arena, this.ackStart, length);
    message.sizesStart = this.ackStart;
    message.sizesEnd = at;
    arena[at++] = CR;
    arena[at++] = LF;
    message.headerStart = at;
    message.headerLength = 0;
    message.bodyStart = at;
    for (let index = 0; index < head.length; index++) arena[at++] = head[index]!;
    at = writeNumber(arena, at, sequence);
    arena[at++] = CLOSE;
    message.bodyEnd = at;
    arena[at++] = CR;
    arena[at] = LF;
    message.bytes = arena;
    message.isCanonical = true;
    message.subjectBytes = to.replyBytes;
    message.subjectStart = to.replyStart;
    message.subjectEnd = to.replyEnd;
    this.broker.dispatcher.dispatch(plan, message);
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
    const room = length + subjectLength + prefix.length + 160;
    const isSmall = room <= this.end - this.deliveryStart;
    const target = isSmall ? this.arena : Buffer.allocUnsafe(room);
    let at = isSmall ? this.deliveryStart : 0;
    delivery.bytes = target;
    delivery.subjectBytes = target;
    delivery.replyBytes = target;
    delivery.subjectStart = at;
    at = copy(target, at, record.subjectBytes, record.subjectStart, record.subjectEnd);
    delivery.subjectEnd = at;
    delivery.replyStart = at;
    at = writeReply(target, at, prefix, record, numbers);
    delivery.replyEnd = at;
    const headerLength = record.bodyStart - record.headerStart;
    delivery.sizesStart = at;
    if (headerLength > 0) {
      at = writeNumber(target, at, headerLength);
      target[at++] = 32;
    }
    at = writeNumber(target, at, length);
    delivery.sizesEnd = at;
    target[at++] = CR;
    target[at++] = LF;
    delivery.headerStart = at;
    delivery.headerLength = headerLength;
    delivery.bodyStart = at + headerLength;
    at = copy(target, at, record.bytes, record.headerStart, record.bodyEnd);
    delivery.bodyEnd = at;
    target[at++] = CR;
    target[at] = LF;
    delivery.isCanonical = true;
    return this.broker.dispatcher.dispatch(plan, delivery);
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

/** `<prefix><deliveries>.<stream seq>.<consumer seq>.<time>.<pending>` */
function writeReply(
  target: Buffer,
  from: number,
  prefix: Uint8Array,
  record: StoredRecord,
  numbers: DeliveryNumbers,
): number {
  let at = from;
  for (let index = 0; index < prefix.length; index++) target[at++] = prefix[index]!;
  at = writeNumber(target, at, numbers.deliveries);
  target[at++] = 46;
  at = writeNumber(target, at, record.seq);
  target[at++] = 46;
  at = writeNumber(target, at, numbers.consumerSequence);
  target[at++] = 46;
  at = writeNumber(target, at, record.seconds);
  at = writeNineDigits(target, at, record.nanos);
  target[at++] = 46;
  return writeNumber(target, at, numbers.pending);
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  return digits;
}

function writeNumber(target: Buffer, at: number, value: number): number {
  const end = at + digitsOf(value);
  let rest = value;
  for (let index = end - 1; index >= at; index--) {
    const tens = Math.floor(rest / 10);
    target[index] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return end;
}

function writeNineDigits(target: Buffer, at: number, value: number): number {
  let rest = value;
  for (let index = at + 8; index >= at; index--) {
    const tens = Math.floor(rest / 10);
    target[index] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return at + 9;
}

function copy(target: Buffer, at: number, source: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > LOOP_BYTES) target.set(source.subarray(start, end), at);
  else for (let index = 0; index < length; index++) target[at + index] = source[start + index]!;
  return at + length;
}
