/**
 * Runs the plugins of one broker: in order, phase by phase, each watched by a deadline, and undone in reverse.
 *
 * Calls are taken one at a time. Whatever fails on the way up closes all that was opened before the error is thrown;
 * what fails on the way down is reported and stops nothing.
 */
import { causeText, PluginError } from '../hooks/plugin-error.ts';
import { CapabilityTable } from './capability-table.ts';
import type { KnownProviders } from './check-capabilities.ts';
import { describePlugins, type HostDescription } from './describe.ts';
import type { HostEnvironment } from './host-environment.ts';
import type { KernelServices } from './kernel-services.ts';
import { NameTable } from './name-table.ts';
import type { EndpointHandler } from './plugin-context.ts';
import { PHASES, type Phase, type PluginDefinition } from './plugin-definition.ts';
import { dependantsOf, planError, planPlugins } from './plugin-plan.ts';
import { type PluginChange, planReload, type ReloadPlan, refusedReload } from './plugin-reload.ts';
import { PluginRun } from './plugin-run.ts';
import { type Report, reportTo } from './report.ts';
import { Scope } from './scope.ts';

const DEADLINE_MS = 10_000;

export interface LoadedPlugin {
  readonly definition: PluginDefinition;
  /** The plugin's block, checked and frozen. */
  readonly config?: unknown;
  /** Where it was found. */
  readonly source?: string;
}

export interface PluginHostOptions {
  readonly plugins: readonly LoadedPlugin[];
  readonly kernel: KernelServices;
  /** What a phase may take, 10 seconds unless told. */
  readonly deadlineMs?: number;
  /** Phases that may take longer or less. */
  readonly deadlinesMs?: Readonly<Partial<Record<Phase, number>>>;
  /** Plugins that could be added, by what they provide: for the advice in errors. */
  readonly knownProviders?: KnownProviders;
  /** Told of failures that stop nothing; the kernel's log unless told. */
  readonly report?: Report;
}

export class PluginHost {
  readonly #environment: HostEnvironment;
  readonly #sources: Map<string, string>;
  readonly #knownProviders: KnownProviders | undefined;
  #runs: PluginRun[];
  #turn: Promise<unknown> = Promise.resolve();
  #isClosing = false;
  /** The plugin whose start is awaited: a close tells it to give up. */
  #starting: PluginRun | null = null;

  /** Throws when the plugins cannot work together; nothing of them has run then. */
  constructor(options: PluginHostOptions) {
    const definitions = options.plugins.map((plugin) => plugin.definition);
    const { order, problems } = planPlugins(definitions, options.knownProviders);
    if (problems.length > 0) throw planError(problems);
    const configs = new Map(options.plugins.map(({ definition, config }) => [definition.name, config]));
    this.#sources = new Map(options.plugins.map(({ definition, source }) => [definition.name, source ?? 'given']));
    this.#knownProviders = options.knownProviders;
    this.#environment = createEnvironment(options, () => this.describe());
    this.#runs = order.map((definition, rank) => this.#load(definition, rank, configs.get(definition.name)));
  }

  get capabilities(): CapabilityTable {
    return this.#environment.capabilities;
  }

  /** HTTP paths served by plugins. */
  get endpoints(): NameTable<EndpointHandler> {
    return this.#environment.endpoints;
  }

  /** Wire verbs served by plugins, by `<connection kind> <verb>`. */
  get verbs(): HostEnvironment['verbs'] {
    return this.#environment.verbs;
  }

  register(): Promise<void> {
    return this.#advance('register');
  }

  init(): Promise<void> {
    return this.#advance('init');
  }

  listen(): Promise<void> {
    return this.#advance('listen');
  }

  ready(): Promise<void> {
    return this.#advance('ready');
  }

  /** All phases up to ready, for a host that has nothing to do in between. */
  async start(): Promise<void> {
    await this.register();
    await this.init();
    await this.listen();
    await this.ready();
  }

