/** Where failures go that stop nothing: into the log, with the plugin's name, and into a count. */
import { causeText, PluginError } from '../hooks/plugin-error.ts';
import type { HookReporter } from '../hooks/tap.ts';
import type { Log } from '../log.ts';

export type Report = (failure: PluginError) => void;

export function reportTo(log: Log): Report {
  return (failure) => log.error(failure.message);
}

/** The reporter a broker makes its hooks with. */
export function hookReporterTo(log: Log): HookReporter {
  const counts = new Map<string, number>();
  return {
    tapThrew(hook, plugin, error) {
      const key = `${plugin} ${hook}`;
      const times = (counts.get(key) ?? 0) + 1;
      counts.set(key, times);
      if (!isWorthTelling(times)) return;
      log.error(`plugin "${plugin}" failed in the hook ${hook}${timesText(times)}: ${causeText(error)}`);
    },
  };
}

/** The first, the tenth, the hundredth time: what fails for every message must not fill the log. */
export function isWorthTelling(times: number): boolean {
  return /^10*$/.test(String(times));
}

/** A timer, a disposer or another function the plugin left with the host has thrown. */
export function callbackFailure(plugin: string, what: string, cause: unknown, times = 1): PluginError {
  return new PluginError(
    'PLUGIN_CALLBACK_FAILED',
    `plugin "${plugin}" failed in ${what}${timesText(times)}, ${causeText(cause)}`,
    'the broker runs on; tell the author of the plugin',
    { plugin, cause },
  );
}

function timesText(times: number): string {
  return times === 1 ? '' : ` for the ${times}th time`;
}

/** A log whose lines carry the plugin's name. */
export function prefixedLog(log: Log, plugin: string): Log {
  return {
    get isDebugging() {
      return log.isDebugging;
    },
    get isTracing() {
      return log.isTracing;
    },
    trace: (text) => log.trace(`${plugin}: ${text}`),
    debug: (text) => log.debug(`${plugin}: ${text}`),
    info: (text) => log.info(`${plugin}: ${text}`),
    warn: (text) => log.warn(`${plugin}: ${text}`),
    error: (text) => log.error(`${plugin}: ${text}`),
  };
}
