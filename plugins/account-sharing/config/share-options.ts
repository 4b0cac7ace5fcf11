/** Exports and imports as a configuration says them: plain data, which can be compared. */
import { isDeepStrictEqual } from 'node:util';
import type { LatencyRule, ResponseType } from '../contract.ts';

export interface ExportOptions {
  readonly kind: 'stream' | 'service';
  /** One character for each byte; `text` is what was written. */
  readonly subject: string;
  readonly text: string;
  /** Who may import it; empty: everybody. */
  readonly accounts: readonly string[];
  readonly responses: ResponseType;
  /** Null: the default. */
  readonly responseThresholdMs: number | null;
  readonly latency: LatencyRule | null;
  readonly accountPosition: number;
  readonly allowsTrace: boolean;
}

export interface ImportOptions {
  readonly kind: 'stream' | 'service';
  readonly account: string;
  readonly subject: string;
  readonly text: string;
  /** What it is called here; empty: the same. */
  readonly to: string;
  /** Streams: what is put in front; empty: nothing. */
  readonly prefix: string;
  readonly sharesRequester: boolean;
  readonly allowsTrace: boolean;
}

export interface AccountShareOptions {
  readonly exports: readonly ExportOptions[];
  readonly imports: readonly ImportOptions[];
}

export const NOTHING_SHARED: AccountShareOptions = Object.freeze({ exports: [], imports: [] });

/** Holds each import that is said once, whoever says it. Those of one reading have one pool. */
export class ImportPool {
  private readonly known = new Map<string, ImportOptions>();

  shared(options: ImportOptions): ImportOptions {
    const key = keyOf(options);
    const same = this.known.get(key);
    if (same !== undefined) return same;
    this.known.set(key, options);
    return options;
  }
}

export function isSameShare(one: AccountShareOptions, other: AccountShareOptions): boolean {
  if (one === other) return true;
  return (
    one.imports.length === other.imports.length &&
    one.imports.every((each, at) => isSameImport(each, other.imports[at] as ImportOptions)) &&
    (one.exports.length + other.exports.length === 0 || isDeepStrictEqual(one.exports, other.exports))
  );
}

function isSameImport(one: ImportOptions, other: ImportOptions): boolean {
  return (
    one.kind === other.kind &&
    one.account === other.account &&
    one.text === other.text &&
    one.to === other.to &&
    one.prefix === other.prefix &&
    one.sharesRequester === other.sharesRequester &&
    one.allowsTrace === other.allowsTrace
  );
}

/** With lengths, so that no text can be taken for the end of another. */
function keyOf({ kind, account, text, to, prefix, sharesRequester, allowsTrace }: ImportOptions): string {
  const flags = `${kind} ${sharesRequester} ${allowsTrace}`;
  return `${flags} ${account.length} ${text.length} ${to.length} ${account} ${text} ${to} ${prefix}`;
}
