/** What the caller of a store may not do, and how much it may write. */

export const SUBJECT_BYTES_MAX = 65_535;
/** The largest record of the reference, and its subject. */
export const RECORD_BYTES_MAX = 64 * 1024 * 1024 + SUBJECT_BYTES_MAX;
const SECONDS_LIMIT = 2 ** 33;

interface Place {
  readonly id: string;
  readonly last: number;
}

export function checkPlace(seq: number, store: Place): void {
  if (!(seq > store.last && seq <= Number.MAX_SAFE_INTEGER)) throw misplaced(seq, store);
}

export function checkTime(seconds: number, nanos: number): void {
  if (seconds >= 0 && seconds < SECONDS_LIMIT && nanos >= 0 && nanos < 1e9) return;
  throw new RangeError(`${seconds} seconds and ${nanos} nanoseconds are no time between 1970 and 2242`);
}

export function misplaced(seq: number, { id, last }: Place): RangeError {
  return new RangeError(`sequence ${seq} does not come after ${last} in the store '${id}'`);
}
