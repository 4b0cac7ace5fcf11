/** Sequences are numbers here, which are exact up to 2^53. Before that they end, so that whatever is counted with them is exact. */

export const SEQUENCE_MAX = 2 ** 53 - 2 ** 20;

/** A place to begin at or to go to, wherever it is said to be. */
export function placeOf(sequence: bigint): number {
  return Math.min(Number(sequence), SEQUENCE_MAX + 1);
}
