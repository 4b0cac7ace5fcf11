/** Taking a node for the type an option needs, or saying why it is not of that type. */
import { type ArrayNode, type ConfigNode, type MapNode, typeName } from './grammar/node.ts';
import type { Problems } from './problem.ts';

const WANTED: Record<'boolean' | 'integer' | 'string' | 'map' | 'array', readonly [go: string, plain: string]> = {
  boolean: ['bool', 'a boolean'],
  integer: ['int64', 'a whole number'],
  string: ['string', 'a string'],
  map: ['map[string]interface {}', 'a map'],
  array: ['[]interface {}', 'an array'],
};

const FOUND: Record<ConfigNode['kind'], string> = {
  map: 'a map',
  array: 'an array',
  string: 'a string',
  integer: 'a whole number',
  float: 'a number with a fraction',
  boolean: 'a boolean',
  datetime: 'a date',
};

/**
 * What is said of a value of the wrong type. Tools know the first form, for a file; a program that hands over
 * options deserves a sentence.
 */
export function mismatchText(node: ConfigNode, wanted: keyof typeof WANTED): string {
  const [go, plain] = WANTED[wanted];
  if (node.line === 0) return `expected ${plain}, got ${FOUND[node.kind]}`;
  return `interface conversion: interface {} is ${typeName(node)}, not ${go}`;
}

/** The following answer undefined after recording the mismatch. */
export function asBoolean(node: ConfigNode, problems: Problems): boolean | undefined {
  if (node.kind === 'boolean') return node.value;
  return mismatch(node, 'boolean', problems);
}

export function asString(node: ConfigNode, problems: Problems): string | undefined {
  if (node.kind === 'string') return node.value;
  return mismatch(node, 'string', problems);
}

/** A number, which beyond 2^53 is no longer exact; every limit an option has lies far below. */
export function asInteger(node: ConfigNode, problems: Problems): number | undefined {
  if (node.kind === 'integer') return Number(node.value);
  return mismatch(node, 'integer', problems);
}

export function asMap(node: ConfigNode, problems: Problems): MapNode | undefined {
  if (node.kind === 'map') return node;
  return mismatch(node, 'map', problems);
}

export function asArray(node: ConfigNode, problems: Problems): ArrayNode | undefined {
  if (node.kind === 'array') return node;
  return mismatch(node, 'array', problems);
}

function mismatch(node: ConfigNode, wanted: keyof typeof WANTED, problems: Problems): undefined {
  problems.error(node, mismatchText(node, wanted));
  return undefined;
}

/** The value as messages print it. What it holds within may be a password: a NATS server prints addresses there. */
export function printed(node: ConfigNode): string {
  if (node.kind === 'array') return `[${node.value.map(() => HIDDEN).join(' ')}]`;
  if (node.kind !== 'map') return String(node.value);
  return `map[${[...node.value.keys()]
    .sort()
    .map((key) => `${key}:${HIDDEN}`)
    .join(' ')}]`;
}

const HIDDEN = '...';
