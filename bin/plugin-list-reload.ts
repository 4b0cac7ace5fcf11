/** What a reload may do to the list of plugins: start and close those that say of themselves that this can be done. */
import { isSame } from '../kernel/config/same-value.ts';
import type { PluginDefinition } from '../kernel/host/plugin-definition.ts';
import type { LoadedPlugin, PluginHost } from '../kernel/host/plugin-host.ts';
import type { PluginRequest } from '../kernel/host/resolve.ts';
import type { Configuration } from './configuration.ts';

/** Those that run and are no longer asked for. */
export function departing(before: Configuration, after: Configuration): LoadedPlugin[] {
  return before.plugins.filter((plugin) => !after.plugins.some((other) => isSamePlugin(plugin, other)));
}

/** Those that are asked for and do not run yet. */
export function arriving(before: Configuration, after: Configuration): LoadedPlugin[] {
  return after.plugins.filter((plugin) => !before.plugins.some((other) => isSamePlugin(plugin, other)));
}

/** Those whose block stands beside their name, and says something else now. */
export function changedBesideName(before: Configuration, after: Configuration): string[] {
  return after.plugins.flatMap(({ definition: { name } }) => {
    const [old, now] = [blockOf(before, name), blockOf(after, name)];
    return isSame(old, now) ? [] : [name];
  });
}

/** Why a written list cannot be taken on while the broker runs, naming the plugin that stands in the way; null when it can. */
export function listRefusal(host: PluginHost, before: Configuration, after: Configuration): string | null {
  const [gone, fresh] = [departing(before, after), arriving(before, after)];
  const moving = new Set([...gone, ...fresh].map(({ definition }) => definition.name));
  for (const { definition } of [...gone, ...fresh]) {
    const what = gone.some((plugin) => plugin.definition === definition) ? 'leave' : 'join';
    const reason = reasonAgainst(host, definition, moving);
    if (reason !== null) {
      return `config reload not supported for Plugins: "${definition.name}" cannot ${what} while the broker runs, ${reason}`;
    }
  }
  return null;
}

function reasonAgainst(host: PluginHost, definition: PluginDefinition, moving: ReadonlySet<string>): string | null {
  if (definition.mayComeAndGo !== true) return 'it has to be there from the start to the end; restart the broker';
  const user = host.usersOf(definition).find(({ name }) => !moving.has(name));
  return user === undefined ? null : `"${user.name}" would have to start anew with it; restart the broker`;
}

/** The same name from somewhere else is another plugin. */
function isSamePlugin(one: LoadedPlugin, other: LoadedPlugin): boolean {
  return one.definition.name === other.definition.name && one.source === other.source;
}

function blockOf({ plugins, requests }: Configuration, name: string): unknown {
  const at = plugins.findIndex(({ definition }) => definition.name === name);
  const request: PluginRequest | undefined = plugins.length === requests.length ? requests[at] : undefined;
  return typeof request === 'object' && 'use' in request ? request.with : undefined;
}
