/** Reads the `exports` of an account. Every mistake is reported in a NATS server's words. */
import {
  asArray,
  asBoolean,
  asInteger,
  asString,
  type ConfigNode,
  type MapEntry,
  type MapNode,
  type Problems,
  parseDuration,
  printed,
  quotedText,
  subjectFromText,
  typeName,
} from '../../../kernel/plugin-api.ts';
import type { ResponseType } from '../contract.ts';
import { readLatency } from './read-latency.ts';
import type { ExportOptions } from './share-options.ts';

type Kind = ExportOptions['kind'];
type OpenExport = { -readonly [Key in keyof ExportOptions]: ExportOptions[Key] } & { isNamed: boolean };

const SERVICE_KEYS: ReadonlyMap<string, string> = new Map([
  ['response', 'response'],
  ['response_type', 'response'],
  ['threshold', 'threshold'],
  ['response_threshold', 'threshold'],
  ['response_max_time', 'threshold'],
  ['response_time', 'threshold'],
  ['latency', 'latency'],
  ['allow_trace', 'allow_trace'],
]);

const RESPONSE_TYPES: ReadonlyMap<string, ResponseType> = new Map([
  ['single', 'singleton'],
  ['singleton', 'singleton'],
  ['stream', 'stream'],
  ['chunk', 'chunked'],
  ['chunked', 'chunked'],
]);

export function readExports(node: ConfigNode, problems: Problems): ExportOptions[] {
  if (node.kind !== 'array') {
    problems.error(node, `Exports should be an array, got ${typeName(node)}`);
    return [];
  }
  return node.value.flatMap((element) => {
    if (element.kind === 'map') return new ExportReader(element, problems).read();
    problems.error(element, `Export Items should be a map with type entry, got ${typeName(element)}`);
    return [];
  });
}

class ExportReader {
  private readonly entries: readonly MapEntry[];
  private readonly problems: Problems;
  private readonly seen = new Set<string>();
  private readonly open: OpenExport = {
    isNamed: false,
    kind: 'service',
    subject: '',
    text: '',
    accounts: [],
    responses: 'singleton',
    responseThresholdMs: null,
    latency: null,
    accountPosition: 0,
    allowsTrace: false,
  };

  constructor(node: MapNode, problems: Problems) {
    this.entries = [...node.value.values()];
    this.problems = problems;
  }

  /** The subject first: what else may be said depends on its kind. One without a subject exports nothing. */
  read(): ExportOptions[] {
    for (const entry of this.entries) this.readName(entry);
    for (const entry of this.entries) this.readOther(entry);
    const { isNamed, ...options } = this.open;
    return isNamed && options.subject !== '' ? [Object.freeze(options)] : [];
  }

  private readName(entry: MapEntry): void {
    const kind = entry.key.toLowerCase();
    if (kind !== 'stream' && kind !== 'service') return;
    const { value } = entry;
    if (value.kind !== 'string') {
      this.problems.error(entry, `Expected ${kind} name to be string, got ${typeName(value)}`);
    } else if (this.open.isNamed && this.open.kind !== kind) {
      this.problems.error(entry, `Detected ${kind} ${quotedText(value.value)} but already saw a ${this.open.kind}`);
    } else {
      Object.assign(this.open, { isNamed: true, kind: kind satisfies Kind, text: value.value });
      this.open.subject = subjectFromText(value.value);
    }
  }

  private readOther(entry: MapEntry): void {
    const key = entry.key.toLowerCase();
    if (key === 'stream' || key === 'service') return;
    const directive = SERVICE_KEYS.get(key);
    if (directive !== undefined) this.readDirective(entry, directive);
    else if (key === 'accounts') this.readAccounts(entry.value);
    else if (key === 'account_token_position') this.readPosition(entry.value);
    else if (!entry.isReferenced) this.problems.error(entry, `unknown field ${quotedText(entry.key)}`);
  }

  private readDirective(entry: MapEntry, directive: string): void {
    if (this.open.isNamed && this.open.kind === 'stream') {
      const name = directive === 'threshold' ? 'response' : directive;
      this.problems.error(entry, `Detected ${name} directive on non-service`);
    } else if (directive === 'response') this.readResponse(entry);
    else if (directive === 'threshold') this.readThreshold(entry);
    else if (directive === 'latency') this.open.latency = readLatency(entry, this.problems);
    else this.open.allowsTrace = asBoolean(entry.value, this.problems) ?? false;
  }

  private readResponse(entry: MapEntry): void {
    const { value } = entry;
    if (this.isSecond('response', entry, 'Duplicate response type definition')) return;
    if (value.kind !== 'string') {
      this.problems.error(entry, `Expected response type to be string, got ${typeName(value)}`);
      return;
    }
    const type = RESPONSE_TYPES.get(value.value.toLowerCase());
    if (type === undefined) this.problems.error(entry, `Unknown response type: ${quotedText(value.value)}`);
    else this.open.responses = type;
  }

  private readThreshold(entry: MapEntry): void {
    const { value } = entry;
    if (this.isSecond('threshold', entry, 'Duplicate response threshold detected')) return;
    const expected = 'Expected response threshold to be a parseable time duration, got';
    if (value.kind !== 'string') {
      this.problems.error(entry, `${expected} ${typeName(value)}`);
      return;
    }
    const outcome = parseDuration(value.value);
    if (!('ms' in outcome)) this.problems.error(entry, `${expected} ${quotedText(value.value)}`);
    else if (outcome.ms > 0) this.open.responseThresholdMs = outcome.ms;
  }

  private isSecond(what: string, entry: MapEntry, text: string): boolean {
    if (!this.seen.has(what)) {
      this.seen.add(what);
      return false;
    }
    this.problems.error(entry, text);
    return true;
  }

  private readAccounts(node: ConfigNode): void {
    const names = asArray(node, this.problems)?.value ?? [];
    this.open.accounts = names.flatMap((name) => asString(name, this.problems) ?? []);
  }

  private readPosition(node: ConfigNode): void {
    const position = asInteger(node, this.problems) ?? 0;
    if (Number.isSafeInteger(position)) this.open.accountPosition = position;
    else this.problems.error(node, `account_token_position ${printed(node)} is no position of a token`);
  }
}
