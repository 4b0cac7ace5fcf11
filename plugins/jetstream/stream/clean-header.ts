/** What a broker wrote into a header on its way here, and the status that some clients write, are not stored. */
import { Buffer } from 'node:buffer';
import { withoutFields } from '../../../protocols/jetstream/message-header.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';

export function withCleanHeader(message: MessageBytes): MessageBytes {
  const header = withoutFields(
    message.bytes.subarray(message.headerStart, message.bodyStart),
    (name) => name === 'Nats-Request-Info',
  );
  const body = message.bytes.subarray(message.bodyStart, message.bodyEnd);
  const bytes = Buffer.concat([header, body]);
  const { subjectBytes, subjectStart, subjectEnd } = message;
  const bodyStart = header.length;
  return { subjectBytes, subjectStart, subjectEnd, bytes, headerStart: 0, bodyStart, bodyEnd: bytes.length };
}
