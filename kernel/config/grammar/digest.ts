/** What a configuration says, as one short text: equal for equal values, however they are written down. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Steps } from '../../ports/steps.ts';
import type { ConfigNode, MapNode } from './node.ts';

/** `sha256:` and the hash of the value's JSON with sorted keys, as a NATS server computes it. */
export function digestOf(node: ConfigNode): string {
  return `sha256:${createHash('sha256')
    .update(`${jsonOf(node)}\n`)
    .digest('hex')}`;
}

export function* digestInSteps(node: ConfigNode): Steps<string> {
  const hash = createHash('sha256');
  let piece = '';
  for (const part of jsonPieces(node)) {
    piece += part;
    if (piece.length < PIECE_LENGTH) continue;
    hash.update(piece);
    piece = '';
    yield;
  }
  return `sha256:${hash.update(`${piece}\n`).digest('hex')}`;
}

/** What is hashed at once takes some microseconds. */
const PIECE_LENGTH = 256;

/** The same text bit by bit; what is small is one bit. */
function* jsonPieces(node: ConfigNode): Iterable<string> {
  if ((node.kind !== 'map' && node.kind !== 'array') || isSmall(node)) {
    yield jsonOf(node);
    return;
  }
  let separator = node.kind === 'map' ? '{' : '[';
  for (const [key, value] of node.kind === 'map' ? sortedEntries(node) : node.value.entries()) {
    yield typeof key === 'number' ? separator : `${separator}${stringJson(key)}:`;
    yield* jsonPieces(value);
    separator = ',';
  }
  const isEmpty = node.kind === 'map' ? node.value.size === 0 : node.value.length === 0;
  yield `${isEmpty ? separator : ''}${node.kind === 'map' ? '}' : ']'}`;
}

const SMALL_SIZE = 16;
const SMALL_DEPTH = 3;

/** Few values, of which none leads far down or holds many. */
function isSmall(node: ConfigNode, depth = SMALL_DEPTH): boolean {
  if (node.kind !== 'map' && node.kind !== 'array') return true;
  const size = node.kind === 'map' ? node.value.size : node.value.length;
  if (depth === 0 || size > SMALL_SIZE) return size === 0;
  if (node.kind === 'array') return node.value.every((value) => isSmall(value, depth - 1));
  for (const { value } of node.value.values()) if (!isSmall(value, depth - 1)) return false;
  return true;
}

function* sortedEntries({ value }: MapNode): Iterable<[string, ConfigNode]> {
  const keys = [...value.keys()];
  if (keys.length > 1) sortByUtf8(keys);
  for (const key of keys) yield [key, value.get(key)!.value];
}

/** Compact JSON that is equal exactly when two values are. */
export function jsonOf(node: ConfigNode): string {
  switch (node.kind) {
    case 'map':
      return mapJson(node);
    case 'array':
      return `[${node.value.map(jsonOf).join(',')}]`;
    case 'string':
    case 'datetime':
      return stringJson(node.value);
    case 'float':
      return Object.is(node.value, -0) ? '-0' : String(node.value);
    default:
      return String(node.value);
  }
}

/** Without characters beyond the basic plane the order of UTF-16 units is that of UTF-8 bytes, and much faster to find. */
const SURROGATE = /[\ud800-\udfff]/;

function mapJson(node: MapNode): string {
  const keys = [...node.value.keys()];
  if (keys.length > 1) sortByUtf8(keys);
  let json = '';
  for (const key of keys) json += `${json === '' ? '' : ','}${stringJson(key)}:${jsonOf(node.value.get(key)!.value)}`;
  return `{${json}}`;
}

function sortByUtf8(keys: string[]): void {
  if (keys.some((key) => SURROGATE.test(key))) keys.sort(byUtf8);
  else keys.sort();
}

/** The order of the keys' UTF-8 bytes, which differs from the order of UTF-16 units beyond the basic plane. */
function byUtf8(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** Most names and values: JSON has nothing to escape in them. */
const PLAIN = /^[\w $.:/@*-]*$/;

/** JSON that may stand inside a web page: this too is part of what is hashed. */
function stringJson(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
