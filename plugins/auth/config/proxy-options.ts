/** Reads the `proxies` block: whose word about others counts. */
import {
  asString,
  type ConfigNode,
  type MapEntry,
  type Problems,
  quotedText,
  typeName,
} from '../../../kernel/plugin-api.ts';
import { decodePublicKey } from '../../../protocols/nkeys/nkey-text.ts';

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
  const key = asString(node, problems);
  if (key === undefined) return [];
  if (decodePublicKey(key) !== null) return [key];
  problems.error(node, `invalid proxy key ${quotedText(key)}`);
  return [];
}

function entriesOf(node: ConfigNode, what: string, problems: Problems): Iterable<MapEntry> {
  if (node.kind === 'map') return node.value.values();
  problems.error(node, `expected ${what} to be a map/struct, got ${typeName(node)}`);
  return [];
}

function refuse(entry: MapEntry, problems: Problems): void {
  if (!entry.isReferenced) problems.error(entry, `unknown field ${quotedText(entry.key)}`);
}
