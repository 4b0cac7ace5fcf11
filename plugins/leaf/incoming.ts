/** Messages of another server are renamed by the account's mappings, as those of clients are. */
import type { AccountMappings, Message } from '../../kernel/plugin-api.ts';

/** False: the mapping leads nowhere. The caller gives the message its own subject's memory back. */
export function renamed(mappings: AccountMappings, message: Message): boolean {
  const { subjectBytes, subjectStart, subjectEnd } = message;
  if (!mappings.mayTouch(subjectBytes, subjectStart, subjectEnd)) return true;
  const { subject } = message;
  const mapping = mappings.find(subject);
  if (mapping === null) return true;
  const mapped = mapping.apply(subject);
  if (mapped === null) return false;
  message.subjectBytes = Buffer.from(mapped, 'latin1');
  message.subjectStart = 0;
  message.subjectEnd = message.subjectBytes.length;
  return true;
}
