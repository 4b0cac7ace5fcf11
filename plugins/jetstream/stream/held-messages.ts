/** Messages that wait until what they add to, or end, was fetched. What comes after them waits behind them. */
import { Buffer } from 'node:buffer';
import { Message, subjectFromText } from '../../../kernel/plugin-api.ts';
import {
  BATCH_ID,
  INCREMENT,
  PublishHeaders,
  SCHEDULER,
  scanPublishHeaders,
} from '../../../protocols/jetstream/publish-headers.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import type { MessageLog } from './message-log.ts';
import type { PublishedBatches } from './published-batches.ts';

/** More than that does not wait. */
const WAITING_MAX = 100_000;

/** The stream that the messages are for. */
export interface HoldsMessages {
  readonly config: StreamConfig;
  readonly log: MessageLog;
  /** The message under the subject it will be stored under. */
  transformed(message: MessageBytes): MessageBytes;
  readonly batches: Pick<PublishedBatches, 'staged'>;
  take(message: Message): void;
  overrun(message: Message): void;
}

export class HeldMessages {
  private readonly stream: HoldsMessages;
  private readonly headers = new PublishHeaders();
  private waiting: Message[] = [];

  constructor(stream: HoldsMessages) {
    this.stream = stream;
  }

  /** False when the message may be handled at once. It is borrowed. */
  holds(message: Message): boolean {
    if (this.waiting.length === 0) {
      const cold = this.coldFor(message);
      if (cold === 0) return false;
      this.fetch(cold);
    }
    if (this.waiting.length >= WAITING_MAX) this.stream.overrun(message);
    else this.waiting.push(copyOf(message));
    return true;
  }

  clear(): void {
    this.waiting = [];
  }

  private fetch(seq: number): void {
    this.stream.log.whenLoaded(seq, () => this.goOn());
  }

  private goOn(): void {
    while (this.waiting.length > 0) {
      const cold = this.coldFor(this.waiting[0]!);
      if (cold !== 0) {
        this.fetch(cold);
        return;
      }
      this.stream.take(this.waiting.shift()!);
    }
  }

  /** What has to be fetched for a message; 0 for nothing. */
  private coldFor(message: Message): number {
    const { config, log } = this.stream;
    if (message.headerLength === 0) return 0;
    const { headers } = this;
    scanPublishHeaders(message.bytes, message.headerStart, message.headerLength, headers);
    if (config.allowMsgCounter && headers.has(INCREMENT)) {
      const published = this.stream.transformed(message);
      const cold = coldBefore(log, published);
      if (cold !== 0) return cold;
      for (const staged of this.stream.batches.staged(headers.text(message.bytes, BATCH_ID))) {
        const before = coldBefore(log, staged.message);
        if (before !== 0) return before;
      }
    }
    if (!config.allowMsgSchedules || !headers.has(SCHEDULER)) return 0;
    const { last } = log.records.subjectState(subjectFromText(headers.text(message.bytes, SCHEDULER)));
    return last !== 0 && log.isCold(last) ? last : 0;
  }
}

/** The last message of a subject, where it has to be fetched. */
function coldBefore(log: MessageLog, message: MessageBytes): number {
  const last = log.lastOf(log.nodeOf(message));
  return last !== 0 && log.isCold(last) ? last : 0;
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
