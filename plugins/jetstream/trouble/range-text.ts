/** Sequences as people read them: `5-7, 12`. */
import type { SequenceRange } from '../../../storage-drivers/contract.ts';

const NAMED_MAX = 20;

export function rangesText(ranges: readonly SequenceRange[]): string {
  const named = ranges.slice(0, NAMED_MAX).map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`));
  const left = ranges.length - named.length;
  return left > 0 ? `${named.join(', ')} and ${left} further ranges` : named.join(', ');
}

export function countOf(ranges: readonly SequenceRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

/** What is told apart from each other, ascending and joined where it touches. */
export function joined(ranges: readonly SequenceRange[]): SequenceRange[] {
  const sorted = [...ranges].sort((left, right) => left.from - right.from);
  const found: { from: number; to: number }[] = [];
  for (const { from, to } of sorted) {
    const last = found.at(-1);
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to);
    else found.push({ from, to });
  }
  return found;
}

export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
