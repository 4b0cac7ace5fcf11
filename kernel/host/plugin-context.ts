/** What a plugin sees of the broker. Everything registered here is undone by the host when the plugin closes. */
import type { HookName, TapOf } from '../hooks/catalogue.ts';
import type { HookTypes } from '../hooks/hook-types.ts';
import type { Stage, TapOptions } from '../hooks/tap.ts';
import type { Log } from '../log.ts';
import type { Handler } from '../routing/publisher.ts';
import type { ProvidedCapability } from './capability-table.ts';
import type { HostDescription } from './describe.ts';
import type { KernelServices } from './kernel-services.ts';
import type { Scope } from './scope.ts';

/** Undoes one registration, early. Calling it again does nothing. */
export type Disposer = () => void;

export interface ProvideOptions {
  /** Which of the named ones this is. */
  id?: string;
  /** The place in a chain; within a stage the order of the plugins counts. */
  order?: Stage;
}

export interface EndpointRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  /** The header of that name; absent where there is none. */
  readonly accept?: string;
}

/** Answers what is shown: a value to print as JSON, or text made by `endpointText`. */
export type EndpointHandler = (request: EndpointRequest) => unknown | Promise<unknown>;

export interface PluginContext<Config = unknown> {
  readonly plugin: { readonly name: string; readonly version: string };
  /** The plugin's own block, checked and frozen. A live reload replaces it. */
  readonly config: Config;
  readonly kernel: KernelServices;
  /** Lines carry the plugin's name. */
  readonly log: Log;
  /** Aborted when the plugin has to stop whatever it is doing: it is being closed, or missed a deadline. */
  readonly signal: AbortSignal;
  /** The plugin's own services, resolved by name; make a child for each account that needs some of its own. */
  readonly scope: Scope;

  tap<Name extends HookName>(hook: Name, run: TapOf<Name>, options?: TapOptions): Disposer;

  /** In `register` or `init`, and only what the definition lists under `provides`. */
  provide(name: string, value: unknown, options?: ProvideOptions): Disposer;
  /** From `init` on, and only what the definition lists under `requires`. Keep what you get; do not ask again. */
  use<Capability>(name: string, id?: string): Capability;
  /** Undefined when nobody provides it. */
  useOptional<Capability>(name: string, id?: string): Capability | undefined;
  /** All providers of a named or chain capability, in order. */
  useAll<Capability>(name: string): readonly ProvidedCapability<Capability>[];

  /**
   * Calls the handler for every message on the pattern, with the message borrowed until it returns. Answer false to
   * leave the message to others; a throw counts as that, and is logged with the plugin's name.
   */
  subscribe(account: HookTypes['account'], pattern: string, handler: Handler, queue?: string): Disposer;

  /** Serves a wire verb the definition lists under `verbs`. */
  verb(connectionKind: string, verb: string, handler: HookTypes['verbHandler']): Disposer;
  /** Serves an HTTP path the definition lists under `endpoints`. */
  endpoint(path: string, handler: EndpointHandler): Disposer;
  /** What plugins serve just now, by path: for those who speak HTTP. */
  endpoints(): ReadonlyMap<string, EndpointHandler>;

  /** Every plugin with its phases, every capability and every hook, as `gnatlet plugins` prints them. */
  describe(): HostDescription;

  /** Runs once, later. A throw is logged with the plugin's name. */
  after(milliseconds: number, run: () => void | Promise<void>): Disposer;
  /** Runs again and again, never while the last run is still going on. */
  every(milliseconds: number, run: () => void | Promise<void>): Disposer;
  /** Runs when the plugin closes, after its `close`, the latest first. On a closed plugin it runs at once. */
  onDispose(dispose: () => void | Promise<void>): Disposer;
}
