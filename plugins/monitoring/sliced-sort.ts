import type { Pace } from '../../kernel/plugin-api.ts';

const RUN = 512;

type Compare<Item> = (left: Item, right: Item) => number;

/** A stable sort that never holds the loop for long: short runs are sorted at once and then merged. */
export async function slicedSort<Item>(items: readonly Item[], compare: Compare<Item>, pace: Pace): Promise<Item[]> {
  let runs: Item[][] = [];
  for (let from = 0; from < items.length; from += RUN) {
    runs.push(items.slice(from, from + RUN).sort(compare));
    if (pace.isDue) await pace.rest();
  }
  while (runs.length > 1) runs = await mergePairs(runs, compare, pace);
  return runs[0] ?? [];
}

async function mergePairs<Item>(runs: readonly Item[][], compare: Compare<Item>, pace: Pace): Promise<Item[][]> {
  const merged: Item[][] = [];
  for (let at = 0; at < runs.length; at += 2) {
    const [left, right] = [runs[at]!, runs[at + 1]];
    merged.push(right === undefined ? left : await merge(left, right, compare, pace));
  }
  return merged;
}

async function merge<Item>(left: Item[], right: Item[], compare: Compare<Item>, pace: Pace): Promise<Item[]> {
  const all: Item[] = [];
  let [fromLeft, fromRight] = [0, 0];
  while (fromLeft < left.length && fromRight < right.length) {
    all.push(compare(left[fromLeft]!, right[fromRight]!) <= 0 ? left[fromLeft++]! : right[fromRight++]!);
    if (all.length % RUN === 0 && pace.isDue) await pace.rest();
  }
  return all.concat(left.slice(fromLeft), right.slice(fromRight));
}
