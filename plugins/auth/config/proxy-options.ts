/** Reads the `proxies` block: whose word about others counts. */
import type { Problems } from '../../../kernel/plugin-api.ts';
import { readPublicKey } from '../credentials/public-key.ts';
import type { ConfigNode, MapEntry } from '../kernel-terms.ts';
import { quote, typeName } from './texts.ts';
import { readString } from './value-reader.ts';

/** The public keys of trusted proxies. */
export function readTrustedProxies(node: ConfigNode | undefined, problems: Problems): readonly string[] {
  if (node === undefined) return [];
  const keys: string[] = [];
  for (const entry of entriesOf(node, 'proxies', problems)) {
    if (entry.key.toLowerCase() === 'trusted') keys.push(...readTrusted(entry.value, problems));
    else refuse(entry, problems);
  }
  return Object.freeze(keys);
}

function readTrusted(node: ConfigNode, problems: Problems): string[] {
  if (node.kind !== 'array') {
    problems.error(node, `expected proxies' trusted field to be an array, got ${typeName(node)}`);
    return [];
  }
  return node.value.flatMap((element) => readProxy(element, problems));
}

function readProxy(node: ConfigNode, problems: Problems): string[] {
  const keys: string[] = [];
  for (const entry of entriesOf(node, "proxies' trusted entry", problems)) {
    if (!['key', 'public_key'].includes(entry.key.toLowerCase())) refuse(entry, problems);
    else keys.push(...readKey(entry.value, problems));
  }
  return keys.slice(-1);
}

function readKey(node: ConfigNode, problems: Problems): string[] {
  const key = readString(node, problems);
  if (key === undefined) return [];
  if (readPublicKey(key) !== null) return [key];
  problems.error(node, `invalid proxy key ${quote(key)}`);
  return [];
}

function entriesOf(node: ConfigNode, what: string, problems: Problems): Iterable<MapEntry> {
  if (node.kind === 'map') return node.value.values();
  problems.error(node, `expected ${what} to be a map/struct, got ${typeName(node)}`);
  return [];
}

function refuse(entry: MapEntry, problems: Problems): void {
  if (!entry.isReferenced) problems.error(entry, `unknown field ${quote(entry.key)}`);
}
