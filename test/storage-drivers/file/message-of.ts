/** A message of a body, as a driver takes it. */
import type { MessageBytes } from '../../../storage-drivers/contract.ts';

export function messageOf(body: string): MessageBytes {
  const bytes = Buffer.from(`subject${body}`);
  return {
    subjectBytes: bytes,
    subjectStart: 0,
    subjectEnd: 7,
    bytes,
    headerStart: 7,
    bodyStart: 7,
    bodyEnd: bytes.length,
  };
}