  /** Those who depend on others drain first. Answers what failed, which is reported too. */
  drain(): Promise<readonly PluginError[]> {
    return this.#takeTurn(async () => {
      const failures: PluginError[] = [];
      for (const run of this.#runs.filter(({ status }) => status === 'ready').reverse()) {
        await run.advance('drain').catch((failure: PluginError) => failures.push(failure));
      }
      for (const failure of failures) this.#environment.report(failure);
      return failures;
    });
  }

  /** May be called at any time, and again. A start under way ends with HOST_CLOSED. Answers what failed. */
  close(): Promise<readonly PluginError[]> {
    this.#isClosing = true;
    this.#starting?.context.abort();
    return this.#takeTurn(() => closeInReverse(this.#runs));
  }

  /**
   * Applies the changed blocks, given by plugin name: all or none. A refusal is thrown before anything is touched; a
   * failure on the way is taken back.
   */
  reload(configs: ReadonlyMap<string, unknown>): Promise<void> {
    return this.#takeTurn(async () => {
      this.#assertOpen();
      const { live, restart } = this.#permitted(configs);
      const applied: PluginChange[] = [];
      try {
        for (const entry of live) {
          applied.push(entry);
          await entry.run.reload(entry.change);
        }
        await this.#restart(restart);
      } catch (cause) {
        await this.#takeBack(applied);
        throw PluginError.is(cause) && cause.code === 'RELOAD_FAILED' ? cause : reloadFailure(cause, true);
      }
    });
  }

  /** Throws the refusal that `reload` would, before anything is touched. */
  assertReloadable(configs: ReadonlyMap<string, unknown>): void {
    this.#permitted(configs);
  }

  #permitted(configs: ReadonlyMap<string, unknown>): ReloadPlan {
    const plan = planReload(this.#runs, configs);
    if (plan.refusals.length > 0) throw refusedReload(plan.refusals);
    return plan;
  }

  /** Closes plugins for good. What fails is reported, and stops nothing. */
  remove(names: ReadonlySet<string>): Promise<void> {
    return this.#takeTurn(() => this.#remove(this.#runs.filter((run) => names.has(run.name))));
  }

  /** Who of those that run uses what this plugin provides, or would use it. */
  usersOf(definition: PluginDefinition): readonly PluginDefinition[] {
    const others = this.#runs.map((run) => run.definition).filter(({ name }) => name !== definition.name);
    return dependantsOf(definition.name, [definition, ...others]);
  }

  /**
   * Starts further plugins beside those that run, and answers how to close them again. When a start fails they are
   * closed, and the others run on.
   */
  add(plugins: readonly LoadedPlugin[]): Promise<() => Promise<void>> {
    return this.#takeTurn(async () => {
      this.#assertOpen();
      const fresh = this.#planned(plugins);
      this.#runs = [...this.#runs, ...fresh];
      try {
        for (const phase of ['register', 'init', 'listen', 'ready'] as const) await this.#advanceAll(fresh, phase);
      } catch (error) {
        await this.#remove(fresh);
        throw error;
      }
      return () => this.#takeTurn(() => this.#remove(fresh));
    });
  }

  /** By name: a reload may have put others in their places. */
  async #remove(plugins: readonly PluginRun[]): Promise<void> {
    const names = new Set(plugins.map((run) => run.name));
    for (const failure of await closeInReverse(this.#runs.filter((run) => names.has(run.name)))) {
      this.#environment.report(failure);
    }
    this.#runs = this.#runs.filter((run) => !names.has(run.name));
  }

  describe(): HostDescription {
    return describePlugins(this.#runs, this.#sources, this.#environment);
  }

  /** In the order in which they start; throws when they do not go together with those that run. */
  #planned(plugins: readonly LoadedPlugin[]): PluginRun[] {
    const given = new Map(plugins.map((plugin) => [plugin.definition.name, plugin]));
    const definitions = [...this.#runs.map((run) => run.definition), ...plugins.map(({ definition }) => definition)];
    const { order, problems } = planPlugins(definitions, this.#knownProviders);
    if (problems.length > 0) throw planError(problems);
    const fresh = order.filter(({ name }) => given.has(name));
    for (const { name } of fresh) this.#sources.set(name, given.get(name)!.source ?? 'given');
    return fresh.map((definition, index) =>
      this.#load(definition, this.#runs.length + index, given.get(definition.name)!.config),
    );
  }

  #load(definition: PluginDefinition, rank: number, config: unknown): PluginRun {
    return new PluginRun(this.#environment, definition, rank, config);
  }

  #advance(phase: 'register' | 'init' | 'listen' | 'ready'): Promise<void> {
    return this.#takeTurn(async () => {
      try {
        await this.#advanceAll(this.#runs, phase);
      } catch (error) {
        this.#isClosing = true;
        await closeInReverse(this.#runs);
        throw error;
      }
    });
  }

  async #advanceAll(runs: readonly PluginRun[], phase: 'register' | 'init' | 'listen' | 'ready'): Promise<void> {
    this.#assertOpen();
    for (const run of runs) {
      this.#starting = run;
      await run.advance(phase).finally(() => {
        this.#starting = null;
      });
      this.#assertOpen();
    }
  }

  /** The changed plugins and all that use them, down in reverse and up again; with the old blocks when that fails. */
  async #restart(changes: readonly PluginChange[]): Promise<void> {
    if (changes.length === 0) return;
    const definitions = this.#runs.map((run) => run.definition);
    const names = new Set(changes.flatMap(({ run }) => [run.name, ...namesOf(dependantsOf(run.name, definitions))]));
    const before = new Map(this.#runs.map((run) => [run.name, run.context.config]));
    const after = new Map([...before, ...changes.map(({ run, change }) => [run.name, change.after] as const)]);
    try {
      await this.#replace(names, after);
    } catch (cause) {
      throw reloadFailure(cause, await this.#restore(names, before));
    }
  }

  async #replace(names: ReadonlySet<string>, configs: ReadonlyMap<string, unknown>): Promise<void> {
    await closeInReverse(this.#runs.filter((run) => names.has(run.name)));
    this.#runs = this.#runs.map((run) =>
      names.has(run.name) ? this.#load(run.definition, run.rank, configs.get(run.name)) : run,
    );
    const fresh = this.#runs.filter((run) => names.has(run.name));
    for (const phase of ['register', 'init', 'listen', 'ready'] as const) await this.#advanceAll(fresh, phase);
  }

  /** Answers whether the plugins run again; if not, they are closed. */
  async #restore(names: ReadonlySet<string>, configs: ReadonlyMap<string, unknown>): Promise<boolean> {
    try {
      await this.#replace(names, configs);
      return true;
    } catch (failure) {
      await closeInReverse(this.#runs.filter((run) => names.has(run.name)));
      if (PluginError.is(failure)) this.#environment.report(failure);
      return false;
    }
  }

  async #takeBack(applied: readonly PluginChange[]): Promise<void> {
    for (const { run, change } of [...applied].reverse()) {
      const back = run.reload({ before: change.after, after: change.before });
      await back.catch((failure: PluginError) => this.#environment.report(failure));
    }
  }

  #takeTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  #assertOpen(): void {
    if (this.#isClosing) throw new PluginError('HOST_CLOSED', 'the plugin host is closed', 'make a new one');
  }
}

