/** Values that take the place of a file's, as flags on the command line do. */
import type { ConfigNode, MapEntry, MapNode } from './grammar/node.ts';
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
    if (value === undefined) continue;
    const node = nodeOf(value, path, problems);
    if (node !== null || value === null) result = replaced(result, { path, node, properKey }, path.split('.'));
  }
  return result;
}

interface Override {
  readonly path: string;
  /** Null takes the key out. */
  readonly node: ConfigNode | null;
  readonly properKey: (key: string) => string;
}

/** The map with another value where `steps` lead; what stood there, under whatever name, is gone. */
function replaced(map: MapNode, override: Override, steps: readonly string[]): MapNode {
  const [key = '', ...rest] = steps;
  const isSame = (entry: MapEntry) => override.properKey(entry.key.toLowerCase()) === override.properKey(key);
  const former = [...map.value.values()].filter(isSame);
  if (override.node === null && former.length === 0) return map;
  const kept = [...map.value].filter(([, entry]) => !isSame(entry));
  const place: Place = { file: override.path, line: 0, column: 0 };
  const value = rest.length === 0 ? override.node : replacedInside(former.at(-1), override, rest, place);
  if (value !== null) kept.push([key, { key, value, ...place, isReferenced: false }]);
  return { ...map, value: new Map(kept) };
}

function replacedInside(
  entry: MapEntry | undefined,
  override: Override,
  rest: readonly string[],
  place: Place,
): MapNode {
  const inner: MapNode = entry?.value.kind === 'map' ? entry.value : { kind: 'map', value: new Map(), ...place };
  return replaced(inner, { ...override, properKey: (key) => key }, rest);
}
