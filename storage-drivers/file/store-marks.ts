/** Where a store stands in its history, and whether it came through a place that somebody remembers. */
import type { Mark } from '../contract.ts';
import type { Era } from './checkpoint-format.ts';

interface Historic {
  readonly serial: number;
  readonly eras: readonly Era[];
}

export function markOf({ serial, eras }: Historic): Mark {
  return { position: serial, check: eras.at(-1)?.check ?? 0 };
}

export function hasPassed({ serial, eras }: Historic, { position, check }: Mark): boolean {
  if (position > serial) return false;
  return (eras.findLast((era) => era.from <= position)?.check ?? 0) === check;
}
