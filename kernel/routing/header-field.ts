/** Sets one field in the header of a message. */
import { composed } from './compose.ts';
import type { Message } from './message.ts';

const CRLF = '\r\n';

/** A copy of the message with the field at the end of its header, in the place of every one of that name. */
export function withHeaderField(message: Message, name: string, value: string): Message {
  const header = Buffer.from(message.header).toString('latin1');
  const kept = header.split(CRLF).filter((line, index) => line !== '' && (index === 0 || !line.startsWith(`${name}:`)));
  const copy = composed({
    subject: message.subject,
    reply: message.reply,
    header: Buffer.from([...kept, `${name}: ${value}`, CRLF].join(CRLF), 'latin1'),
    body: message.body,
    origin: message.origin,
  });
  copy.originBit = message.originBit;
  copy.originCluster = message.originCluster;
  copy.queues = message.queues;
  return copy;
}
