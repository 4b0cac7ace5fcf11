/** A message under another subject. */
import { Buffer } from 'node:buffer';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';

/** `subject` holds one character per byte. */
export function withSubject(message: MessageBytes, subject: string): MessageBytes {
  const { bytes, headerStart, bodyStart, bodyEnd } = message;
  const subjectBytes = Buffer.from(subject, 'latin1');
  return { subjectBytes, subjectStart: 0, subjectEnd: subjectBytes.length, bytes, headerStart, bodyStart, bodyEnd };
}

export function subjectOf({ subjectBytes, subjectStart, subjectEnd }: MessageBytes): string {
  const { buffer, byteOffset } = subjectBytes;
  return Buffer.from(buffer, byteOffset + subjectStart, subjectEnd - subjectStart).toString('latin1');
}

/** The same subject and header with another payload, or with another header. */
export function withContent(message: MessageBytes, header: Uint8Array, body: Uint8Array): MessageBytes {
  const { subjectBytes, subjectStart, subjectEnd } = message;
  const bytes = Buffer.concat([header, body]);
  const bodyStart = header.length;
  return { subjectBytes, subjectStart, subjectEnd, bytes, headerStart: 0, bodyStart, bodyEnd: bytes.length };
}
