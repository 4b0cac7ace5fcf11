/** Which of several streams that had a name this is. */
import { formatNanos } from '../../../protocols/jetstream/timestamp.ts';
import type { Stream } from '../stream/stream.ts';
import { hashOf } from '../wire/identifiers.ts';

export const STREAM_IDENTITY = 'Nats-Stream-Identity';

export function identityOf({ created }: Stream): string {
  return hashOf(formatNanos(created));
}
