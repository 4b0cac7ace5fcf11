/** A broker inside the program that uses it. */

import type { Duplex } from 'node:stream';
import { connectInProcess } from '../../kernel/in-process.ts';
import type { Address, Transport } from '../../kernel/ports/transport.ts';
import type { Server } from '../../kernel/server.ts';
import { type ListenerUrls, portList } from '../port-list.ts';
import { checkArguments } from './check-arguments.ts';
import { composeEmbedded } from './compose-embedded.ts';
import { type InProcessOptions, inProcessOptions } from './nats-core-transport.ts';
import type { ServerConfig, ServerExtras } from './server-config.ts';

/** Where a broker listens that listens everywhere. */
const EVERYWHERE: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1', '': '127.0.0.1' };

export class EmbeddedServer {
  readonly #config: ServerConfig;
  readonly #extras: ServerExtras;
  #server: Server | null = null;
  #starting: Promise<this> | null = null;
  #closing: Promise<void> | null = null;

  constructor(config: ServerConfig, extras: ServerExtras) {
    checkArguments(config, extras);
    this.#config = config;
    this.#extras = extras;
  }

  /** The client port; null when there is none, or not yet, or no more. */
  get address(): Address | null {
    const address = this.#server?.address ?? null;
    return address === null ? null : { host: address.host, port: address.port };
  }

  /** What a client on this machine takes for `servers`; null without a client port. */
  get url(): string | null {
    const { address } = this;
    if (address === null) return null;
    const host = EVERYWHERE[address.host] ?? address.host;
    return `nats://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  }

  /** Where each listener is found: `nats` is the client port, `leafnodes`, `cluster`, `websocket` and `monitoring` are those of plugins. */
  get urls(): ListenerUrls {
    if (this.#server === null) throw new Error('the broker does not run yet; await start() first');
    return portList(this.#server, this.#server.broker.ports.network);
  }

  /**
   * Reads the configuration, loads the plugins, and starts. Fulfilled with this broker when clients are served; rejected
   * with a `ConfigurationError` that lists all problems, or a `PluginError`, after closing what was opened. Later calls answer
   * the same promise.
   */
  start(): Promise<this> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** The same as `start`, for those who only want to know when clients are served. */
  async ready(): Promise<void> {
    await this.start();
  }

  /** A client's end of a connection that speaks the client protocol: INFO arrives first. Credentials count as elsewhere. */
  connect(): Duplex {
    return this.#transport().duplex();
  }

  /** What the official client needs to get here without a port: `await wsconnect(server.inProcess())`. */
  inProcess(): InProcessOptions {
    return inProcessOptions(() => this.#transport());
  }

  /** Lame duck mode: tells clients to go elsewhere, lets them go little by little, and closes. */
  async drain(): Promise<void> {
    if (this.#starting === null) return this.close();
    await this.#starting;
    await this.#server!.drain();
    await this.close();
  }

  /** Cuts all connections and closes the plugins. Later calls answer the same promise. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(): Promise<this> {
    if (this.#closing !== null) throw new Error('the broker was closed; make a new one with createServer()');
    const server = await composeEmbedded(this.#config, this.#extras);
    this.#server = server;
    if (this.#closing !== null) await server.close();
    await server.start();
    return this;
  }

  async #close(): Promise<void> {
    // A start under way that has a broker is cut short by closing it; one that has none yet looks for this close.
    await this.#server?.close();
    await this.#starting?.catch(() => {});
  }

  #transport(): Transport {
    if (this.#closing !== null) throw new Error('the broker is closed');
    if (this.#server === null) throw new Error('the broker does not run yet; await start() first');
    return connectInProcess(this.#server.broker);
  }
}
