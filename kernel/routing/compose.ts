/** Lays out messages that did not come over a wire as if they had. */
import { Message } from './message.ts';

export interface Outgoing {
  subject: string;
  reply?: string;
  /** A whole header block, from `NATS/1.0` to the empty line. */
  header?: Uint8Array;
  body?: Uint8Array | string;
  /** Who is not to be echoed. */
  origin?: object | null;
}

export function composed(outgoing: Outgoing): Message {
  const message = new Message();
  compose(message, outgoing);
  return message;
}

export function compose(message: Message, { subject, reply = '', header, body, origin = null }: Outgoing): void {
  const content = typeof body === 'string' ? Buffer.from(body) : (body ?? new Uint8Array(0));
  const headerLength = header?.length ?? 0;
  const total = headerLength + content.length;
  const sizes = headerLength > 0 ? `${headerLength} ${total}` : String(total);
  const bytes = Buffer.allocUnsafe(subject.length + reply.length + sizes.length + 2 + total + 2);
  message.bytes = bytes;
  message.subjectBytes = bytes;
  message.replyBytes = bytes;
  message.subjectStart = 0;
  message.subjectEnd = bytes.write(subject, 0, 'latin1');
  message.replyStart = message.subjectEnd;
  message.replyEnd = message.replyStart + bytes.write(reply, message.replyStart, 'latin1');
  message.sizesStart = message.replyEnd;
  message.sizesEnd = message.sizesStart + bytes.write(sizes, message.sizesStart, 'latin1');
  message.headerStart = message.sizesEnd + bytes.write('\r\n', message.sizesEnd, 'latin1');
  message.headerLength = headerLength;
  message.bodyStart = message.headerStart + headerLength;
  message.bodyEnd = message.bodyStart + content.length;
  if (header !== undefined) bytes.set(header, message.headerStart);
  bytes.set(content, message.bodyStart);
  bytes.write('\r\n', message.bodyEnd, 'latin1');
  message.isCanonical = true;
  message.origin = origin;
  message.originBit = 0;
  message.originCluster = '';
  message.queues = null;
}
