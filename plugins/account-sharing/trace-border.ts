/** What becomes of the wish to be traced where a message leaves its account. */
import { type Message, withHeaderField } from '../../kernel/plugin-api.ts';

const DESTINATION = 'Nats-Trace-Dest';
const DISABLED = 'trace disabled';

/** A copy for receivers behind a border that the trace does not cross. */
export function withTraceDisabled(message: Message): Message {
  return withHeaderField(message, DESTINATION, DISABLED);
}

/** A copy whose reports go to another subject: the first one means nothing in another account. */
export function withTraceTo(message: Message, subject: string): Message {
  return withHeaderField(message, DESTINATION, subject);
}
