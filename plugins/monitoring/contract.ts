/** What other plugins may add to the monitor, and ask of it. Import it as types only. */
import type { HookTypes } from '../../kernel/plugin-api.ts';

/** The capability under which sections are provided; any number of them (chain). */
export type MonitorSectionCapability = 'monitor.section';

/** The parameters of a request. A value that cannot be read ends the request with 400 and the usual text. */
export interface MonitorQuery {
  /** The first value of that name; empty when there is none. */
  text(name: string): string;
  boolean(name: string): boolean;
  integer(name: string): number;
  /** Up to 2^64 - 1. */
  unsigned(name: string): bigint;
  /** `detail`, or a boolean. */
  subscriptions(name: string): 'none' | 'subjects' | 'detail';
}

/**
 * What an endpoint answers. Keys of `json` that are undefined are left out; a key on the first level, or one of a
 * row, may hold a generator of rows, which are then made and printed a few at a time, so that a long list does not hold the loop. A row
 * that is undefined is left out.
 */
export type MonitorAnswer =
  | { readonly json: object; readonly status?: number; readonly isCompact?: boolean; readonly indent?: number }
  | { readonly text: string; readonly status: number; readonly headers?: Readonly<Record<string, string>> };

export interface QueueDepth {
  readonly pending: number;
  readonly in_progress?: number;
}

export interface MonitorEndpoint {
  /** Below the base path, with a slash in front. */
  readonly path: string;
  /** The link on the index page; none when absent. */
  readonly title?: string;
  /** Under which path `http_req_stats` counts it; not counted when absent. */
  readonly countedAs?: string;
  answer(query: MonitorQuery): MonitorAnswer | Promise<MonitorAnswer>;
}

/** Something is wrong with this server. */
export interface HealthProblem {
  /** `CONNECTION`, `BAD_REQUEST`, `ACCOUNT`, or a word of the plugin's own. */
  readonly type: string;
  readonly error: string;
  /** The HTTP status; 503 unless told. */
  readonly code?: number;
  readonly account?: string;
  readonly stream?: string;
  readonly consumer?: string;
}

/** What a plugin adds to the monitor. Every part may be absent. */
export interface MonitorSection {
  /** An endpoint on a path that the monitor serves itself takes its place. */
  readonly endpoints?: readonly MonitorEndpoint[];
  /** Keys of /varz, which take the place of the monitor's own; asked for each time. */
  varz?(): Readonly<Record<string, unknown>>;
  /** Connections besides clients that /connz lists: by `kindName` what it calls them. */
  readonly connectionKinds?: Readonly<Record<string, string>>;
  /** Further keys of a connection in /connz. */
  connection?(connection: HookTypes['connection']): Readonly<Record<string, unknown>> | undefined;
  /** Further keys of an account in /accountz. The lists `imports` and `exports` of all plugins are put together. */
  account?(account: HookTypes['account']): Readonly<Record<string, unknown>> | undefined;
  /** Further keys of an account in /accstatz; `routes` is its traffic (`Traffic`) over lines to other servers. */
  accountStatistics?(account: HookTypes['account']): Readonly<Record<string, unknown>> | undefined;
  /**
   * Listeners that should be open and are not, by what people call them: `websocket`, or `websocket(address in use)`. While there
   * are any /healthz says that this server is not ready.
   */
  closedListeners?(): readonly string[];
  /** Depths of queues, for /ipqueuesz. */
  queues?(): Readonly<Record<string, QueueDepth>>;
  /** Checked by /healthz after the listeners; the problems found, the worst first. */
  health?(query: MonitorQuery): readonly HealthProblem[] | Promise<readonly HealthProblem[]>;
}

/** The capability `monitor.address`: where the monitor answers, for whoever writes it down. */
export interface MonitorAddress {
  /** Empty until the monitor listens. */
  urls(): readonly string[];
}

/** The capability `monitor.endpoints`: the same answers for whoever asks in another way than over HTTP. */
export interface MonitorEndpoints {
  /**
   * The answer to a path below the base path, printed without spaces; long lists are printed a slice at a time. Null: there is
   * no such endpoint. Rejects with the usual text for what cannot be answered.
   */
  ask(path: string, query: MonitorQuery): Promise<{ readonly status: number; readonly body: string } | null>;
  /** Connections and traffic of one account, as /accstatz has them. */
  accountStatistics(account: HookTypes['account']): Promise<object>;
  /** The figures of /varz, not printed. */
  figures(): Promise<Readonly<Record<string, unknown>>>;
}
