/** Reads each plugin's part of the configuration with the plugin's own schema. */
import type { CoreOptions } from '../config/core-options.ts';
import type { Place, Problems } from '../config/problem.ts';
import type { ConfigClaim, ConfigSources, OwnedKey, PluginDefinition } from './plugin-definition.ts';

/** What the configuration holds that the kernel does not read itself: nodes by key, and by account and key. */
export interface UnreadConfig {
  readonly blocks: ReadonlyMap<string, unknown>;
  readonly accounts: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  readonly core?: CoreOptions;
  readonly accountsPlace?: Place;
}

/**
 * A plugin of which the configuration says nothing gets its defaults. The answer is by plugin name. Problems are
 * collected over all plugins, and what was read must not be used when there are errors.
 */
export function readPluginConfigs(
  plugins: readonly PluginDefinition[],
  unread: UnreadConfig,
  problems: Problems,
): Map<string, unknown> {
  const configs = new Map<string, unknown>();
  for (const { name, config } of plugins) {
    if (config === undefined) continue;
    const read = config.schema.read(nodeFor(config, unread), problems, sourcesFor(config, unread));
    configs.set(name, Object.freeze(read));
  }
  return configs;
}

function nodeFor({ key, aliases = [] }: OwnedKey, { blocks }: UnreadConfig): unknown {
  const spelling = [key, ...aliases].find((name) => blocks.has(name));
  return spelling === undefined ? undefined : blocks.get(spelling);
}

/** A plugin reads what it owns, and sees what else is there. */
function sourcesFor({ also = [], accountKeys = [] }: ConfigClaim<unknown>, unread: UnreadConfig): ConfigSources {
  const accounts = new Map<string, ReadonlyMap<string, unknown>>();
  for (const [account, nodes] of unread.accounts) {
    accounts.set(account, new Map([...nodes].filter(([key]) => accountKeys.includes(key))));
  }
  return {
    accounts,
    core: unread.core,
    elsewhere: (key) => unread.blocks.get(key),
    accountsPlace: unread.accountsPlace,
    also: (key) => {
      const owned = also.find((other) => other.key === key);
      return owned === undefined ? undefined : nodeFor(owned, unread);
    },
  };
}
