/** A message whose time to live was changed says so. */
import { withFields, withoutFields } from '../../../protocols/jetstream/message-header.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import { withContent } from './subject-change.ts';

const NAME = 'Nats-TTL';

export function withTtl(message: MessageBytes, seconds: number): MessageBytes {
  const { bytes, headerStart, bodyStart, bodyEnd } = message;
  const others = withoutFields(bytes.subarray(headerStart, bodyStart), (name) => name === NAME);
  return withContent(message, withFields(others, [[NAME, String(seconds)]]), bytes.subarray(bodyStart, bodyEnd));
}
