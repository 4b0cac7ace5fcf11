/** Messages that wait until what they add to, or end, was fetched. What comes after them waits behind them. */
import { Buffer } from 'node:buffer';
import { Message } from '../../../kernel/plugin-api.ts';
import type { MessageLog } from './message-log.ts';

/** More than that does not wait. */
const WAITING_MAX = 100_000;

/** Whoever the messages are for. */
export interface HoldsMessages {
  readonly log: MessageLog;
  /** What has to be fetched for a message; 0 for nothing. */
  coldFor(message: Message): number;
  take(message: Message): void;
  overrun(message: Message): void;
}

export class HeldMessages {
  private readonly owner: HoldsMessages;
  private waiting: Message[] = [];

  constructor(owner: HoldsMessages) {
    this.owner = owner;
  }

  /** False when the message may be handled at once. It is borrowed. */
  holds(message: Message): boolean {
    if (this.waiting.length === 0) {
      const cold = this.owner.coldFor(message);
      if (cold === 0) return false;
      this.fetch(cold);
    }
    if (this.waiting.length >= WAITING_MAX) this.owner.overrun(message);
    else this.waiting.push(copyOf(message));
    return true;
  }

  clear(): void {
    this.waiting = [];
  }

  private fetch(seq: number): void {
    this.owner.log.whenLoaded(seq, () => this.goOn());
  }

  private goOn(): void {
    while (this.waiting.length > 0) {
      const cold = this.owner.coldFor(this.waiting[0]!);
      if (cold !== 0) {
        this.fetch(cold);
        return;
      }
      this.owner.take(this.waiting.shift()!);
    }
  }
}

export function copyOf(message: Message): Message {
  const copy = new Message();
  const subject = message.subjectBytes.subarray(message.subjectStart, message.subjectEnd);
  const reply = message.replyBytes.subarray(message.replyStart, message.replyEnd);
  const content = message.bytes.subarray(message.headerStart, message.bodyEnd);
  copy.bytes = Buffer.concat([subject, reply, content]);
  copy.subjectBytes = copy.bytes;
  copy.subjectEnd = subject.length;
  copy.replyBytes = copy.bytes;
  copy.replyStart = subject.length;
  copy.replyEnd = subject.length + reply.length;
  copy.headerStart = copy.replyEnd;
  copy.headerLength = message.headerLength;
  copy.bodyStart = copy.headerStart + message.headerLength;
  copy.bodyEnd = copy.bytes.length;
  copy.origin = message.origin;
  return copy;
}
