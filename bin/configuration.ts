/**
 * Reads a whole configuration: the kernel's options, which plugins it asks for, and their blocks. Opens nothing, so that
 * a start, a check and a reload can all begin with it.
 */
import { dirname, resolve } from 'node:path';
import type { ConfigNode } from '../kernel/config/grammar/node.ts';
import { type ConfigInput, type LoadedConfig, loadConfig, loadConfigInSteps } from '../kernel/config/load.ts';
import type { Overrides } from '../kernel/config/override.ts';
import { nodeOf } from '../kernel/config/plain.ts';
import { type Place, type Problem, Problems, renderProblems } from '../kernel/config/problem.ts';
import { validate } from '../kernel/config/validate.ts';
import { readPluginConfigs, readPluginConfigsInTurns, type UnreadConfig } from '../kernel/host/plugin-configs.ts';
import type { PluginDefinition } from '../kernel/host/plugin-definition.ts';
import type { LoadedPlugin } from '../kernel/host/plugin-host.ts';
import { type PluginRequest, type ResolvedPlugin, resolvePlugins } from '../kernel/host/resolve.ts';
import type { Clock } from '../kernel/ports/ports.ts';
import { inTurns } from '../kernel/ports/steps.ts';
import { builtInLoaders, KNOWN_PLUGINS } from './built-in.ts';
import { absentNames, choosePlugins, isAbsent, unreadBlocks, type Wish } from './choose-plugins.ts';
import { placeOfKey } from './key-place.ts';
import { logFormatProblems } from './log-format.ts';
import { claimsFor } from './plugin-claims.ts';

export interface ConfigurationRequest {
  /** A file; or, with `text`, what to call it. */
  readonly path?: string;
  readonly text?: string;
  /** Instead of either: the options themselves. */
  readonly input?: ConfigInput;
  /** Values that win over the file's. */
  readonly overrides?: Overrides;
  /** Instead of what the configuration says under `plugins`. */
  readonly plugins?: Wish;
  /** Plugins that have to be there even when nothing asks for them: those that run already. */
  readonly atLeast?: readonly PluginRequest[];
  /** Where plugins named by path or package are looked for; beside the file unless told. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly readFile?: (path: string) => string;
  readonly clock: Clock;
  /** Waited for between steps: a broker that runs has others to serve, and ten thousand accounts take a tenth of a second. */
  readonly pause?: () => Promise<void>;
}

export interface Configuration {
  readonly loaded: LoadedConfig;
  /** What was asked for, one for each plugin. */
  readonly requests: readonly PluginRequest[];
  /** With their blocks. */
  readonly plugins: readonly LoadedPlugin[];
  /** Warnings; and errors, when there are any, in which case the rest must not be used. */
  readonly problems: readonly Problem[];
}

/** A configuration that cannot be used. The message holds everything that is wrong with it, one problem per line. */
export class ConfigurationError extends Error {
  readonly problems: readonly Problem[];
  /** The message as a command prints it. */
  readonly output: string;

  constructor(problems: readonly Problem[], message: string = problemsText(problems)) {
    super(message.trimEnd());
    this.output = message;
    this.name = 'ConfigurationError';
    this.problems = problems;
  }
}

/** A list of them ends with an empty line, as it does elsewhere; a file that could not be read at all is one line. */
export function problemsText(problems: readonly Problem[]): string {
  return renderProblems(problems) + (problems.some(({ standsAlone }) => standsAlone) ? '' : '\n');
}

export async function readConfiguration(request: ConfigurationRequest): Promise<Configuration> {
  const first = await load(request, []);
  await request.pause?.();
  const requests = choosePlugins(first, request.plugins, request.atLeast);
  await request.pause?.();
  const present = requests.filter((asked) => !isAbsent(asked));
  const resolved = await resolvePlugins(present, {
    builtIn: builtInLoaders(),
    folder: request.folder ?? (request.path === undefined ? process.cwd() : resolve(dirname(request.path))),
    clock: request.clock,
  });
  const strangers = strangersIn(resolved);
  // Only now is it known which keys belong to plugins from elsewhere.
  const loaded = strangers.length === 0 ? first : await load(request, strangers);
  const read = await withBlocks(loaded, resolved, (key) => placeOfKey(key, request), request.pause);
  return { requests, ...read, problems: [...absentNames(loaded, requests), ...read.problems] };
}

