/**
 * From what stands in `plugins: [...]` to plugin definitions: built-in names, npm package names, and paths.
 *
 * A built-in name wins over a package of the same name. Packages and paths are looked up from the folder of the
 * configuration file, so that a broker installed elsewhere finds the plugins beside the configuration.
 */
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nearestName } from '../hooks/nearest-name.ts';
import { causeText, PluginError } from '../hooks/plugin-error.ts';
import type { Clock } from '../ports/ports.ts';
import { DeadlinePassed, withinDeadline } from './deadline.ts';
import { checkDefinition } from './definition-check.ts';
import { findPackageEntry } from './package-entry.ts';
import type { PluginDefinition } from './plugin-definition.ts';

/** A name, a path, a definition, or one of these with a block of its own. */
export type PluginRequest = string | PluginDefinition | { use: string | PluginDefinition; with?: unknown };

export interface ResolvedPlugin {
  readonly definition: PluginDefinition;
  readonly source: string;
  /** The block that stood beside `use`, as it was given; it takes the place of the plugin's own key. */
  readonly with?: unknown;
}

export interface ResolveOptions {
  /** The plugins in this build. They are loaded only when asked for. */
  readonly builtIn: ReadonlyMap<string, () => Promise<PluginDefinition> | PluginDefinition>;
  /** The folder of the configuration file, or the current one. */
  readonly folder: string;
  readonly clock: Clock;
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 10_000;

/** Loads all of them. When some fail, the error names every one. */
export async function resolvePlugins(
  requests: readonly PluginRequest[],
  options: ResolveOptions,
): Promise<ResolvedPlugin[]> {
  const resolved: ResolvedPlugin[] = [];
  const problems: PluginError[] = [];
  for (const request of requests) {
    try {
      resolved.push(await resolveOne(request, options));
    } catch (error) {
      if (!PluginError.is(error)) throw error;
      problems.push(error);
    }
  }
  if (problems.length === 1) throw problems[0];
  if (problems.length > 1) {
    const list = problems.map((problem) => `\n  ${problem.message}`).join('');
    throw new PluginError('PLUGINS_INVALID', `${problems.length} plugins could not be loaded`, list, { problems });
  }
  return resolved;
}

async function resolveOne(request: PluginRequest, options: ResolveOptions): Promise<ResolvedPlugin> {
  if (typeof request === 'object' && 'use' in request) {
    const found = await resolveOne(request.use, options);
    return 'with' in request ? { ...found, with: request.with } : found;
  }
  if (typeof request === 'string') return resolveName(request, options);
  checkDefinition(request, 'the list of plugins');
  return { definition: request, source: 'given' };
}

async function resolveName(name: string, options: ResolveOptions): Promise<ResolvedPlugin> {
  const builtIn = options.builtIn.get(name);
  if (builtIn !== undefined) {
    const definition = await load(name, 'built-in', options, async () => builtIn());
    checkDefinition(definition, `the built-in "${name}"`);
    return { definition, source: 'built-in' };
  }
  const url = isPath(name) ? pathUrl(name, options.folder) : packageUrl(name, options);
  const source = url.replace(/^file:\/\//, '');
  const module = await load(name, source, options, () => import(url) as Promise<Record<string, unknown>>);
  return { definition: definitionIn(module, source), source };
}

function isPath(name: string): boolean {
  return /^\.{1,2}([/\\]|$)/.test(name) || name.startsWith('file:') || isAbsolute(name);
}

function pathUrl(path: string, folder: string): string {
  const url = path.startsWith('file:') ? path : pathToFileURL(resolve(folder, path)).href;
  // A folder is not a module: what stands in its package.json is, or its index.js.
  return /\.[cm]?[jt]s$/.test(url) ? url : (findPackageEntry({ folder: resolve(folder, path) }).url ?? url);
}

function packageUrl(name: string, { folder, builtIn }: ResolveOptions): string {
  const { url, tried } = findPackageEntry({ name, from: folder });
  if (url !== null) return url;
  const nearest = nearestName(name, builtIn.keys());
  const advice = [
    nearest === null ? `built in are ${[...builtIn.keys()].join(', ') || 'none'}` : `did you mean "${nearest}"?`,
    `or install it there with: npm install ${name}`,
  ];
  throw new PluginError(
    'PLUGIN_NOT_FOUND',
    `there is no plugin "${name}", neither built in nor as a package in ${tried.join(', ') || folder}`,
    advice.join(', '),
    { plugin: name },
  );
}

async function load<T>(name: string, source: string, options: ResolveOptions, run: () => Promise<T>): Promise<T> {
  const { clock, deadlineMs = DEADLINE_MS } = options;
  try {
    return await withinDeadline(clock, deadlineMs, run());
  } catch (cause) {
    if (cause instanceof DeadlinePassed) {
      const what = `plugin "${name}" (${source}) was not loaded within ${deadlineMs} ms`;
      throw new PluginError('PLUGIN_LOAD_TIMEOUT', what, 'it must not wait for anything while it is imported', {
        plugin: name,
        cause,
      });
    }
    const isAbsent = (cause as { code?: string } | null)?.code === 'ERR_MODULE_NOT_FOUND';
    const what = `plugin "${name}" (${source}) could not be loaded, ${causeText(cause)}`;
    const remedy = isAbsent
      ? 'check the path, and that its dependencies are installed'
      : 'tell the author of the plugin';
    throw new PluginError('PLUGIN_LOAD_FAILED', what, remedy, { plugin: name, cause });
  }
}

/** `export const plugin = definePlugin(...)`; a default export does as well. */
function definitionIn(module: Record<string, unknown>, source: string): PluginDefinition {
  const exported = module.plugin ?? module.default;
  if (exported === undefined) {
    const names = Object.keys(module).join(', ') || 'nothing';
    const what = `${source} exports ${names}, but no "plugin"`;
    throw new PluginError('PLUGIN_INVALID', what, 'write export const plugin = definePlugin({ ... })');
  }
  checkDefinition(exported, source);
  return exported;
}
