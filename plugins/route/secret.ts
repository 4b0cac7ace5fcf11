/** Compares what was shown with what is configured, in a time that says nothing about either. */
import { createHash, timingSafeEqual } from 'node:crypto';

export function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
