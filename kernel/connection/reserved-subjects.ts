/** Subjects that belong to the broker. */
import type { Message } from '../routing/message.ts';

const UNDERSCORE = 95;
const DOLLAR = 36;

/** Subjects only the broker itself publishes to. */
export function isReserved(bytes: Buffer, start: number, end: number, isSystem: boolean): boolean {
  const first = bytes[start];
  if (first === UNDERSCORE) return continues(bytes, start, end, '_GR_.');
  if (first !== DOLLAR) return false;
  return (!isSystem && startsWith(bytes, start, end, '$NRG.')) || continues(bytes, start, end, '$GR.');
}

export function isReservedReply({ replyBytes, replyStart, replyEnd }: Message): boolean {
  const first = replyBytes[replyStart];
  if (first === UNDERSCORE) {
    return startsWith(replyBytes, replyStart, replyEnd, '_R_.') || continues(replyBytes, replyStart, replyEnd, '_GR_.');
  }
  if (first !== DOLLAR) return false;
  return continues(replyBytes, replyStart, replyEnd, '$JS.ACK.') || continues(replyBytes, replyStart, replyEnd, '$GR.');
}

/** Begins with the prefix and goes on behind it. */
function continues(bytes: Buffer, start: number, end: number, prefix: string): boolean {
  return end - start > prefix.length && startsWith(bytes, start, end, prefix);
}

function startsWith(bytes: Buffer, start: number, end: number, prefix: string): boolean {
  if (end - start < prefix.length) return false;
  for (let index = 0; index < prefix.length; index++) {
    if (bytes[start + index] !== prefix.charCodeAt(index)) return false;
  }
  return true;
}
