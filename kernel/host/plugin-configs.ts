/** Reads each plugin's block of the configuration with the plugin's own schema. */
import type { Problems } from '../config/problem.ts';
import { configKeys } from './check-claims.ts';
import type { PluginDefinition } from './plugin-definition.ts';

/**
 * `blocks` holds the nodes of the configuration by key; a plugin without a block gets its defaults. The answer is by
 * plugin name. Problems are collected over all plugins, and what was read must not be used when there are errors.
 */
export function readPluginConfigs(
  plugins: readonly PluginDefinition[],
  blocks: ReadonlyMap<string, unknown>,
  problems: Problems,
): Map<string, unknown> {
  const configs = new Map<string, unknown>();
  for (const plugin of plugins) {
    if (plugin.config === undefined) continue;
    const key = configKeys(plugin).find((name) => blocks.has(name));
    const config = plugin.config.schema.read(key === undefined ? undefined : blocks.get(key), problems);
    configs.set(plugin.name, Object.freeze(config));
  }
  return configs;
}
