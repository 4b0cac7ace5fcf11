/** Values that take the place of a file's, as flags on the command line do. */
import type { MapEntry, MapNode } from './grammar/node.ts';
import { nodeOf, type PlainValue } from './plain.ts';
import type { Place, Problems } from './problem.ts';

/** By key; a dot leads into a block: `cluster.name`. Null takes a key out. */
export type Overrides = Readonly<Record<string, PlainValue | null | undefined>>;

/** `properKey` tells which key another one is a mere other name for, on the top level. */
export function overridden(
  root: MapNode,
  overrides: Overrides,
  properKey: (key: string) => string,
  problems: Problems,
): MapNode {
  let result = root;
  for (const [path, value] of Object.entries(overrides)) {
    if (value !== undefined) result = withValue(result, path.split('.'), value, path, properKey, problems);
  }
  return result;
}

function withValue(
  map: MapNode,
  steps: readonly string[],
  value: PlainValue | null,
  path: string,
  properKey: (key: string) => string,
  problems: Problems,
): MapNode {
  const [step, ...rest] = steps as [string, ...string[]];
  const entries = new Map(map.value);
  const replaced = [...entries.values()].filter((entry) => properKey(entry.key.toLowerCase()) === properKey(step));
  for (const entry of replaced) entries.delete(entry.key);
  const place: Place = { file: path, line: 0, column: 0 };
  const inner = rest.length === 0 ? nodeOf(value, path, problems) : innerMap(replaced.at(-1), place);
  const node =
    rest.length === 0 || inner === null ? inner : withValue(inner as MapNode, rest, value, path, lowerCase, problems);
  if (node !== null) entries.set(step, { key: step, value: node, ...place, isReferenced: false });
  return { ...map, value: entries };
}

function lowerCase(key: string): string {
  return key.toLowerCase();
}

function innerMap(entry: MapEntry | undefined, place: Place): MapNode {
  return entry?.value.kind === 'map' ? entry.value : { kind: 'map', value: new Map(), ...place };
}
