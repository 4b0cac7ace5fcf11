/** The plugins' part of a reload: those whose blocks changed are handed the new ones, and new plugins are started. */
import type { ConfigDiff } from '../kernel/config/diff.ts';
import type { Server } from '../kernel/server.ts';
import type { Configuration } from './configuration.ts';

/** All or none: a failure is thrown when everything is as it was. */
export async function reloadPlugins(
  { host }: Server,
  before: Configuration,
  after: Configuration,
  diff: ConfigDiff,
): Promise<void> {
  const running = new Map(before.plugins.map(({ definition, config }) => [definition.name, config]));
  const owners = changedOwners(diff, after);
  const changed = after.plugins.filter(({ definition: { name } }) => running.has(name) && owners.has(name));
  const blocks = changed.map(({ definition: { name }, config }) => [name, config] as const);
  await host.reload(new Map(blocks));
  try {
    await host.add(after.plugins.filter(({ definition }) => !running.has(definition.name)));
  } catch (error) {
    await host.reload(new Map(blocks.map(([name]) => [name, running.get(name)])));
    throw error;
  }
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
