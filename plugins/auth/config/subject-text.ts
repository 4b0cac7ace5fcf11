/** Subjects in permissions. */
import { Buffer } from 'node:buffer';

/** The bytes of a text, one character each, as the kernel holds subjects. */
export function subjectFromText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** No token is empty, `>` stands only at the end, and there is no white space. */
export function isSubject(text: string): boolean {
  const tokens = text.split('.');
  const fullAt = tokens.indexOf('>');
  return !/[ \t\n\f\r]/.test(text) && !tokens.includes('') && (fullAt < 0 || fullAt === tokens.length - 1);
}
