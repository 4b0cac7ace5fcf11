/** Which keys of a configuration belong to which plugin: those of the table, and those of plugins from elsewhere. */
import type { Claim, Claims } from '../kernel/config/claims.ts';
import type { PluginDefinition } from '../kernel/host/plugin-definition.ts';
import { KNOWN_PLUGINS, type KnownPlugin } from './built-in.ts';

/** Keys of the program around the kernel. */
export const PROGRAM = 'gnatlet';
const PROGRAM_KEYS = ['log_format'];

export function claimsFor(strangers: readonly PluginDefinition[]): Claims {
  const claims = new Map<string, Claim>();
  for (const key of PROGRAM_KEYS) claims.set(key, { owner: PROGRAM, available: true });
  for (const plugin of KNOWN_PLUGINS) for (const [path, claim] of claimsOfKnown(plugin)) claims.set(path, claim);
  for (const plugin of strangers) for (const [path, claim] of claimsOfStranger(plugin)) claims.set(path, claim);
  return claims;
}

function* claimsOfKnown({ name, load, keys = [], aliases = {}, accountKeys = [] }: KnownPlugin): Iterable<Entry> {
  const claim: Claim = { owner: name, available: load !== undefined };
  for (const key of keys) yield [key, claim];
  for (const [alias, key] of Object.entries(aliases)) yield [alias, { ...claim, key }];
  for (const key of accountKeys) yield [`accounts.*.${key}`, claim];
}

type Entry = readonly [path: string, claim: Claim];

function* claimsOfStranger({ name, config }: PluginDefinition): Iterable<Entry> {
  if (config === undefined) return;
  const claim: Claim = { owner: name, available: true };
  for (const { key, aliases = [] } of [config, ...(config.also ?? [])]) {
    yield [key, claim];
    for (const alias of aliases) yield [alias, { ...claim, key }];
  }
  for (const key of config.accountKeys ?? []) yield [`accounts.*.${key}`, claim];
}