function createEnvironment(
  { kernel, report, deadlineMs, deadlinesMs }: PluginHostOptions,
  describe: () => HostDescription,
): HostEnvironment {
  const usual = Object.fromEntries(PHASES.map((phase) => [phase, deadlineMs ?? DEADLINE_MS])) as Record<Phase, number>;
  const scope = Scope.root('server');
  scope.value('kernel', kernel).value('ports', kernel.ports).value('hooks', kernel.hooks);
  return {
    kernel,
    capabilities: new CapabilityTable(),
    verbs: new NameTable(),
    endpoints: new NameTable(),
    scope,
    report: report ?? reportTo(kernel.log),
    describe,
    deadlinesMs: { ...usual, ...deadlinesMs },
  };
}

async function closeInReverse(runs: readonly PluginRun[]): Promise<PluginError[]> {
  const failures: PluginError[] = [];
  for (const run of [...runs].reverse()) failures.push(...(await run.close()));
  return failures;
}

function namesOf(definitions: readonly PluginDefinition[]): string[] {
  return definitions.map((definition) => definition.name);
}

function reloadFailure(cause: unknown, isRestored: boolean): PluginError {
  const known = PluginError.is(cause) ? cause : null;
  const details = { plugin: known?.plugin ?? undefined, phase: known?.phase ?? undefined, cause };
  const what = `the new configuration could not be applied, ${known?.what ?? causeText(cause)}`;
  const remedy = isRestored ? 'the old one is in force again' : 'the plugin is closed, restart the broker';
  return new PluginError('RELOAD_FAILED', what, remedy, details);
}
