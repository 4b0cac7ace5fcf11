/** The plugins' part of a reload: those whose blocks changed are handed the new ones, and new plugins are started. */
import type { ConfigDiff } from '../kernel/config/diff.ts';
import { Problems } from '../kernel/config/problem.ts';
import { readPluginConfigs } from '../kernel/host/plugin-configs.ts';
import type { LoadedPlugin } from '../kernel/host/plugin-host.ts';
import type { Server } from '../kernel/server.ts';
import { type Configuration, unreadConfig } from './configuration.ts';
import { arriving, changedBesideName, departing } from './plugin-list-reload.ts';

/**
 * All or none: a failure is thrown when everything is as it was.
 *
 * A plugin that the new file is the first to speak of starts with what the old one says to it, which is nothing, and is
 * then told the new: so it finds the broker as it was, and deals with those who are connected.
 */
export async function reloadPlugins(
  { host }: Server,
  before: Configuration,
  after: Configuration,
  diff: ConfigDiff,
): Promise<void> {
  const fresh = arriving(before, after);
  const owners = new Set([...changedOwners(diff, after), ...changedBesideName(before, after)]);
  const changed = after.plugins.filter(({ definition: { name } }) => owners.has(name));
  const configs = new Map(changed.map(({ definition: { name }, config }) => [name, config]));
  host.assertReloadable(configs);
  const closeAgain = await host.add(withConfigsOf(before, fresh));
  try {
    await host.reload(configs);
  } catch (error) {
    await closeAgain();
    throw error;
  }
  // Nothing that could fail comes after this.
  await host.remove(new Set(departing(before, after).map(({ definition }) => definition.name)));
}

function withConfigsOf({ loaded }: Configuration, plugins: readonly LoadedPlugin[]): LoadedPlugin[] {
  const definitions = plugins.map(({ definition }) => definition);
  // What is wrong in it was said when it was in force.
  const configs = readPluginConfigs(definitions, unreadConfig(loaded), new Problems());
  return plugins.map((plugin) => ({ ...plugin, config: configs.get(plugin.definition.name) }));
}

function changedOwners({ blocks, accounts }: ConfigDiff, { loaded: { claims } }: Configuration): ReadonlySet<string> {
  const owners = new Set(blocks.map(({ owner }) => owner));
  for (const account of accounts) {
    for (const key of account.blocks) {
      const owner = claims.get(`accounts.*.${key}`)?.owner;
      if (owner !== undefined) owners.add(owner);
    }
    // Who may log in where depends on which accounts there are.
    if (account.before === null || account.after === null) owners.add('auth');
  }
  return owners;
}
