/**
 * Orders things by "this before that", keeping the given order wherever nothing speaks against it.
 *
 * Taps of a hook and plugins of a host are both ordered here, so that a list in a config file means the same in
 * both places.
 */

export type OrderResult = { order: number[]; cycle: null } | { order: null; cycle: number[] };

/** `edges` are pairs [earlier, later] of positions below `count`. A cycle is answered as the positions along it. */
export function stableOrder(count: number, edges: Iterable<readonly [number, number]>): OrderResult {
  const later: Set<number>[] = Array.from({ length: count }, () => new Set());
  for (const [from, to] of edges) later[from]!.add(to);
  const waitingFor = new Array<number>(count).fill(0);
  for (const targets of later) for (const to of targets) waitingFor[to]!++;

  const order: number[] = [];
  const isPlaced = new Array<boolean>(count).fill(false);
  while (order.length < count) {
    const next = waitingFor.findIndex((waits, index) => waits === 0 && !isPlaced[index]);
    if (next < 0) return { order: null, cycle: findCycle(later, isPlaced) };
    isPlaced[next] = true;
    order.push(next);
    for (const to of later[next]!) waitingFor[to]!--;
  }
  return { order, cycle: null };
}

/** Walks backwards from any position that could not be placed: each waits for another such one, so the walk must close. */
function findCycle(later: readonly Set<number>[], isPlaced: readonly boolean[]): number[] {
  const path: number[] = [];
  let at = isPlaced.indexOf(false);
  while (!path.includes(at)) {
    path.push(at);
    const waiting = at;
    at = later.findIndex((targets, index) => !isPlaced[index] && targets.has(waiting));
  }
  return path.slice(path.indexOf(at)).reverse();
}
