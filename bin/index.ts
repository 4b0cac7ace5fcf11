/** A NATS broker inside your program: the package's main entry. */
import { EmbeddedServer } from './embedding/embedded-server.ts';
import type { ServerConfig, ServerExtras } from './embedding/server-config.ts';

export { type Problem, renderProblem } from '../kernel/config/problem.ts';
export { PluginError } from '../kernel/hooks/plugin-error.ts';
export { definePlugin, type PluginDefinition } from '../kernel/host/plugin-definition.ts';
export type { PluginRequest } from '../kernel/host/resolve.ts';
export type { Log } from '../kernel/log.ts';
export type {
  Clock,
  DirectoryLock,
  Disk,
  DiskRoom,
  FileUse,
  Network,
  OpenFile,
  Ports,
  Random,
} from '../kernel/ports/ports.ts';
export type { Address } from '../kernel/ports/transport.ts';
export { ConfigurationError } from './configuration.ts';
export { EmbeddedServer } from './embedding/embedded-server.ts';
export type { InProcessOptions } from './embedding/nats-core-transport.ts';
export type { ConfigSource, ServerConfig, ServerExtras } from './embedding/server-config.ts';
export type { ListenerKind, ListenerUrls } from './port-list.ts';

/**
 * A broker that only has to be started:
 *
 *     await using broker = await createServer({ port: 4222 }).start();
 *
 * The configuration has the keys of a nats-server.conf. Nothing is read, loaded or opened before `start`, and no port is
 * opened unless `port` (-1 for any free one) or `listen` says so.
 */
export function createServer(config: ServerConfig = {}, extras: ServerExtras = {}): EmbeddedServer {
  return new EmbeddedServer(config, extras);
}
