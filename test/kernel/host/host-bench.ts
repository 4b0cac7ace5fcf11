/** A host over fake ports, with plugins that write down what happens to them. */

import { Broker } from '../../../kernel/broker.ts';
import { DEFAULT_BROKER_OPTIONS } from '../../../kernel/broker-options.ts';
import { createHooks, type Hooks } from '../../../kernel/hooks/hooks.ts';
import { PluginError, type PluginErrorCode } from '../../../kernel/hooks/plugin-error.ts';
import { definePlugin, type PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import { type LoadedPlugin, PluginHost, type PluginHostOptions } from '../../../kernel/host/plugin-host.ts';
import { SILENT_LOG } from '../../../kernel/log.ts';
import { createFakePorts, type FakePorts } from '../../kits/fake-ports.ts';

export interface HostBench {
  host: PluginHost;
  ports: FakePorts;
  hooks: Hooks;
  failures: PluginError[];
}

export function hostOf(
  plugins: readonly (PluginDefinition | LoadedPlugin)[],
  options: Partial<PluginHostOptions> = {},
): HostBench {
  const ports = createFakePorts();
  const failures: PluginError[] = [];
  const hooks = createHooks({ tapThrew: () => {} });
  const kernel = { ports, log: SILENT_LOG, hooks, options: DEFAULT_BROKER_OPTIONS };
  const host = new PluginHost({
    plugins: plugins.map((plugin) => ('definition' in plugin ? plugin : { definition: plugin })),
    kernel: { ...kernel, broker: new Broker(kernel) },
    report: (failure) => void failures.push(failure),
    ...options,
  });
  return { host, ports, hooks, failures };
}

/** A plugin of that name, and whatever else is given. */
export function named<Config, State>(
  name: string,
  rest: Partial<PluginDefinition<Config, State>> = {},
): PluginDefinition<Config, State> {
  return definePlugin({ name, version: '1.0.0', api: [1], ...rest });
}

const WATCHED = ['register', 'init', 'listen', 'ready', 'reload', 'drain', 'close'] as const;

/** Writes `<name> <phase>` for every phase, and does what `rest` says besides. */
export function journaled(name: string, journal: string[], rest: Partial<PluginDefinition> = {}): PluginDefinition {
  const phases = WATCHED.map((phase) => {
    const own = rest[phase] as ((...args: unknown[]) => unknown) | undefined;
    const run = (...args: unknown[]): unknown => {
      journal.push(`${name} ${phase}`);
      return own?.(...args);
    };
    return [phase, run] as const;
  });
  return named(name, { ...rest, ...Object.fromEntries(phases) });
}

/** The error that is thrown, which must be of that code. */
export async function errorOf(code: PluginErrorCode, run: () => unknown): Promise<PluginError> {
  try {
    await run();
  } catch (error) {
    if (!PluginError.is(error)) throw error;
    if (error.code !== code) throw new Error(`expected ${code}, got ${error.message}`);
    return error;
  }
  throw new Error(`expected ${code}, nothing was thrown`);
}
