/** Messages of another server are renamed by the account's mappings, as those of clients are. */
import type { AccountMappings, Message } from '../../kernel/plugin-api.ts';

/**
 * Whether a mapping was about it. Where that leads nowhere the message has no subject afterwards. The caller gives the message its own
 * subject's memory back.
 */
export function renamed(mappings: AccountMappings, message: Message): boolean {
  const { subjectBytes, subjectStart, subjectEnd } = message;
  if (!mappings.mayTouch(subjectBytes, subjectStart, subjectEnd)) return false;
  const { subject } = message;
  const mapping = mappings.find(subject);
  if (mapping === null) return false;
  message.subjectBytes = Buffer.from(mapping.apply(subject) ?? '', 'latin1');
  message.subjectStart = 0;
  message.subjectEnd = message.subjectBytes.length;
  return true;
}
