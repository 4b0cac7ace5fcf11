/** What the parts of the parser share while they read one file. */
import type { Steps } from '../../ports/steps.ts';
import type { Place, Problems } from '../problem.ts';
import type { ConfigNode, MapEntry, MapNode } from './node.ts';
import type { Scanner } from './scanner.ts';

export interface Reading {
  readonly scanner: Scanner;
  readonly problems: Problems;
  /** The maps that enclose the reading head, innermost last: where variables are looked for. */
  readonly scopes: Map<string, MapEntry>[];
  /** The key that still waits for its value, if any. */
  pendingKey: string | null;
  /** How many levels of maps and arrays are read an entry at a time. */
  readonly levelsInSteps: number;
  /** Which levels of maps and arrays are open. */
  depth: number;
  /** The value of an environment variable referred to on `line`, or null where there is none or it is no value. */
  environmentValue(name: string, line: number, place: Place): ConfigNode | null;
  /** Another file's entries, or null where it cannot be read. */
  include(path: string, place: Place): Steps<MapNode | null>;
}

/** Gives a key its value in the innermost map. A key met again moves to the end, as the one that counts. */
export function setEntry(reading: Reading, key: string, place: Place, value: ConfigNode): void {
  const entries = reading.scopes.at(-1)!;
  entries.delete(key);
  entries.set(key, {
    key,
    value,
    file: place.file,
    line: place.line,
    column: place.column,
    isReferenced: false,
  });
}
