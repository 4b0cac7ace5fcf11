/** What stands under `resolver`: where the tokens of accounts are kept. */
import {
  asBoolean,
  asInteger,
  asString,
  type ConfigNode,
  type MapNode,
  type Problems,
  parseDuration,
  typeName,
} from '../../../kernel/plugin-api.ts';
import type { ResolverOptions } from '../contract.ts';

/** All but what stands under other keys. */
export type OwnOptions = Omit<ResolverOptions, 'tls' | 'preloads'>;

const FETCH_TIMEOUT_MS = 1900;
const SYNC_INTERVAL_MS = 60_000;
const CACHED_ACCOUNTS = 1000;

const MEMORY = /mem/i;
const URL_FORM = /URL(?:\(\s*"?([^\s"]*)"?\s*\))?/i;
const WRONG =
  'error parsing account resolver, should be MEM or  URL("url") or a map containing dir and type state=[FULL|CACHE])';

const PLAIN: OwnOptions = {
  type: 'memory',
  url: '',
  folder: '',
  allowsDelete: false,
  deletesForGood: false,
  accountsMax: 0,
  syncIntervalMs: SYNC_INTERVAL_MS,
  timeoutMs: FETCH_TIMEOUT_MS,
  ttlMs: 0,
  block: null,
};

export function urlResolver(url: string): OwnOptions {
  return { ...PLAIN, type: 'url', url };
}

/** Null after something was reported. */
export function readResolver(node: ConfigNode, problems: Problems): OwnOptions | null {
  if (node.kind === 'map') return new ResolverReader(node, problems).read();
  if (node.kind !== 'string') {
    problems.error(node, `error parsing operator resolver, wrong type ${typeName(node)}`);
    return null;
  }
  if (MEMORY.test(node.value)) return PLAIN;
  const url = URL_FORM.exec(node.value)?.[1];
  if (url !== undefined && URL.canParse(url)) return urlResolver(url);
  const text = url === undefined ? WRONG : `error parsing account resolver url ["${url}"]`;
  problems.error(node, text);
  return null;
}

/** A block being read. Keys it does not know are for the resolver of a stranger. */
class ResolverReader {
  private readonly block: MapNode;
  private readonly problems: Problems;
  private isSound = true;

  constructor(block: MapNode, problems: Problems) {
    this.block = block;
    this.problems = problems;
  }

  read(): OwnOptions | null {
    const written = (this.text('type') ?? '').toLowerCase();
    const type = written === 'mem' ? 'memory' : written;
    if (type === '') return this.refuse(WRONG);
    const options = this.optionsOf(type);
    if (type === 'cache') this.checkCache(options);
    if (type === 'full') this.checkFull(options);
    return this.isSound ? options : null;
  }

  private optionsOf(type: string): OwnOptions {
    const limit = this.value('limit', asInteger) ?? 0;
    return {
      type,
      url: '',
      folder: this.text('dir') ?? '',
      allowsDelete: this.value('allow_delete', asBoolean) ?? false,
      deletesForGood: this.value('hard_delete', asBoolean) ?? false,
      accountsMax: type === 'cache' && limit <= 0 ? CACHED_ACCOUNTS : Math.max(0, limit),
      syncIntervalMs: this.duration('interval') || SYNC_INTERVAL_MS,
      timeoutMs: this.timeout(),
      ttlMs: this.duration('ttl'),
      block: this.block,
    };
  }

  private checkCache({ folder, allowsDelete }: OwnOptions): void {
    if (folder === '') this.refuse('dir has no value and needs to point to a directory');
    if (this.duration('interval') !== 0) this.refuse('CACHE does not accept sync');
    if (allowsDelete) this.refuse('CACHE does not accept allow_delete');
    if (this.has('hard_delete')) this.refuse('CACHE does not accept hard_delete');
  }

  private checkFull({ folder, allowsDelete, ttlMs }: OwnOptions): void {
    if (folder === '') this.refuse('dir has no value and needs to point to a directory');
    if (ttlMs !== 0) this.refuse('FULL does not accept ttl');
    if (this.has('hard_delete') && !allowsDelete) this.refuse('hard_delete has no effect without delete');
  }

  private timeout(): number {
    if (!this.has('timeout')) return FETCH_TIMEOUT_MS;
    const ms = this.duration('timeout');
    if (ms <= 0) this.refuse(`Fetch timeout ${this.text('timeout')} is too smal`);
    return ms;
  }

  private has(key: string): boolean {
    return this.block.value.has(key);
  }

  private text(key: string): string | undefined {
    return this.value(key, asString);
  }

  private value<Value>(
    key: string,
    take: (node: ConfigNode, problems: Problems) => Value | undefined,
  ): Value | undefined {
    const entry = this.block.value.get(key);
    if (entry === undefined) return undefined;
    const value = take(entry.value, this.problems);
    if (value === undefined) this.isSound = false;
    return value;
  }

  /** Milliseconds; 0 where there is none, or it was reported. */
  private duration(key: string): number {
    const text = this.text(key);
    if (text === undefined) return 0;
    const outcome = parseDuration(text);
    if ('ms' in outcome) return outcome.ms;
    this.refuse(outcome.failure);
    return 0;
  }

  private refuse(text: string): null {
    this.isSound = false;
    this.problems.error(this.block, text);
    return null;
  }
}
