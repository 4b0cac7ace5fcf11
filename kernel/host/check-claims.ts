/** What plugins say about themselves must fit this host and must not collide: found out without running any of them. */
import { PluginError } from '../hooks/plugin-error.ts';
import { API_VERSION } from './api-version.ts';
import type { PluginDefinition } from './plugin-definition.ts';

export function* checkApiVersions(plugins: readonly PluginDefinition[]): Iterable<PluginError> {
  for (const { name, version, api } of plugins) {
    if (api.includes(API_VERSION)) continue;
    const isNewer = Math.min(...api) > API_VERSION;
    yield new PluginError(
      'PLUGIN_API_VERSION',
      `plugin "${name}" ${version} speaks plugin API ${api.join(', ')}, this broker speaks ${API_VERSION}`,
      isNewer ? 'update gnatlet, or use an older version of the plugin' : 'use a newer version of the plugin',
      { plugin: name },
    );
  }
}

export function* checkDuplicates(plugins: readonly PluginDefinition[]): Iterable<PluginError> {
  const versions = new Map<string, string>();
  for (const { name, version } of plugins) {
    const other = versions.get(name);
    if (other !== undefined) {
      yield new PluginError(
        'PLUGIN_DUPLICATE',
        `plugin "${name}" is there twice, ${other} and ${version}`,
        'remove one of them from the list of plugins',
        { plugin: name },
      );
    }
    versions.set(name, version);
  }
}

/** Each configuration key, flag, verb, endpoint and subject has one owner. */
export function* checkClaims(plugins: readonly PluginDefinition[]): Iterable<PluginError> {
  const owners = new Map<string, string>();
  for (const plugin of plugins) {
    for (const claim of claimsOf(plugin)) {
      const owner = owners.get(claim) ?? plugin.name;
      owners.set(claim, owner);
      if (owner === plugin.name) continue;
      yield new PluginError(
        'PLUGIN_CLAIM_CONFLICT',
        `plugins "${owner}" and "${plugin.name}" both own the ${claim}`,
        'use only one of them',
        { plugin: plugin.name },
      );
    }
  }
}

function* claimsOf(plugin: PluginDefinition): Iterable<string> {
  for (const key of configKeys(plugin)) yield `configuration key "${key}"`;
  for (const key of plugin.config?.accountKeys ?? []) yield `key "${key}" inside accounts`;
  for (const flag of plugin.flags ?? []) {
    for (const name of [flag.name, ...(flag.aliases ?? [])]) yield `flag "--${name}"`;
  }
  for (const { connectionKind, verb } of plugin.verbs ?? []) yield `verb ${verb} of ${connectionKind} connections`;
  for (const { path } of plugin.endpoints ?? []) yield `endpoint "${path}"`;
  for (const subject of plugin.subjects ?? []) yield `subject "${subject}"`;
}

/** Every spelling of every top-level key the plugin owns. */
export function configKeys({ config }: PluginDefinition): readonly string[] {
  if (config === undefined) return [];
  return [config, ...(config.also ?? [])].flatMap(({ key, aliases = [] }) => [key, ...aliases]);
}
