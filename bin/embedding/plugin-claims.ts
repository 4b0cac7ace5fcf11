/** Which keys of a configuration are whose, as the definitions of the plugins say. */
import type { Claim, Claims } from '../../kernel/config/claims.ts';
import type { PluginDefinition } from '../../kernel/host/plugin-definition.ts';

export function claimsOf(definitions: readonly PluginDefinition[]): Claims {
  const claims = new Map<string, Claim>();
  for (const { name, config } of definitions) {
    if (config === undefined) continue;
    for (const { key, aliases = [] } of [config, ...(config.also ?? [])]) {
      for (const spelling of [key, ...aliases]) claims.set(spelling, { owner: name, available: true, key });
    }
    for (const key of config.accountKeys ?? []) claims.set(`accounts.*.${key}`, { owner: name, available: true, key });
  }
  return claims;
}