/** The same, for a broker that is to run: with all checks, and no result when something is wrong. */
export async function readSoundConfiguration(request: ConfigurationRequest): Promise<Configuration> {
  const configuration = await readConfiguration(request);
  const { problems } = configuration;
  if (problems.some(({ severity }) => severity === 'error')) throw new ConfigurationError(problems);
  const failure = validate(configuration.loaded.options);
  if (failure !== null) throw new ConfigurationError([], failure);
  return configuration;
}

async function load(
  { path, text, input, overrides, env, readFile, pause }: ConfigurationRequest,
  strangers: PluginDefinition[],
): Promise<LoadedConfig> {
  const request = { path, text, input, overrides, env, readFile, claims: claimsFor(strangers) };
  return pause === undefined ? loadConfig(request) : inTurns(loadConfigInSteps(request), pause);
}

function strangersIn(resolved: readonly ResolvedPlugin[]): PluginDefinition[] {
  return resolved.filter(({ source }) => source !== 'built-in').map(({ definition }) => definition);
}

async function withBlocks(
  loaded: LoadedConfig,
  resolved: readonly ResolvedPlugin[],
  placeOf: (key: string) => Place,
  pause: ConfigurationRequest['pause'],
): Promise<Omit<Configuration, 'requests'>> {
  const problems = new Problems();
  const definitions = resolved.map(({ definition }) => definition);
  const unread = unreadConfig(loaded, resolved, problems);
  await pause?.();
  const configs =
    pause === undefined
      ? readPluginConfigs(definitions, unread, problems)
      : await readPluginConfigsInTurns(definitions, unread, problems, pause);
  await pause?.();
  const running = new Set(definitions.map(({ name }) => name));
  return {
    loaded,
    plugins: resolved.map(({ definition, source }) => ({ definition, source, config: configs.get(definition.name) })),
    problems: [
      ...inReadingOrder([...loaded.problems, ...problems.list, ...logFormatProblems(loaded)], loaded.files),
      ...unreadBlocks(loaded, running, placeOf),
      ...absentPlugins(loaded),
    ],
  };
}

/** What is left for plugins; a block beside `use` takes the place of the one under the plugin's key. */
export function unreadConfig(
  { blocks, options }: LoadedConfig,
  resolved: readonly ResolvedPlugin[] = [],
  problems: Problems = new Problems(),
): UnreadConfig {
  const nodes = new Map<string, unknown>(blocks);
  for (const { definition, with: block } of resolved) {
    const key = definition.config?.key;
    if (key !== undefined && block !== undefined) nodes.set(key, asNode(block, definition.name, problems));
  }
  const { accounts } = options;
  return {
    blocks: nodes,
    accounts: new Map(accounts.map((account) => [account.name, account.blocks])),
    accountsPlace: accounts[0]?.blockPlace,
    core: options,
  };
}

/** A configuration's own values are nodes already; a program's are not. */
function asNode(block: unknown, name: string, problems: Problems): ConfigNode | undefined {
  if (typeof block === 'object' && block !== null && 'kind' in block && 'line' in block) return block as ConfigNode;
  return nodeOf(block, name, problems) ?? undefined;
}

function inReadingOrder(problems: readonly Problem[], files: readonly string[]): readonly Problem[] {
  const order = new Map(files.map((file, index) => [file, index]));
  const rank = ({ file }: Problem): number => order.get(file) ?? files.length;
  return problems.toSorted((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
}

/** The kernel reads this key itself, and leaves the work to a plugin. */
function absentPlugins({ options }: LoadedConfig): Problem[] {
  const isThere = KNOWN_PLUGINS.some(({ name, load: loader }) => name === 'proxy-protocol' && loader !== undefined);
  if (!options.speaksProxyProtocol || isThere) return [];
  const text = '"proxy_protocol" needs the plugin "proxy-protocol", which is not in this build';
  return [{ severity: 'error', text, standsAlone: true, file: '', line: 0, column: 0 }];
}
