/** `meta.inf`: what a stream or a consumer was told to be, and when it was made; beside it, in `meta.sum`, a checksum. */
import { Buffer } from 'node:buffer';
import type { HighwayHash } from './highway-hash.ts';

const SUM_BYTES = 8;

/** Whether the one is of the other. */
export function hasRightSum(definition: Uint8Array, sum: Uint8Array, hash: HighwayHash): boolean {
  return Buffer.from(sum).toString('latin1').trim() === sumText(definition, hash);
}

/** What stands in `meta.sum`. */
export function sumText(definition: Uint8Array, hash: HighwayHash): string {
  const sum = Buffer.alloc(SUM_BYTES);
  hash.digest(definition, 0, definition.length);
  hash.writeTo(sum, 0);
  return sum.toString('hex');
}
