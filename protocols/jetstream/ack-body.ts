/** What an acknowledgement says. */
import type { Buffer } from 'node:buffer';
import { parseDurationText } from './duration-text.ts';
import { DecodeFault, decodeBody } from './json/codec.ts';
import { given, struct } from './json/composites.ts';
import { duration } from './json/scalars.ts';

export const ACK = 0;
export const NAK = 1;
export const PROGRESS = 2;
export const NEXT = 3;
export const TERM = 4;
export const UNKNOWN_ACK = 5;
export type AckKind = typeof ACK | typeof NAK | typeof PROGRESS | typeof NEXT | typeof TERM | typeof UNKNOWN_ACK;

const PLUS = 0x2b;
const WORD = 4;

/** Nothing at all acknowledges too. */
export function ackKindOf(bytes: Buffer, start: number, end: number): AckKind {
  if (end === start) return ACK;
  const length = end - start;
  if (bytes[start] === PLUS) {
    if (length === WORD && isWord(bytes, start, 'ACK')) return ACK;
    if (length === 3 && bytes[start + 1] === 0x4f && bytes[start + 2] === 0x4b) return ACK;
    if (length === WORD && isWord(bytes, start, 'WPI')) return PROGRESS;
    if (length >= WORD && isWord(bytes, start, 'NXT')) return NEXT;
    if (length >= 5 && isWord(bytes, start, 'TER') && bytes[start + WORD] === 0x4d) return TERM;
    return UNKNOWN_ACK;
  }
  return length >= WORD && bytes[start] === 0x2d && isWord(bytes, start, 'NAK') ? NAK : UNKNOWN_ACK;
}

function isWord(bytes: Buffer, start: number, word: string): boolean {
  for (let at = 0; at < 3; at++) if (bytes[start + 1 + at] !== word.charCodeAt(at)) return false;
  return true;
}

const nakOptions = struct('server.ConsumerNakOptions', { delay: given('delay', duration) });

/** How long a negative acknowledgement asks to wait, in nanoseconds; 0 for not at all, and where it can not be read. */
export function nakDelay(bytes: Buffer, start: number, end: number): bigint {
  const rest = bytes.subarray(start + WORD, end);
  const text = rest.toString('utf8').trim();
  if (text === '') return 0n;
  if (!text.startsWith('{')) return parseDurationText(text) ?? 0n;
  const options = decodeBody(rest, nakOptions, false);
  return options instanceof DecodeFault ? 0n : options.delay;
}

/** Why somebody gives up on a message. */
export function termReason(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start + 5, end).trim();
}
