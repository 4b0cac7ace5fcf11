/**
 * The capability `account.sharing`: what accounts let others see of their subjects, and what they take of others.
 *
 * Whoever knows what an account exports and imports, from a configuration or from a signed claim, says so with `share`;
 * everything else (who may import what, cycles, subscriptions, replies, latency) happens behind it.
 */
import type { Account, Message } from '../../kernel/plugin-api.ts';

export const SHARING = 'account.sharing';

/**
 * The capability `service.measures`: whoever connects servers says which requests come and which answers go that another server
 * measures. Their reply subjects, and the subjects of the answers, end in `.T`.
 */
export interface ServiceMeasures {
  /** A request of another server is delivered here. */
  requested(account: Account, request: Message): void;
  /** An answer leaves for another server. */
  answered(account: Account, answer: Message): void;
}

export type ResponseType = 'singleton' | 'stream' | 'chunked';

/** Subjects are in the kernel's form, one character per byte. */
interface ExportRule {
  readonly subject: string;
  /** Which token, from 1 on, must be the importer's name; 0: none. Where there is one, nothing else is asked for. */
  readonly accountPosition: number;
  /** Whether that account may import it by this rule. Not asked where the position of the account decides. */
  admits(importer: string, rule: ImportRule): boolean;
  /** A trace goes on behind it. */
  readonly allowsTrace: boolean;
  /** Shown by the monitor: importers need a token, or must be on the list. */
  readonly isTokenRequired: boolean;
  readonly approved: readonly string[];
}

export interface StreamExport extends ExportRule {
  readonly kind: 'stream';
}

export interface ServiceExport extends ExportRule {
  readonly kind: 'service';
  readonly responses: ResponseType;
  /** How long an answer may take, and how long may pass between answers. */
  readonly responseThresholdMs: number;
  readonly latency: LatencyRule | null;
}

export interface LatencyRule {
  /** Percent of the requests, or those whose headers ask for it. */
  readonly sampling: number | 'headers';
  /** Where the figures are published, in the exporting account. */
  readonly subject: string;
}

export interface ImportRule {
  readonly kind: 'stream' | 'service';
  /** Who exports it. */
  readonly account: string;
  /** What it is called there. */
  readonly subject: string;
  /** What it is called here: a pattern with the wildcards of `subject` as `*` in their order or as `$1`, `{{wildcard(1)}}`. */
  readonly localSubject: string;
  /** Services: the exporter learns all about the requester. */
  readonly sharesRequester: boolean;
  readonly allowsTrace: boolean;
  /** What the exporter's `admits` goes by; opaque to everybody else. */
  readonly activation?: unknown;
  /** Wall clock, milliseconds: the import ends then. Absent: never. */
  readonly validUntil?: number;
}

export interface Shares {
  readonly exports: readonly (StreamExport | ServiceExport)[];
  readonly imports: readonly ImportRule[];
}

/** What became of an import. */
export interface ImportState {
  readonly rule: ImportRule;
  /** Null while it is in force; else why it is not, in a NATS server's words. */
  readonly problem: string | null;
}

export interface AccountSharing {
  /**
   * From now on the account shares this and nothing else. Importers of the account are judged anew, and exporters that are
   * not loaded are asked for. An empty list of both ends all.
   */
  share(account: Account, shares: Shares): void;
  exportsOf(account: Account): readonly (StreamExport | ServiceExport)[];
  importsOf(account: Account): readonly ImportState[];
}
