/** Between configuration nodes and plain JavaScript values, in both directions. */
import type { ArrayNode, ConfigNode, MapEntry, MapNode } from './grammar/node.ts';
import type { Place, Problems } from './problem.ts';

/** What may stand for a configuration value in a program. */
export type PlainValue =
  | string
  | number
  | bigint
  | boolean
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue | undefined };

/**
 * The node for a plain value; null where there is none to be had. Problems name the path of keys, for there
 * is no file. Keys whose value is undefined or null do not count as given.
 */
export function nodeOf(value: unknown, path: string, problems: Problems): ConfigNode | null {
  const place: Place = { file: path, line: 0, column: 0 };
  switch (typeof value) {
    case 'string':
      return { kind: 'string', value, ...place };
    case 'boolean':
      return { kind: 'boolean', value, ...place };
    case 'number':
      return { kind: Number.isSafeInteger(value) ? 'integer' : 'float', value, ...place };
    case 'bigint':
      return { kind: 'integer', value, ...place };
    case 'object':
      return value === null ? null : objectNode(value, path, problems);
    case 'undefined':
      return null;
    default:
      problems.error(place, `a ${typeof value} is no configuration value`);
      return null;
  }
}

function objectNode(value: object, path: string, problems: Problems): ConfigNode {
  return Array.isArray(value) ? arrayNode(value, path, problems) : mapNode(value, path, problems);
}

function arrayNode(values: readonly unknown[], path: string, problems: Problems): ArrayNode {
  const nodes = values.map((value, index) => nodeOf(value, `${path}[${index}]`, problems));
  return { kind: 'array', value: nodes.filter((node) => node !== null), file: path, line: 0, column: 0 };
}

export function mapNode(object: object, path: string, problems: Problems): MapNode {
  const entries = new Map<string, MapEntry>();
  for (const [key, value] of Object.entries(object)) {
    const place: Place = { file: path === '' ? key : `${path}.${key}`, line: 0, column: 0 };
    const node = nodeOf(value, place.file, problems);
    if (node !== null) entries.set(key, { key, value: node, ...place, isReferenced: false });
  }
  return { kind: 'map', value: entries, file: path, line: 0, column: 0 };
}

/** A node's value for readers that know nothing of nodes: objects, arrays, strings, numbers, booleans. */
export function plainOf(node: ConfigNode): PlainValue {
  if (node.kind === 'array') return node.value.map(plainOf);
  if (node.kind !== 'map') return node.value;
  return Object.fromEntries([...node.value].map(([key, entry]) => [key, plainOf(entry.value)]));
}

/** The same with a `Map` for each map, which keeps the order of all keys: an object puts numbers first. */
export function orderedPlainOf(node: ConfigNode): unknown {
  if (node.kind === 'array') return node.value.map(orderedPlainOf);
  if (node.kind !== 'map') return node.value;
  return new Map([...node.value].map(([key, entry]) => [key, orderedPlainOf(entry.value)]));
}

/** Where a value inside a node stands, as near as `path` leads. */
export function placeWithin(node: ConfigNode, path: readonly (string | number)[]): Place {
  let at: ConfigNode = node;
  for (const step of path) {
    const inner = stepInto(at, step);
    if (inner === undefined) break;
    at = inner;
  }
  return at;
}

function stepInto(node: ConfigNode, step: string | number): ConfigNode | undefined {
  if (node.kind === 'array') return node.value[Number(step)];
  return node.kind === 'map' ? node.value.get(String(step))?.value : undefined;
}
