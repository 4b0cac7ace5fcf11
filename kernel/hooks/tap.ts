/** One plugin's function on one hook, and what happens when it throws. */
import { PluginError } from './plugin-error.ts';
import { Refusal } from './refusal.ts';

/**
 * When a tap runs, among the taps of one hook. `before` and `after` weigh more than stages, stages more than the order of
 * the plugins.
 *
 * first: sees things untouched (recorders). early: changes what others decide on. normal: decides. late: reacts to
 * decisions. last: fallbacks, for when nobody else answered.
 */
export const STAGES = ['first', 'early', 'normal', 'late', 'last'] as const;
export type Stage = (typeof STAGES)[number];

export interface TapOptions {
  stage?: Stage;
  /** Names of plugins whose taps on this hook run later than this one. Absent plugins are no problem. */
  before?: readonly string[];
  /** Names of plugins whose taps on this hook run earlier. */
  after?: readonly string[];
}

export interface TapOwner {
  readonly plugin: string;
  /** The plugin's place among all plugins: what decides when nothing else does. */
  readonly rank: number;
}

/** Told of every throw; the log line with the plugin's name is written there. */
export interface HookReporter {
  tapThrew(hook: string, plugin: string, error: unknown): void;
}

/** All taps and slots as the hook machinery sees them. Four arguments serve every hook of the catalogue. */
export type AnyTap = (a?: unknown, b?: unknown, c?: unknown, d?: unknown) => unknown;

export class TapRecord {
  /** Replaced by `nothing` on removal, so that a call already under way passes it over. */
  run: AnyTap;
  readonly hook: string;
  readonly isDeciding: boolean;
  readonly owner: TapOwner;
  readonly stage: Stage;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly sequence: number;
  readonly reporter: HookReporter;
  throws = 0;

  constructor(
    hook: { name: string; isDeciding: boolean; reporter: HookReporter },
    owner: TapOwner,
    run: AnyTap,
    options: TapOptions,
    sequence: number,
  ) {
    this.run = run;
    this.hook = hook.name;
    this.isDeciding = hook.isDeciding;
    this.owner = owner;
    this.stage = options.stage ?? 'normal';
    this.before = options.before ?? [];
    this.after = options.after ?? [];
    this.sequence = sequence;
    this.reporter = hook.reporter;
  }

  /** What a throw is worth: a refusal where the safe answer is no, nothing elsewhere. */
  threw(error: unknown): Refusal | undefined {
    this.throws++;
    this.reporter.tapThrew(this.hook, this.owner.plugin, error);
    if (!this.isDeciding) return undefined;
    return new Refusal(`plugin "${this.owner.plugin}" failed in ${this.hook}`, error);
  }

  /** An async function on a synchronous hook: its answer comes too late, and its rejection must not end the process. */
  answeredLate(promise: Promise<unknown>): Refusal | undefined {
    promise.catch((error: unknown) => this.reporter.tapThrew(this.hook, this.owner.plugin, error));
    const what = `plugin "${this.owner.plugin}" answered ${this.hook} with a promise`;
    return this.threw(
      new PluginError('HOOK_ANSWERED_LATE', what, 'this hook is synchronous, tap it with a plain function'),
    );
  }
}

export function nothing(): undefined {
  return undefined;
}

/** The shape of what a synchronous tap becomes: it cannot throw. */
export function guardNow(record: TapRecord): AnyTap {
  return (a, b, c, d) => {
    try {
      const answer = record.run(a, b, c, d);
      return answer instanceof Promise ? record.answeredLate(answer) : answer;
    } catch (error) {
      return record.threw(error);
    }
  };
}

/** The same for a hook that is awaited: the promise cannot reject. */
export function guardLater(record: TapRecord): AnyTap {
  return async (a, b, c, d) => {
    try {
      return await record.run(a, b, c, d);
    } catch (error) {
      return record.threw(error);
    }
  };
}
