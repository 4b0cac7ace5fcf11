/** Exports and imports as a configuration says them: plain data, which can be compared. */
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
