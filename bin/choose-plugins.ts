/** Which plugins a configuration asks for. */
import type { LoadedConfig } from '../kernel/config/load.ts';
import { NOWHERE, type Place, type Problem } from '../kernel/config/problem.ts';
import type { PluginRequest } from '../kernel/host/resolve.ts';
import { KNOWN_PLUGINS } from './built-in.ts';
import { PROGRAM } from './plugin-claims.ts';
import { PRESETS } from './presets.ts';

export type Wish = 'auto' | readonly PluginRequest[];

/** `auto`: the plugins of this build whose keys appear, the usual ones, and those of `atLeast`. A list is exact. */
export function choosePlugins(
  loaded: LoadedConfig,
  wish: Wish = wishOf(loaded),
  atLeast: readonly PluginRequest[] = [],
): readonly PluginRequest[] {
  if (wish !== 'auto') return wish;
  const owners = new Set([...usesOf(loaded)].map((use) => use.owner));
  return KNOWN_PLUGINS.filter(
    ({ name, load, isUsual }) => load !== undefined && (isUsual === true || owners.has(name) || atLeast.includes(name)),
  ).map(({ name }) => name);
}

/** What the configuration says under `plugins`; a preset stands for what it lists. */
export function wishOf({ options }: LoadedConfig): Wish {
  if (options.plugins === 'auto') return 'auto';
  return options.plugins.flatMap(({ use, with: block }): PluginRequest[] => {
    const preset = block === null ? PRESETS.get(use) : undefined;
    if (preset !== undefined) return [...preset];
    return [block === null ? use : { use, with: block }];
  });
}

/** Blocks that nobody reads, because an exact list of plugins leaves their owner out. */
export function unreadBlocks(loaded: LoadedConfig, running: ReadonlySet<string>): Problem[] {
  const unread = [...usesOf(loaded)].filter(({ owner }) => owner !== PROGRAM && !running.has(owner));
  return unread.map(({ key, owner, place }) => ({
    severity: 'warning',
    text: `${JSON.stringify(key)} has no effect: its plugin "${owner}" is not in the list of plugins`,
    standsAlone: false,
    file: place.file,
    line: place.line,
    column: place.column,
  }));
}

interface Use {
  key: string;
  owner: string;
  place: Place;
}

function* usesOf({ blocks, claims, options }: LoadedConfig): Iterable<Use> {
  for (const [key, place] of blocks) {
    const owner = claims.get(key)?.owner;
    if (owner !== undefined) yield { key, owner, place };
  }
  for (const account of options.accounts) {
    for (const [key, place] of account.blocks) {
      const owner = claims.get(`accounts.*.${key}`)?.owner;
      if (owner !== undefined) yield { key: `accounts.${account.name}.${key}`, owner, place: place ?? NOWHERE };
    }
  }
  if (options.speaksProxyProtocol) yield { key: 'proxy_protocol', owner: 'proxy-protocol', place: NOWHERE };
}
