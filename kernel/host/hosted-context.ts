/** The context as the host makes it: each call checks that the plugin may, registers, and remembers how to undo it. */
import type { HookName, TapOf } from '../hooks/catalogue.ts';
import type { HookTypes } from '../hooks/hook-types.ts';
import { hookPoint } from '../hooks/hooks.ts';
import { suggestion } from '../hooks/nearest-name.ts';
import { PluginError } from '../hooks/plugin-error.ts';
import type { TapOptions } from '../hooks/tap.ts';
import type { Log } from '../log.ts';
import type { Handler } from '../routing/publisher.ts';
import type { ProvidedCapability } from './capability-table.ts';
import type { HostDescription } from './describe.ts';
import { type Dispose, Disposers } from './disposers.ts';
import type { HostEnvironment } from './host-environment.ts';
import { IsolatedHandler } from './isolated-handler.ts';
import type { KernelServices } from './kernel-services.ts';
import type { NameTable } from './name-table.ts';
import type { Disposer, EndpointHandler, PluginContext, ProvideOptions } from './plugin-context.ts';
import type { Phase, PluginDefinition } from './plugin-definition.ts';
import { armTimer } from './plugin-timer.ts';
import { callbackFailure, isWorthTelling, prefixedLog } from './report.ts';
import type { Scope } from './scope.ts';

export class HostedContext implements PluginContext<unknown> {
  readonly plugin: { readonly name: string; readonly version: string };
  readonly kernel: KernelServices;
  readonly log: Log;
  readonly scope: Scope;
  config: unknown;
  /** The phase under way or last passed. */
  phase: Phase = 'register';
  readonly #environment: HostEnvironment;
  readonly #definition: PluginDefinition;
  readonly #rank: number;
  readonly #disposers = new Disposers();
  readonly #abort = new AbortController();
  #isClosed = false;

  constructor(environment: HostEnvironment, definition: PluginDefinition, rank: number, config: unknown) {
    this.plugin = { name: definition.name, version: definition.version };
    this.kernel = environment.kernel;
    this.log = prefixedLog(environment.kernel.log, definition.name);
    this.config = config;
    this.#environment = environment;
    this.#definition = definition;
    this.#rank = rank;
    this.scope = environment.scope.child(definition.name).value('context', this).value('log', this.log);
    const cardinalities = new Map((definition.requires ?? []).map(({ name, cardinality }) => [name, cardinality]));
    for (const [name, cardinality] of cardinalities) {
      this.scope.once(name, () => (cardinality === 'one' ? this.useOptional(name) : this.useAll(name)));
    }
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  tap<Name extends HookName>(hook: Name, run: TapOf<Name>, options?: TapOptions): Disposer {
    this.#assertOpen(`tap ${hook}`);
    const point = hookPoint(this.kernel.hooks, hook);
    return this.#disposers.own(point.tap({ plugin: this.plugin.name, rank: this.#rank }, run, options));
  }

  provide(name: string, value: unknown, options: ProvideOptions = {}): Disposer {
    this.#assertOpen(`provide "${name}"`);
    this.#assertOffered(name, options.id);
    if (this.phase !== 'register' && this.phase !== 'init') {
      throw this.#error('CAPABILITY_MISTIMED', `provides "${name}" in ${this.phase}`, 'provide it in register or init');
    }
    const by = { plugin: this.plugin.name, rank: this.#rank };
    const remove = this.#environment.capabilities.provide(name, value, by, options);
    if (remove === null) {
      throw this.#error('CAPABILITY_AMBIGUOUS', `provides "${name}" a second time`, 'provide it once');
    }
    return this.#disposers.own(remove);
  }

  use<Capability>(name: string, id?: string): Capability {
    this.#assertUsable(name);
    const found = this.#environment.capabilities.find(name, id);
    if (found !== undefined) return found.value as Capability;
    const what = `uses "${name}"${id === undefined ? '' : ` with the id "${id}"`}, which nobody provides`;
    throw this.#error('CAPABILITY_MISSING', what, 'add a plugin that does, or use useOptional');
  }

  useOptional<Capability>(name: string, id?: string): Capability | undefined {
    this.#assertUsable(name);
    return this.#environment.capabilities.find(name, id)?.value as Capability | undefined;
  }

  useAll<Capability>(name: string): readonly ProvidedCapability<Capability>[] {
    this.#assertUsable(name);
    return this.#environment.capabilities.all(name) as readonly ProvidedCapability<Capability>[];
  }

  subscribe(account: HookTypes['account'], pattern: string, handler: Handler, queue = ''): Disposer {
    this.#assertOpen(`subscribe to "${pattern}"`);
    this.#assertAccount(account, pattern);
    const what = `its subscription to "${pattern}"`;
    const isolated = new IsolatedHandler(handler, (cause, times) => {
      if (isWorthTelling(times)) this.#environment.report(callbackFailure(this.plugin.name, what, cause, times));
    });
    const remove = this.kernel.broker.publisher.subscribe(account, pattern, queue, isolated.handle);
    return this.#disposers.own(() => {
      isolated.stop();
      remove();
    });
  }

