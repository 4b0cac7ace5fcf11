/** How far two places hold the same bytes. */

/** Both in the same memory, `candidate` the earlier one. Answers where the later one ends. */
export function matchEnd(view: DataView, candidate: number, at: number, end: number): number {
  let from = candidate;
  let to = at;
  for (const last = end - 4; to <= last; to += 4, from += 4) {
    const difference = view.getInt32(from, true) ^ view.getInt32(to, true);
    if (difference !== 0) return to + ((31 - Math.clz32(difference & -difference)) >>> 3);
  }
  while (to < end && view.getUint8(from) === view.getUint8(to)) {
    from++;
    to++;
  }
  return to;
}
