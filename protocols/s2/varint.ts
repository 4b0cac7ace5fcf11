/** The length in front of a block: seven bits a byte, the lowest first. */
import { LENGTH_BYTES_MAX } from './format.ts';

/** The last byte may hold the upper four bits of 32. */
const LAST_BYTE_MAX = 0x0f;

export function writeLength(target: Buffer, start: number, length: number): number {
  let at = start;
  let rest = length;
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

/** The length that begins at `start`, or -1. How many bytes it takes says `lengthBytes`. */
export function readLength(source: Uint8Array, start: number, end: number): number {
  let length = 0;
  let unit = 1;
  for (let index = 0; index < LENGTH_BYTES_MAX && start + index < end; index++) {
    const byte = source[start + index] as number;
    if (index === LENGTH_BYTES_MAX - 1 && byte > LAST_BYTE_MAX) return -1;
    length += (byte & 0x7f) * unit;
    if (byte < 0x80) return length;
    unit *= 0x80;
  }
  return -1;
}

/** How many bytes the length at `start` takes; there must be one. */
export function lengthBytes(source: Uint8Array, start: number): number {
  let at = start;
  while ((source[at] as number) >= 0x80) at++;
  return at + 1 - start;
}
