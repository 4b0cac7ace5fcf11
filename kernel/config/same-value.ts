/** Whether two configured values say the same. Where in a file they stand does not matter. */
import type { Steps } from '../ports/steps.ts';
import { jsonOf } from './grammar/digest.ts';
import type { ConfigNode } from './grammar/node.ts';

/** Where something stands does not change what it is. */
const PLACES: ReadonlySet<string> = new Set(['place', 'blockPlace']);

/** Looks at both side by side, and stops at the first difference: a configuration may hold ten thousand accounts. */
export function isSame(left: unknown, right: unknown): boolean {
  if (Object.is(left, right) || (isNothing(left) && isNothing(right))) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    return isNumeric(left) && isNumeric(right) && String(left) === String(right);
  }
  if (isNode(left) && isNode(right)) return isSameNode(left, right);
  if (left instanceof Map && right instanceof Map) return isSameMap(left, right, isSame);
  if (Array.isArray(left) && Array.isArray(right)) return isSameList(left, right, isSame);
  return Array.isArray(left) === Array.isArray(right) && isSameObject(left, right);
}

/** Two blocks, which may hold thousands of users, an entry at a time. */
export function* isSameInSteps(left: ConfigNode | null, right: ConfigNode | null, levels = 2): Steps<boolean> {
  if (left === null || right === null || left.kind !== right.kind || !isCollection(left) || levels === 0) {
    return isSame(left, right);
  }
  const [one, other] = [entriesOf(left), entriesOf(right)];
  if (one.size !== other.size) return false;
  for (const [key, value] of one) {
    const counterpart = other.get(key);
    yield;
    if (counterpart === undefined || !(yield* isSameInSteps(value, counterpart, levels - 1))) return false;
  }
  return true;
}

function entriesOf(node: ConfigNode): ReadonlyMap<string | number, ConfigNode> {
  if (node.kind === 'array') return new Map(node.value.entries());
  return node.kind === 'map' ? new Map([...node.value].map(([key, { value }]) => [key, value])) : new Map();
}

function isSameNode(left: ConfigNode, right: ConfigNode): boolean {
  if (left.kind === 'map' && right.kind === 'map') {
    return isSameMap(left.value, right.value, (one, other) => isSameNode(one.value, other.value));
  }
  if (left.kind === 'array' && right.kind === 'array') return isSameList(left.value, right.value, isSameNode);
  if (isCollection(left) || isCollection(right)) return false;
  return (left.kind === right.kind && Object.is(left.value, right.value)) || jsonOf(left) === jsonOf(right);
}

function isSameMap<K, V>(
  left: ReadonlyMap<K, V>,
  right: ReadonlyMap<K, V>,
  same: (left: V, right: V) => boolean,
): boolean {
  if (left.size !== right.size) return false;
  for (const [key, value] of left) {
    const other = right.get(key);
    if (other === undefined || !same(value, other)) return false;
  }
  return true;
}

function isSameList<T>(left: readonly T[], right: readonly T[], same: (left: T, right: T) => boolean): boolean {
  return left.length === right.length && left.every((value, at) => same(value, right[at]!));
}

function isSameObject(left: object, right: object): boolean {
  const [one, other] = [left as Record<string, unknown>, right as Record<string, unknown>];
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  for (const key of keys) if (!PLACES.has(key) && !isSame(one[key], other[key])) return false;
  return true;
}

/** What an option computes by is made anew by each reading, and says nothing. */
function isNothing(value: unknown): boolean {
  return value === undefined || typeof value === 'function';
}

/** A number beyond what numbers hold exactly is a bigint. */
function isNumeric(value: unknown): boolean {
  return typeof value === 'bigint' || typeof value === 'number';
}

function isCollection({ kind }: ConfigNode): boolean {
  return kind === 'map' || kind === 'array';
}

function isNode(value: object): value is ConfigNode {
  return 'kind' in value && 'line' in value;
}
