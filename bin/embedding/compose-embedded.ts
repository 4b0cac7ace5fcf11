/** From what a program hands over to a broker that only has to be started. */
import { dirname, resolve } from 'node:path';
import { type LoadedConfig, type LoadRequest, loadConfig } from '../../kernel/config/load.ts';
import type { Overrides } from '../../kernel/config/override.ts';
import { nodeOf } from '../../kernel/config/plain.ts';
import { NOWHERE, Problems } from '../../kernel/config/problem.ts';
import { validate } from '../../kernel/config/validate.ts';
import { readPluginConfigs, type UnreadConfig } from '../../kernel/host/plugin-configs.ts';
import type { LoadedPlugin } from '../../kernel/host/plugin-host.ts';
import { type PluginRequest, type ResolvedPlugin, resolvePlugins } from '../../kernel/host/resolve.ts';
import type { Ports } from '../../kernel/ports/ports.ts';
import { systemPorts } from '../../kernel/ports/system-ports.ts';
import { Server } from '../../kernel/server.ts';
import { brokerOptionsOf } from './broker-options-of.ts';
import { ConfigError } from './config-error.ts';
import { completeLog } from './embedded-log.ts';
import { claimsOf } from './plugin-claims.ts';
import { type ServerConfig, type ServerExtras, splitConfig } from './server-config.ts';

export async function composeEmbedded(config: ServerConfig, extras: ServerExtras): Promise<Server> {
  const problems = new Problems();
  const ports = { ...systemPorts(), ...extras.ports };
  const request = requestFor(config, ports);
  // Whose keys are whose is known when the plugins are, and the plugins are named by the configuration.
  const requests = [...listedPlugins(loadConfig(request)), ...givenPlugins(extras.plugins ?? [], problems)];
  const folder = dirname(resolve(request.path ?? 'embedded'));
  const plugins = await resolvePlugins(requests, { builtIn: new Map(), folder, clock: ports.clock });
  const loaded = loadConfig({ ...request, claims: claimsOf(plugins.map(({ definition }) => definition)) });
  problems.list.push(...loaded.problems);
  const failure = problems.hasErrors ? null : validate(loaded.options);
  if (failure !== null) problems.error(NOWHERE, failure);
  const configured = configurePlugins(plugins, loaded, problems);
  if (problems.hasErrors) throw new ConfigError(problems.list);
  const log = completeLog(extras.log ?? {}, loaded.options);
  return new Server({ options: brokerOptionsOf(loaded.options, ports.random), plugins: configured, ports, log });
}

function requestFor(config: ServerConfig, { disk }: Ports): LoadRequest {
  const { source, keys } = splitConfig(config);
  const { configFile, configText } = source;
  if (configFile === undefined && configText === undefined) return { input: keys };
  return {
    path: configFile,
    text: configText,
    overrides: keys as Overrides,
    env: process.env,
    readFile: (path) => Buffer.from(disk.readFileSync(path)).toString(),
  };
}

function listedPlugins({ options: { plugins } }: LoadedConfig): PluginRequest[] {
  if (plugins === 'auto') return [];
  return plugins.map((request) => (request.with === null ? request.use : { use: request.use, with: request.with }));
}

/** Options beside `use` become nodes, as those of the configuration are. */
function givenPlugins(requests: readonly PluginRequest[], problems: Problems): PluginRequest[] {
  return requests.map((request, index) => {
    if (typeof request !== 'object' || !('use' in request) || request.with === undefined) return request;
    const node = nodeOf(request.with, `plugins[${index}].with`, problems);
    return node === null ? { use: request.use } : { use: request.use, with: node };
  });
}

function configurePlugins(
  plugins: readonly ResolvedPlugin[],
  loaded: LoadedConfig,
  problems: Problems,
): LoadedPlugin[] {
  const definitions = plugins.map(({ definition }) => definition);
  const accounts = new Map(loaded.options.accounts.map(({ name, blocks }) => [name, blocks]));
  const configs = readPluginConfigs(definitions, { blocks: allBlocks(plugins, loaded), accounts }, problems);
  return plugins.map(({ definition, source }) => ({ definition, source, config: configs.get(definition.name) }));
}

/** What stands beside `use` takes the place of the plugin's block. */
function allBlocks(plugins: readonly ResolvedPlugin[], { blocks }: LoadedConfig): UnreadConfig['blocks'] {
  const all = new Map<string, unknown>(blocks);
  for (const { definition, with: own } of plugins) {
    if (definition.config !== undefined && own !== undefined) all.set(definition.config.key, own);
  }
  return all;
}
