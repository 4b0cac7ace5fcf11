/** One plugin while it runs: takes it through its phases, times each, and cleans up after it. */
import { causeText, PluginError } from '../hooks/plugin-error.ts';
import type { Clock } from '../ports/ports.ts';
import { DeadlinePassed, isPromiseLike, withinDeadline } from './deadline.ts';
import type { HostEnvironment } from './host-environment.ts';
import { HostedContext } from './hosted-context.ts';
import type { ConfigChange, Phase, PluginDefinition } from './plugin-definition.ts';
import { callbackFailure } from './report.ts';

export interface PhaseTiming {
  readonly phase: Phase;
  readonly milliseconds: number;
  readonly outcome: 'done' | 'failed' | 'late';
}

export type PluginStatus = 'loaded' | 'starting' | 'ready' | 'draining' | 'closed';

const STATUS_AFTER: Partial<Record<Phase, PluginStatus>> = { ready: 'ready', drain: 'draining' };

export class PluginRun {
  readonly definition: PluginDefinition;
  readonly rank: number;
  readonly context: HostedContext;
  readonly timings: PhaseTiming[] = [];
  status: PluginStatus = 'loaded';
  readonly #environment: HostEnvironment;
  readonly #clock: Clock;
  #state: unknown;
  #hasBegunInit = false;

  constructor(environment: HostEnvironment, definition: PluginDefinition, rank: number, config: unknown) {
    this.definition = definition;
    this.rank = rank;
    this.context = new HostedContext(environment, definition, rank, config);
    this.#environment = environment;
    this.#clock = environment.kernel.ports.clock;
  }

  get name(): string {
    return this.definition.name;
  }

  async advance(phase: 'register' | 'init' | 'listen' | 'ready' | 'drain'): Promise<void> {
    if (phase !== 'drain') this.status = 'starting';
    if (phase === 'register') await this.#perform('register', () => this.#register());
    else if (phase === 'init') await this.#init();
    else await this.#perform(phase, () => this.definition[phase]?.(this.context, this.#state));
    this.status = STATUS_AFTER[phase] ?? this.status;
  }

  async reload(change: ConfigChange<unknown>): Promise<void> {
    await this.#perform('reload', () => this.definition.reload?.(this.context, this.#state, change));
    this.context.config = change.after;
  }

  /** Never throws: what fails is reported and answered, and the rest is still undone. */
  async close(): Promise<PluginError[]> {
    if (this.status === 'closed') return [];
    this.status = 'closed';
    this.context.abort();
    const failures: PluginError[] = [];
    if (this.#hasBegunInit) {
      const closing = this.#perform('close', () => this.definition.close?.(this.context, this.#state));
      await closing.catch((failure: PluginError) => failures.push(failure));
    }
    for (const dispose of this.context.undo()) await this.#dispose(dispose, failures);
    for (const failure of failures) this.#environment.report(failure);
    return failures;
  }

  #register(): void {
    const state: unknown = this.definition.register?.(this.context);
    if (!isPromiseLike(state)) {
      this.#state = state;
      return;
    }
    state.then(undefined, () => {});
    throw new Error('register must be synchronous, it answered with a promise; move what waits to init');
  }

  async #init(): Promise<void> {
    this.#hasBegunInit = true;
    await this.#perform('init', () => this.definition.init?.(this.context, this.#state));
    for (const { name, id, optional } of this.definition.provides ?? []) {
      if (optional === true || this.#environment.capabilities.isProvidedBy(this.name, name, id)) continue;
      throw new PluginError(
        'CAPABILITY_UNKEPT',
        `plugin "${this.name}" says that it provides "${name}"${id === undefined ? '' : ` with the id "${id}"`} and did not`,
        'call ctx.provide in register or init, or mark it optional',
        { plugin: this.name, phase: 'init' },
      );
    }
  }

  async #perform(phase: Phase, call: () => unknown): Promise<void> {
    this.context.phase = phase;
    const deadlineMs = this.definition.deadlinesMs?.[phase] ?? this.#environment.deadlinesMs[phase];
    const started = this.#clock.monotonic();
    let outcome: PhaseTiming['outcome'] = 'done';
    try {
      const work = call();
      if (isPromiseLike(work)) await withinDeadline(this.#clock, deadlineMs, work);
    } catch (cause) {
      outcome = cause instanceof DeadlinePassed ? 'late' : 'failed';
      throw phaseError(this.name, phase, cause);
    } finally {
      const milliseconds = this.#clock.monotonic() - started;
      if (this.definition[phase] !== undefined) this.timings.push({ phase, milliseconds, outcome });
    }
  }

  async #dispose(dispose: () => void | Promise<void>, failures: PluginError[]): Promise<void> {
    try {
      const work = dispose();
      if (isPromiseLike(work)) await withinDeadline(this.#clock, this.#environment.deadlinesMs.close, work);
    } catch (cause) {
      failures.push(callbackFailure(this.name, 'undoing what it registered', cause));
    }
  }
}

function phaseError(plugin: string, phase: Phase, cause: unknown): PluginError {
  const details = { plugin, phase, cause };
  if (cause instanceof DeadlinePassed) {
    const what = `plugin "${plugin}" did not finish ${phase} within ${cause.milliseconds} ms`;
    return new PluginError('PLUGIN_PHASE_TIMEOUT', what, 'find out what it waits for, or give it more time', details);
  }
  const what = `plugin "${plugin}" failed in ${phase}, ${causeText(cause)}`;
  return new PluginError('PLUGIN_PHASE_FAILED', what, 'remove the cause, or take the plugin out', details);
}
