/** Reads each plugin's part of the configuration with the plugin's own schema. */
import type { CoreOptions } from '../config/core-options.ts';
import type { Place, Problems } from '../config/problem.ts';
import { inTurns } from '../ports/steps.ts';
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

/** The same a little at a time. */
export async function readPluginConfigsInTurns(
  plugins: readonly PluginDefinition[],
  unread: UnreadConfig,
  problems: Problems,
  pause: () => Promise<void>,
): Promise<Map<string, unknown>> {
  const configs = new Map<string, unknown>();
  for (const { name, config } of plugins) {
    if (config === undefined) continue;
    const { schema } = config;
    const parts = [nodeFor(config, unread), problems, sourcesFor(config, unread)] as const;
    const steps = schema.readInSteps?.(...parts);
    const read = steps === undefined ? schema.read(...parts) : await inTurns(steps, pause);
    configs.set(name, Object.freeze(read));
    await pause();
  }
  return configs;
}

function nodeFor({ key, aliases = [] }: OwnedKey, { blocks }: UnreadConfig): unknown {
  const spelling = [key, ...aliases].find((name) => blocks.has(name));
  return spelling === undefined ? undefined : blocks.get(spelling);
}

const NO_BLOCKS: ReadonlyMap<string, unknown> = new Map();

/** There may be ten thousand accounts, and most plugins own nothing in them. */
function ownedOf(nodes: ReadonlyMap<string, unknown>, keys: readonly string[]): ReadonlyMap<string, unknown> {
  if (!keys.some((key) => nodes.has(key))) return NO_BLOCKS;
  return new Map([...nodes].filter(([key]) => keys.includes(key)));
}

function ownedInAccounts(
  { accounts }: UnreadConfig,
  keys: readonly string[],
): ReadonlyMap<string, ReadonlyMap<string, unknown>> {
  const owned = new Map<string, ReadonlyMap<string, unknown>>();
  for (const [account, nodes] of accounts) owned.set(account, ownedOf(nodes, keys));
  return owned;
}

/** A plugin reads what it owns, and sees what else is there. */
function sourcesFor({ also = [], accountKeys = [] }: ConfigClaim<unknown>, unread: UnreadConfig): ConfigSources {
  let accounts: ReadonlyMap<string, ReadonlyMap<string, unknown>> | undefined;
  return {
    // Most plugins never ask.
    get accounts() {
      accounts ??= ownedInAccounts(unread, accountKeys);
      return accounts;
    },
    core: unread.core,
    elsewhere: (key) => unread.blocks.get(key),
    accountsPlace: unread.accountsPlace,
    also: (key) => {
      const owned = also.find((other) => other.key === key);
      return owned === undefined ? undefined : nodeFor(owned, unread);
    },
  };
}
