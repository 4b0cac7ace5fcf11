/** The `accounts` block: an array of names, or a map from names to what is the kernel's and what is the plugins'. */
import { decodePublicKey, NkeyKind } from '../../protocols/nkeys/nkey-text.ts';
import type { MappingRule } from '../accounts/mapping-rule.ts';
import type { Steps } from '../ports/steps.ts';
import { type Claims, type Level, refuseUnknown, takeClaimed, unknownField } from './claims.ts';
import { asInteger, asString, mismatchText, printed } from './conversion.ts';
import { type ConfigNode, type MapEntry, type MapNode, typeName } from './grammar/node.ts';
import { readMappingRules } from './mapping-options.ts';
import type { Place, Problems } from './problem.ts';
import { readTraceDestination, type TraceDestination } from './trace-destination.ts';

/** -1 is no limit. */
export interface AccountLimits {
  readonly connectionsMax: number;
  readonly subscriptionsMax: number;
  readonly payloadBytesMax: number;
}

export interface AccountOptions {
  readonly name: string;
  readonly place: Place;
  /** Where the whole block stands. */
  readonly blockPlace: Place;
  /** The account's public key, or empty. */
  readonly nkey: string;
  readonly limits: AccountLimits;
  readonly mappings: readonly MappingRule[];
  /** Where messages that carry a foreign trace are reported. */
  readonly trace: TraceDestination | null;
  /** What belongs to plugins, by its proper key; a plugin's limit as `limits.<key>`. */
  readonly blocks: ReadonlyMap<string, ConfigNode>;
}

const GLOBAL_ACCOUNT = '$G';

export const NO_LIMITS: AccountLimits = Object.freeze({
  connectionsMax: -1,
  subscriptionsMax: -1,
  payloadBytesMax: -1,
});

export function* readAccounts(
  node: ConfigNode,
  claims: Claims,
  problems: Problems,
): Steps<readonly AccountOptions[] | undefined> {
  if (node.kind === 'array') return readNames(node.value, problems);
  if (node.kind === 'map') return yield* readMap(node, claims, problems);
  problems.error(node, `expected accounts to be a map or an array, got ${typeName(node)}`);
  return undefined;
}

function readNames(nodes: readonly ConfigNode[], problems: Problems): readonly AccountOptions[] {
  const accounts = new Map<string, AccountOptions>();
  for (const node of nodes) {
    const name = asString(node, problems);
    if (name === undefined || !isFreeName(name, node, problems)) continue;
    if (accounts.has(name)) problems.error(node, `Duplicate Account Entry: ${name}`);
    else accounts.set(name, new AccountReader(name, node, node, new Map(), problems).finish());
  }
  return Object.freeze([...accounts.values()]);
}

function isFreeName(name: string, place: Place, problems: Problems): boolean {
  if (name !== GLOBAL_ACCOUNT) return true;
  problems.error(place, `"${name}" is a Reserved Account`);
  return false;
}

function* readMap(map: MapNode, claims: Claims, problems: Problems): Steps<readonly AccountOptions[]> {
  const accounts: AccountOptions[] = [];
  for (const entry of map.value.values()) {
    if (entry.value.kind !== 'map') problems.error(entry, 'Expected map entries for accounts');
    else if (isFreeName(entry.key, entry, problems)) {
      const reader = new AccountReader(entry.key, entry, map, claims, problems);
      for (const inner of entry.value.value.values()) reader.readEntry(inner);
      accounts.push(reader.finish());
    }
    yield;
  }
  return Object.freeze(accounts);
}

const ACCOUNT_KEYS = ['nkey', 'limits', 'mappings', 'maps', 'msg_trace', 'trace_dest'];

/** Keys every build understands as far as to hand them on: without an owner they are merely not acted upon. */
const KEPT_KEYS: ReadonlySet<string> = new Set(['users', 'exports', 'imports', 'default_permissions']);

