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
  return {
    tapThrew: (hook, plugin, error) => log.error(`plugin "${plugin}" failed in the hook ${hook}: ${causeText(error)}`),
  };
}

/** A timer, a disposer or another function the plugin left with the host has thrown. */
export function callbackFailure(plugin: string, what: string, cause: unknown): PluginError {
  return new PluginError(
    'PLUGIN_CALLBACK_FAILED',
    `plugin "${plugin}" failed in ${what}, ${causeText(cause)}`,
    'the broker runs on; tell the author of the plugin',
    { plugin, cause },
  );
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