  verb(connectionKind: string, verb: string, handler: HookTypes['verbHandler']): Disposer {
    const claims = this.#definition.verbs ?? [];
    const name = `${connectionKind} ${verb}`;
    this.#assertClaimed(
      'verbs',
      name,
      claims.map((claim) => `${claim.connectionKind} ${claim.verb}`),
    );
    return this.#register(this.#environment.verbs, name, handler);
  }

  endpoint(path: string, handler: EndpointHandler): Disposer {
    const claims = this.#definition.endpoints ?? [];
    this.#assertClaimed(
      'endpoints',
      path,
      claims.map((claim) => claim.path),
    );
    return this.#register(this.#environment.endpoints, path, handler);
  }

  endpoints(): ReadonlyMap<string, EndpointHandler> {
    return new Map(this.#environment.endpoints.entries().map(({ name, value }) => [name, value]));
  }

  describe(): HostDescription {
    return this.#environment.describe();
  }

  after(milliseconds: number, run: () => void | Promise<void>): Disposer {
    return this.#arm(milliseconds, run, false);
  }

  every(milliseconds: number, run: () => void | Promise<void>): Disposer {
    return this.#arm(milliseconds, run, true);
  }

  onDispose(dispose: Dispose): Disposer {
    if (this.#isClosed) {
      this.#runNow(dispose);
      return () => {};
    }
    const takeOut = this.#disposers.add(dispose);
    return () => {
      if (takeOut()) this.#runNow(dispose);
    };
  }

  /** Tells the plugin to stop what it is doing; called before its `close`. */
  abort(): void {
    this.#abort.abort();
  }

  /** What is left to undo, the latest first; afterwards nothing can be registered. */
  *undo(): Iterable<Dispose> {
    yield* this.#disposers.drain();
    this.#isClosed = true;
    yield () => this.scope.dispose();
  }

  #arm(milliseconds: number, run: () => void | Promise<void>, repeats: boolean): Disposer {
    this.#assertOpen('start a timer');
    const cancel = armTimer(this.kernel.ports.clock, milliseconds, repeats, run, {
      failed: (cause) => this.#environment.report(callbackFailure(this.plugin.name, 'a timer', cause)),
      ended: () => forget(),
    });
    const forget = this.#disposers.add(cancel);
    return () => {
      forget();
      cancel();
    };
  }

  #register<Value>(table: NameTable<Value>, name: string, value: Value): Disposer {
    this.#assertOpen(`register "${name}"`);
    const remove = table.add(name, this.plugin.name, value);
    if (remove === null)
      throw this.#error('PLUGIN_CLAIM_CONFLICT', `registers "${name}" a second time`, 'register it once');
    return this.#disposers.own(remove);
  }

  /** A disposer that fails must not keep its caller from going on. */
  async #runNow(dispose: Dispose): Promise<void> {
    try {
      await dispose();
    } catch (cause) {
      this.#environment.report(callbackFailure(this.plugin.name, 'a disposer', cause));
    }
  }

  #assertOpen(intent: string): void {
    if (!this.#isClosed) return;
    throw this.#error(
      'PLUGIN_CONTEXT_CLOSED',
      `wants to ${intent} after it was closed`,
      'stop when ctx.signal is aborted',
    );
  }

  /** Plugins need not be in TypeScript, and a name is what first comes to mind. */
  #assertAccount(account: unknown, pattern: string): void {
    if (typeof account === 'object' && account !== null && 'sublist' in account) return;
    const name = typeof account === 'string' ? JSON.stringify(account) : String(account);
    const remedy = `give it an Account, such as ctx.kernel.broker.accounts.${typeof account === 'string' ? `get(${name})` : 'global'}`;
    throw this.#error('PLUGIN_INVALID', `subscribes to "${pattern}" in ${name}, which is no Account`, remedy);
  }

  #assertUsable(name: string): void {
    this.#assertOpen(`use "${name}"`);
    const names = (this.#definition.requires ?? []).map((need) => need.name);
    if (!names.includes(name)) {
      const remedy = `list it under requires${suggestion(name, names)}`;
      throw this.#error('CAPABILITY_UNDECLARED', `uses "${name}", which it does not require`, remedy);
    }
    if (this.phase === 'register') {
      throw this.#error('CAPABILITY_MISTIMED', `uses "${name}" in register`, 'use it from init on, when it is open');
    }
  }

  #assertOffered(name: string, id?: string): void {
    const offers = this.#definition.provides ?? [];
    if (offers.some((offer) => offer.name === name && offer.id === id)) return;
    const names = offers.map((offer) => (offer.id === undefined ? offer.name : `${offer.name}/${offer.id}`));
    const wanted = id === undefined ? name : `${name}/${id}`;
    const remedy = `list it under provides${suggestion(wanted, names)}`;
    throw this.#error('CAPABILITY_UNDECLARED', `provides "${wanted}" without saying so`, remedy);
  }

  #assertClaimed(list: string, name: string, claimed: readonly string[]): void {
    if (claimed.includes(name)) return;
    const remedy = `list it under ${list}${suggestion(name, claimed)}`;
    throw this.#error('PLUGIN_UNDECLARED', `registers "${name}" without saying so`, remedy);
  }

  #error(code: ConstructorParameters<typeof PluginError>[0], what: string, remedy: string): PluginError {
    return new PluginError(code, `plugin "${this.plugin.name}" ${what}`, remedy, { plugin: this.plugin.name });
  }
}