const LIMIT_NAMES: ReadonlyMap<string, keyof AccountLimits> = new Map([
  ['max_connections', 'connectionsMax'],
  ['max_conn', 'connectionsMax'],
  ['max_subscriptions', 'subscriptionsMax'],
  ['max_subs', 'subscriptionsMax'],
  ['max_payload', 'payloadBytesMax'],
  ['max_pay', 'payloadBytesMax'],
]);

/** One account being read. */
class AccountReader {
  readonly #name: string;
  readonly #place: Place;
  readonly #blockPlace: Place;
  readonly #claims: Claims;
  readonly #problems: Problems;
  readonly #level: Level;
  readonly #blocks = new Map<string, ConfigNode>();
  #nkey = '';
  #limits: AccountLimits = NO_LIMITS;
  #mappings: readonly MappingRule[] = [];
  #trace: TraceDestination | null = null;

  constructor(name: string, place: Place, blockPlace: Place, claims: Claims, problems: Problems) {
    this.#name = name;
    this.#place = placeOf(place);
    this.#blockPlace = placeOf(blockPlace);
    this.#claims = claims;
    this.#problems = problems;
    this.#level = { claims, path: 'accounts.*.', unknownKey: unknownField };
  }

  finish(): AccountOptions {
    return Object.freeze({
      name: this.#name,
      place: this.#place,
      blockPlace: this.#blockPlace,
      nkey: this.#nkey,
      limits: this.#limits,
      mappings: this.#mappings,
      trace: this.#trace,
      blocks: this.#blocks,
    });
  }

  readEntry(entry: MapEntry): void {
    const key = entry.key.toLowerCase();
    if (key === 'nkey') this.#readKey(entry.value);
    else if (key === 'limits') this.#readLimits(entry.value);
    else if (key === 'mappings' || key === 'maps') this.#mappings = readMappingRules(entry.value, this.#problems);
    else if (key === 'msg_trace' || key === 'trace_dest') this.#trace = readTraceDestination(entry, this.#problems);
    else this.#readOther(entry, key);
  }

  #readOther(entry: MapEntry, key: string): void {
    if (takeClaimed(entry, this.#level, this.#blocks, this.#problems)) return;
    if (KEPT_KEYS.has(key)) this.#blocks.set(key, entry.value);
    else refuseUnknown(entry, this.#level, [...ACCOUNT_KEYS, ...KEPT_KEYS], this.#problems);
  }

  #readKey(node: ConfigNode): void {
    const text = node.kind === 'string' ? node.value : printed(node);
    if (decodePublicKey(text)?.kind === NkeyKind.account) this.#nkey = text;
    else this.#problems.error(node, `Not a valid public nkey for an account: "${text}"`);
  }

  #readLimits(node: ConfigNode): void {
    if (node.kind !== 'map') {
      this.#problems.error(node, `Expected account limits to be a map/struct, got ${printed(node)}`);
      return;
    }
    const limits: Record<keyof AccountLimits, number> = { ...NO_LIMITS };
    for (const entry of node.value.values()) this.#readLimit(entry, limits);
    this.#limits = Object.freeze(limits);
  }

  #readLimit(entry: MapEntry, limits: Record<keyof AccountLimits, number>): void {
    const name = LIMIT_NAMES.get(entry.key.toLowerCase());
    const value = name === undefined ? undefined : asInteger(entry.value, this.#problems);
    if (name === undefined) this.#readClaimedLimit(entry);
    else if (value !== undefined) limits[name] = value;
  }

  #readClaimedLimit(entry: MapEntry): void {
    const level: Level = {
      claims: this.#claims,
      path: 'accounts.*.limits.',
      unknownKey: (key) => `Unknown field "${key}" parsing account limits`,
    };
    const claimed = new Map<string, ConfigNode>();
    if (!takeClaimed(entry, level, claimed, this.#problems)) {
      refuseUnknown(entry, level, LIMIT_NAMES.keys(), this.#problems);
    }
    for (const [key, value] of claimed) {
      if (value.kind !== 'integer') this.#problems.error(value, mismatchText(value, 'integer'));
      else this.#blocks.set(`limits.${key}`, value);
    }
  }
}

function placeOf({ file, line, column }: Place): Place {
  return { file, line, column };
}
