/** From what a program hands over to a broker that only has to be started. */
import { loadConfig } from '../../kernel/config/load.ts';
import { renderProblem } from '../../kernel/config/problem.ts';
import { wasGiven } from '../../kernel/config/schema.ts';
import type { PluginRequest } from '../../kernel/host/resolve.ts';
import type { Ports } from '../../kernel/ports/ports.ts';
import { systemPorts } from '../../kernel/ports/system-ports.ts';
import type { Server } from '../../kernel/server.ts';
import { choosePlugins, type Wish } from '../choose-plugins.ts';
import { serverFrom } from '../compose.ts';
import { type ConfigurationRequest, readSoundConfiguration } from '../configuration.ts';
import { claimsFor } from '../plugin-claims.ts';
import { completeLog } from './embedded-log.ts';
import { type ServerConfig, type ServerExtras, splitConfig } from './server-config.ts';

export async function composeEmbedded(config: ServerConfig, extras: ServerExtras): Promise<Server> {
  const ports = { ...systemPorts(), ...extras.ports };
  const request = requestFor(config, ports);
  const plugins = allPlugins(request, extras.plugins ?? []);
  const configuration = await readSoundConfiguration({ ...request, plugins });
  const { options } = configuration.loaded;
  const log = completeLog(extras.log ?? {}, options);
  for (const problem of configuration.problems) log.warn(renderProblem(problem));
  const hasPort = wasGiven(options, 'port');
  const server = serverFrom(configuration, { ports, log, hasPort, configFile: config.configFile });
  if (options.trace) server.broker.tracer = (await import('../tracing.ts')).tracerFor(options, server.broker);
  return server;
}

function requestFor(config: ServerConfig, { clock, disk }: Ports): ConfigurationRequest {
  const { source, keys } = splitConfig(config);
  const { configFile, configText } = source;
  if (configFile === undefined && configText === undefined) return { input: keys, clock };
  return {
    path: configFile,
    text: configText,
    overrides: keys,
    env: process.env,
    readFile: (path) => Buffer.from(disk.readFileSync(path)).toString(),
    clock,
  };
}

/** The program's plugins come on top of those the configuration asks for. */
function allPlugins(request: ConfigurationRequest, added: readonly PluginRequest[]): Wish | undefined {
  if (added.length === 0) return undefined;
  const asked = choosePlugins(loadConfig({ ...request, claims: claimsFor([]) }));
  return [...asked, ...added];
}
