/** Puts a broker together from a configuration: the one place where kernel, plugins and the outside world meet. */
import type { BrokerOptions } from '../kernel/broker-options.ts';
import { hostAndPort } from '../kernel/listen-failure.ts';
import type { Log } from '../kernel/log.ts';
import { SILENT_LOG } from '../kernel/log.ts';
import type { Ports } from '../kernel/ports/ports.ts';
import { systemPorts } from '../kernel/ports/system-ports.ts';
import { Server } from '../kernel/server.ts';
import { brokerOptions } from './broker-options.ts';
import { knownProviders } from './built-in.ts';
import { type Configuration, type ConfigurationRequest, readSoundConfiguration } from './configuration.ts';

export interface ComposeRequest extends Omit<ConfigurationRequest, 'clock'> {
  readonly ports?: Ports;
  readonly log?: Log;
  /** False: no port; clients come from within the process. */
  readonly hasPort?: boolean;
  /** What a phase of a plugin may take. */
  readonly deadlineMs?: number;
}

export interface Composition {
  readonly server: Server;
  readonly configuration: Configuration;
}

/** Nothing runs yet: `start` the server. Throws a ConfigurationError with all that is wrong. */
export async function compose(request: ComposeRequest): Promise<Composition> {
  const ports = request.ports ?? systemPorts();
  const configuration = await readSoundConfiguration({ ...request, clock: ports.clock });
  return { configuration, server: serverFrom(configuration, { ...request, ports }) };
}

export async function composeServer(request: ComposeRequest): Promise<Server> {
  return (await compose(request)).server;
}

export interface ServerSurroundings extends Pick<ComposeRequest, 'log' | 'hasPort' | 'deadlineMs'> {
  readonly ports: Ports;
  /** Said at the start: which file was read. */
  readonly configFile?: string;
  /** Runs after the greeting and before anything is opened. */
  readonly prepare?: () => void;
}

export function serverFrom(configuration: Configuration, surroundings: ServerSurroundings): Server {
  const { ports, log = SILENT_LOG, hasPort = true, deadlineMs, configFile, prepare } = surroundings;
  const { loaded, plugins } = configuration;
  const options = brokerOptions(loaded, ports.random);
  if (!hasPort) options.port = null;
  const introduction = configFile === undefined ? undefined : `${configFile} (${loaded.digest})`;
  return new Server({
    options,
    plugins,
    ports,
    log,
    knownProviders: knownProviders(),
    deadlineMs,
    configuration: introduction,
    prepare: () => {
      prepare?.();
      refuseNegativePort(options);
    },
  });
}

/** Only -1 stands for any port. Others below 0 would open one too, and not one that anybody asked for. */
function refuseNegativePort({ host, port }: BrokerOptions): void {
  if (port === null || port >= -1) return;
  throw new Error(
    `Error listening on port: ${hostAndPort({ host, port })}, "listen tcp: address ${port}: invalid port"`,
  );
}
