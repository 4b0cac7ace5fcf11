/** The keys `ocsp` and `ocsp_cache`. */
import {
  type ConfigChange,
  type ConfigNode,
  type ConfigSchema,
  type ConfigSources,
  type MapEntry,
  mismatchText,
  type Problems,
  parseDuration,
  type ReloadAnswer,
  typeName,
} from '../../kernel/plugin-api.ts';

const MODES = ['auto', 'always', 'must', 'never'] as const;
export type Mode = (typeof MODES)[number];

export interface StapleOptions {
  readonly mode: Mode;
  /** Whom to ask instead of those that certificates name; empty for those. */
  readonly urls: readonly string[];
  /** Where responses are kept; empty for nowhere. */
  readonly storeDirectory: string;
}

export interface CacheOptions {
  readonly isLocal: boolean;
  readonly directory: string;
  readonly keepsRevoked: boolean;
  readonly saveIntervalMs: number;
}

export interface OcspConfig {
  readonly staple: StapleOptions;
  readonly cache: CacheOptions;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const SAVE_INTERVAL_MS = 5 * MINUTE;
const SAVE_INTERVAL_MIN_MS = SECOND;
const STAPLE: StapleOptions = { mode: 'auto', urls: [], storeDirectory: '' };
const CACHE: CacheOptions = {
  isLocal: true,
  directory: '_rc_',
  keepsRevoked: false,
  saveIntervalMs: SAVE_INTERVAL_MS,
};

export const ocspSchema: ConfigSchema<OcspConfig> = {
  read(node: unknown, problems: Problems, sources: ConfigSources): OcspConfig {
    const cache = sources.also('ocsp_cache') as ConfigNode | undefined;
    return Object.freeze({
      staple: node === undefined ? STAPLE : readStaple(node as ConfigNode, problems),
      cache: cache === undefined ? CACHE : readCache(cache, problems),
    });
  },
};

function readStaple(node: ConfigNode, problems: Problems): StapleOptions {
  const fail = (at: ConfigNode, what: string): void => problems.error(at, `error parsing ocsp config: ${what}`);
  if (node.kind === 'boolean') return { ...STAPLE, mode: node.value ? 'auto' : 'never' };
  if (node.kind !== 'map') {
    fail(node, `unsupported type ${typeName(node)}`);
    return STAPLE;
  }
  const read = { mode: STAPLE.mode as Mode, urls: [] as string[], storeDirectory: '' };
  for (const { key, value } of entriesOf(node)) {
    if (!KEYS.includes(key)) fail(value, 'unsupported field string');
    else if (key === 'urls' && value.kind === 'array') read.urls.push(...textsIn(value.value, problems));
    else if (value.kind !== 'string') problems.error(value, mismatchText(value, 'string'));
    else if (key === 'store_dir') read.storeDirectory = value.value;
    else if (key !== 'mode') read.urls.push(value.value);
    else if (isMode(value.value.toLowerCase())) read.mode = value.value.toLowerCase() as Mode;
    else fail(value, 'unsupported ocsp mode string');
  }
  return read;
}

const KEYS = ['mode', 'url', 'urls', 'store_dir'];

function isMode(text: string): text is Mode {
  return (MODES as readonly string[]).includes(text);
}

function textsIn(nodes: readonly ConfigNode[], problems: Problems): string[] {
  return nodes.flatMap((item) => {
    if (item.kind === 'string') return [item.value];
    problems.error(item, mismatchText(item, 'string'));
    return [];
  });
}

function entriesOf(node: ConfigNode): MapEntry[] {
  return node.kind === 'map' ? [...node.value.values()] : [];
}

const UNKNOWN = 'unknown field';
const CACHE_PARSING = 'error parsing OCSP peer cache config,';

function readCache(node: ConfigNode, problems: Problems): CacheOptions {
  if (node.kind === 'boolean') return { ...CACHE, isLocal: node.value };
  if (node.kind !== 'map') {
    // The words are those of a NATS server, out of place as they are.
    problems.error(node, `error parsing tags: unsupported type ${typeName(node)}`);
    return CACHE;
  }
  const read: Writable = { ...CACHE };
  for (const { key, value } of entriesOf(node)) {
    const name = key.toLowerCase();
    const mistake = readCacheKey(read, name, value);
    if (mistake !== null)
      problems.error(value, mistake === UNKNOWN ? `${CACHE_PARSING} ${UNKNOWN} ["${name}"]` : mistake);
  }
  return read;
}

type Writable = { -readonly [Key in keyof CacheOptions]: CacheOptions[Key] };

/** Answers what is wrong; null when nothing is. A value of the wrong type makes an unknown field, in the words of a NATS server. */
function readCacheKey(read: Writable, key: string, value: ConfigNode): string | null {
  if (key === 'save_interval') return readInterval(read, value);
  if (key === 'type' && value.kind === 'string') {
    if (!/^(local|none)$/i.test(value.value)) return `${CACHE_PARSING} unknown type [${value.value}]`;
    read.isLocal = value.value.toLowerCase() === 'local';
  } else if (key === 'local_store' && value.kind === 'string') read.directory = value.value;
  else if (key === 'preserve_revoked' && value.kind === 'boolean') read.keepsRevoked = value.value;
  else return UNKNOWN;
  return null;
}

function readInterval(read: Writable, value: ConfigNode): string | null {
  const isNumber = value.kind === 'integer' || value.kind === 'float';
  if (!isNumber && value.kind !== 'string') return `${CACHE_PARSING} conversion error: unexpected type`;
  const outcome = isNumber ? { ms: Number(value.value) * SECOND } : parseDuration(value.value);
  if (!('ms' in outcome)) return `error parsing tls peer config, conversion error: ${outcome.failure}`;
  read.saveIntervalMs = Math.max(SAVE_INTERVAL_MIN_MS, outcome.ms);
  return null;
}

/** Whoever serves certificates asks for their statuses again after each reload. Where the cache lies is settled at the start. */
export function reloadRule({ before, after }: ConfigChange<OcspConfig>): ReloadAnswer {
  return JSON.stringify(before.cache) === JSON.stringify(after.cache) ? 'live' : 'restart';
}
