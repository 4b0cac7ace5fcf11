/** What a changed configuration means for the plugins: decided for all of them before anything is touched. */
import { PluginError } from '../hooks/plugin-error.ts';
import type { ConfigChange, PluginDefinition, ReloadAnswer } from './plugin-definition.ts';
import type { PluginRun } from './plugin-run.ts';

export interface PluginChange {
  readonly run: PluginRun;
  readonly change: ConfigChange<unknown>;
}

export interface ReloadPlan {
  readonly live: readonly PluginChange[];
  readonly restart: readonly PluginChange[];
  readonly refusals: readonly PluginError[];
}

/** `configs` holds the new block of every plugin whose block changed. */
export function planReload(runs: readonly PluginRun[], configs: ReadonlyMap<string, unknown>): ReloadPlan {
  const plan = { live: [] as PluginChange[], restart: [] as PluginChange[], refusals: [] as PluginError[] };
  for (const run of runs) {
    if (!configs.has(run.name)) continue;
    const change = { before: run.context.config, after: configs.get(run.name) };
    // A plugin that an earlier reload could not bring back gets another chance.
    const answer = run.status === 'closed' ? 'restart' : answerOf(run.definition, change);
    if (answer === 'live') plan.live.push({ run, change });
    else if (answer === 'restart') plan.restart.push({ run, change });
    else plan.refusals.push(refusalOf(run.definition, answer.refuse));
  }
  return plan;
}

export function refusedReload(refusals: readonly PluginError[]): PluginError {
  if (refusals.length === 1) return refusals[0]!;
  const what = refusals.map((refusal) => refusal.what).join('; ');
  return new PluginError('RELOAD_REFUSED', what, 'nothing was changed, restart the broker', { problems: refusals });
}

function answerOf({ config }: PluginDefinition, change: ConfigChange<unknown>): ReloadAnswer {
  const live = config?.live ?? 'restart';
  return typeof live === 'function' ? live(change) : live;
}

function refusalOf({ name, config }: PluginDefinition, reason: string): PluginError {
  return new PluginError(
    'RELOAD_REFUSED',
    `plugin "${name}" refuses the change of "${config?.key}", ${reason}`,
    'nothing was changed, restart the broker to apply it',
    { plugin: name, phase: 'reload', cause: reason },
  );
}
