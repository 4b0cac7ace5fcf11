/** Which plugins a configuration asks for. */
import type { LoadedConfig } from '../kernel/config/load.ts';
import { NOWHERE, type Place, type Problem } from '../kernel/config/problem.ts';
import type { PluginRequest } from '../kernel/host/resolve.ts';
import { KNOWN_PLUGINS, type KnownPlugin } from './built-in.ts';
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
  const wanted = new Set<string>();
  for (const { owner } of usesOf(loaded, (name) => !wanted.has(name))) wanted.add(owner);
  for (const { name, isUsual } of KNOWN_PLUGINS) if (isUsual === true) wanted.add(name);
  const isWanted = ({ name, alongside = [], alongsideKeys = [] }: KnownPlugin): boolean =>
    wanted.has(name) ||
    // Those that run alongside others bring nobody along themselves.
    atLeast.includes(name) ||
    alongside.some((other) => wanted.has(other)) ||
    alongsideKeys.some((key) => loaded.blocks.has(key));
  return KNOWN_PLUGINS.filter((plugin) => plugin.load !== undefined && isWanted(plugin)).map(({ name }) => name);
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

/** Blocks that nobody reads, because an exact list of plugins leaves their owner out. `placeOf` finds the kernel's keys. */
export function unreadBlocks(
  loaded: LoadedConfig,
  running: ReadonlySet<string>,
  placeOf: (key: string) => Place,
): Problem[] {
  const unread = [...usesOf(loaded, (owner) => owner !== PROGRAM && !running.has(owner))];
  return unread.map(({ key, owner, place }) => {
    const { file, line, column } = place ?? placeOf(key);
    return { ...unreadBlock(key, owner), standsAlone: false, file, line, column };
  });
}

/** Who wrote down whom to let in must not get a broker that lets in everybody. */
function unreadBlock(key: string, owner: string): Pick<Problem, 'severity' | 'text'> {
  const text = `${JSON.stringify(key)} has no effect: its plugin "${owner}" is not in the list of plugins`;
  const isGuard = KNOWN_PLUGINS.some((plugin) => plugin.name === owner && plugin.isGuard === true);
  if (!isGuard) return { severity: 'warning', text };
  return { severity: 'error', text: `${text}; add "${owner}" to the list of plugins, or remove the block` };
}

/** Names of the list that other builds have. Packages of the same name are something else. */
export function absentNames({ options }: LoadedConfig, requests: readonly PluginRequest[]): Problem[] {
  const listed = options.plugins === 'auto' ? [] : options.plugins;
  return requests.filter(isAbsent).map((request) => {
    const name = nameOf(request) as string;
    const { file, line, column } = listed.find(({ use }) => use === name)?.place ?? NOWHERE;
    const text = `plugin "${name}" is not in this build; take "${name}" out, or use a build with "${name}"`;
    return { severity: 'error', text, standsAlone: false, file, line, column };
  });
}

export function isAbsent(request: PluginRequest): boolean {
  return KNOWN_PLUGINS.some(({ name, load }) => load === undefined && name === nameOf(request));
}

function nameOf(request: PluginRequest): unknown {
  return typeof request === 'object' && request !== null && 'use' in request ? request.use : request;
}

interface Use {
  key: string;
  owner: string;
  /** Null: a key of the kernel's own, whose place it forgets. */
  place: Place | null;
}

/** Of the plugins that matter: there may be ten thousand accounts, each with keys of the same few. */
function* usesOf({ blocks, claims, options }: LoadedConfig, matters: (owner: string) => boolean): Iterable<Use> {
  for (const [key, place] of blocks) {
    const owner = claims.get(key)?.owner;
    if (owner !== undefined && matters(owner)) yield { key, owner, place };
  }
  for (const use of innerUsesOf(blocks)) if (matters(use.owner)) yield use;
  const owners = new Map<string, string | undefined>();
  for (const account of options.accounts) {
    for (const [key, place] of account.blocks) {
      if (!owners.has(key)) owners.set(key, claims.get(`accounts.*.${key}`)?.owner);
      const owner = owners.get(key);
      if (owner === undefined || !matters(owner)) continue;
      yield { key: `accounts.${account.name}.${key}`, owner, place: place ?? NOWHERE };
    }
  }
  if (options.speaksProxyProtocol && matters('proxy-protocol'))
    yield { key: 'proxy_protocol', owner: 'proxy-protocol', place: null };
}

/** Keys that their own plugin reads, and another one acts on. */
function* innerUsesOf(blocks: LoadedConfig['blocks']): Iterable<Use> {
  for (const { name, innerKeys = [] } of KNOWN_PLUGINS) {
    for (const path of innerKeys) {
      const [block = '', key] = path.split('.');
      const node = blocks.get(block);
      const entries = node?.kind === 'map' ? [...node.value.values()] : [];
      const entry = entries.find((one) => one.key.toLowerCase() === key);
      if (entry !== undefined) yield { key: path, owner: name, place: entry.value };
    }
  }
}
