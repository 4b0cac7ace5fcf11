/** The configuration of operator mode: whose word about accounts counts, and where their tokens are kept. */
import {
  asString,
  type ConfigChange,
  type ConfigNode,
  type ConfigSources,
  type Problems,
  type ReloadAnswer,
  typeName,
} from '../../kernel/plugin-api.ts';
import { decodePublicKey, NkeyKind } from '../../protocols/nkeys/nkey-text.ts';
import { conflictIn, systemAccountOf } from './config/consistency.ts';
import { type Operator, readOperators } from './config/operator-token.ts';
import { type OwnOptions, readResolver, urlResolver } from './config/resolver-options.ts';
import type { ResolverOptions } from './contract.ts';

export interface OperatorConfig {
  readonly operators: readonly Operator[];
  /** Public keys whose signature makes an account. Empty: there is no operator mode. */
  readonly trustedKeys: readonly string[];
  /** Only signing keys may sign, not the identity keys of operators and accounts. */
  readonly isStrict: boolean;
  /** Null: it is the broker's own. */
  readonly systemAccount: string | null;
  /** Null: the broker knows no account but the system's. */
  readonly resolver: ResolverOptions | null;
  /** Null: users of all accounts may log in here. */
  readonly pinnedAccounts: ReadonlySet<string> | null;
  /** The token of those who show none; empty: they have to. */
  readonly defaultSentinel: string;
}

export const operatorSchema = {
  read(node: unknown, problems: Problems, sources: ConfigSources): OperatorConfig {
    const before = problems.list.length;
    const also = (key: string): ConfigNode | undefined => sources.also(key) as ConfigNode | undefined;
    const operators = node === undefined ? [] : readOperators(node as ConfigNode, problems);
    const listedKeys = readTexts('trusted', also('trusted_keys'), problems);
    checkTrusted(listedKeys, also('trusted_keys'), problems);
    const own = readOwnResolver(also('resolver'), operators, problems);
    const preloads = readPreloads(also('resolver_preload'), problems);
    const resolver = own && { ...own, tls: also('resolver_tls') ?? null, preloads };
    const pinned = also('resolver_pinned_accounts');
    const given = {
      operators,
      listedKeys,
      resolver,
      pinned: pinned === undefined ? null : readTexts('resolver_pinned_accounts', pinned, problems),
      defaultSentinel: readSentinel(also('default_sentinel'), problems),
    };
    const isReadable = !problems.list.slice(before).some(({ severity }) => severity === 'error');
    const conflict = isReadable ? conflictIn(given, sources) : null;
    if (conflict !== null) problems.bareError((node ?? also('default_sentinel')) as ConfigNode, conflict);
    return configOf(given, sources);
  },
};

export interface Given {
  readonly operators: readonly Operator[];
  readonly listedKeys: readonly string[];
  readonly resolver: ResolverOptions | null;
  readonly pinned: readonly string[] | null;
  readonly defaultSentinel: string;
}

function configOf(given: Given, sources: ConfigSources): OperatorConfig {
  const { operators, resolver, pinned, defaultSentinel } = given;
  const systemAccount = systemAccountOf(given, sources);
  return Object.freeze({
    operators,
    trustedKeys: [...given.listedKeys, ...operators.flatMap(keysOf)],
    isStrict: operators.some(({ claims }) => claims.isStrict),
    systemAccount,
    resolver,
    // Whoever administers the server can always log in.
    pinnedAccounts: pinned && new Set([...pinned, ...(systemAccount === null ? [] : [systemAccount])]),
    defaultSentinel,
  });
}

function keysOf({ claims }: Operator): readonly string[] {
  return claims.isStrict ? claims.signingKeys : [claims.subject, ...claims.signingKeys];
}

/** One operator may say itself where its accounts are found. */
function readOwnResolver(
  node: ConfigNode | undefined,
  operators: readonly Operator[],
  problems: Problems,
): OwnOptions | null {
  if (node !== undefined) return readResolver(node, problems);
  const url = operators.length === 1 ? operators[0]!.claims.accountServerUrl : '';
  return url === '' ? null : urlResolver(`${url}/accounts`);
}

function readTexts(key: string, node: ConfigNode | undefined, problems: Problems): readonly string[] {
  if (node === undefined) return [];
  if (node.kind === 'string') return [node.value];
  if (node.kind !== 'array') {
    problems.error(node, `error parsing ${key}: unsupported type ${typeName(node)}`);
    return [];
  }
  return node.value.flatMap((element) => {
    if (element.kind === 'string') return [element.value];
    problems.error(element, `error parsing ${key}: unsupported type in array ${typeName(element)}`);
    return [];
  });
}

function checkTrusted(keys: readonly string[], node: ConfigNode | undefined, problems: Problems): void {
  for (const key of keys) {
    if (decodePublicKey(key)?.kind === NkeyKind.operator) continue;
    problems.error(node!, `trust key ${JSON.stringify(key)} required to be a valid public operator nkey`);
  }
}

/** Only the form of the tokens is looked at: there may be very many, and the loop must not stand still for them. */
function readPreloads(node: ConfigNode | undefined, problems: Problems): ReadonlyMap<string, string> {
  const preloads = new Map<string, string>();
  if (node === undefined) return preloads;
  if (node.kind !== 'map') {
    problems.error(node, 'preload should be a map of account_public_key:account_jwt');
    return preloads;
  }
  for (const { key, value } of node.value.values()) {
    if (value.kind !== 'string') problems.error(value, 'preload map value should be a string JWT');
    else if (value.value.split('.', 4).length !== 3) problems.error(value, 'invalid account JWT');
    else preloads.set(key, value.value);
  }
  return preloads;
}

function readSentinel(node: ConfigNode | undefined, problems: Problems): string {
  return node === undefined ? '' : (asString(node, problems) ?? '');
}

/** Whose word counts, and what kind of resolver keeps it, does not change under way; everything else does. */
export function reloadAnswer({ before, after }: ConfigChange<OperatorConfig>): ReloadAnswer {
  if (before.operators.map(tokenOf).join() !== after.operators.map(tokenOf).join()) {
    return { refuse: unsupported('TrustedOperators', before.operators.map(nameOf), after.operators.map(nameOf)) };
  }
  if (before.trustedKeys.join() !== after.trustedKeys.join()) {
    return { refuse: unsupported('TrustedKeys', before.trustedKeys, after.trustedKeys) };
  }
  if (before.resolver?.type === after.resolver?.type) return 'live';
  return { refuse: 'config reload does not support moving to or from an account resolver' };
}

function tokenOf({ token }: Operator): string {
  return token;
}

function nameOf({ claims }: Operator): string {
  return claims.subject;
}

/** Whether everything but the preloads is as it was. */
export function isSameResolver(before: ResolverOptions | null, after: ResolverOptions | null): boolean {
  const plain = (options: ResolverOptions | null): string =>
    JSON.stringify(options && { ...options, preloads: null }, unplaced);
  return plain(before) === plain(after);
}

/** Where a value stands in the file does not matter; maps and large numbers are not JSON's. */
function unplaced(key: string, value: unknown): unknown {
  if (key === 'file' || key === 'line' || key === 'column') return undefined;
  if (value instanceof Map) return [...value];
  return typeof value === 'bigint' ? String(value) : value;
}

function unsupported(option: string, before: readonly string[], after: readonly string[]): string {
  return `config reload not supported for ${option}: old=[${before.join(' ')}], new=[${after.join(' ')}]`;
}
