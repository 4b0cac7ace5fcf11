/**
 * A broker with its plugins: one life, from start to close.
 *
 * The order of a start: plugins register, plugins open, plugins bind, the client port opens last, everybody is told.
 * The order of a close is the reverse. Whatever fails on the way up closes what was opened.
 */
import { Broker } from './broker.ts';
import type { BrokerOptions } from './broker-options.ts';
import { createHooks } from './hooks/hooks.ts';
import type { KnownProviders } from './host/check-capabilities.ts';
import type { LoadedPlugin } from './host/plugin-host.ts';
import { PluginHost } from './host/plugin-host.ts';
import { hookReporterTo } from './host/report.ts';
import { LameDuck } from './lame-duck.ts';
import { hostAndPort, listenFailure } from './listen-failure.ts';
import type { Log } from './log.ts';
import type { Ports } from './ports/ports.ts';
import type { Address } from './ports/transport.ts';
import { NATS_VERSION } from './version.ts';

export interface ServerParts {
  options: BrokerOptions;
  plugins: readonly LoadedPlugin[];
  ports: Ports;
  log: Log;
  knownProviders?: KnownProviders;
  /** What a phase of a plugin may take. */
  deadlineMs?: number;
  /** Which configuration this is, for the log: the name of its file and its digest. */
  configuration?: string;
  /** Runs after the greeting and before anything is opened; a throw ends the start. */
  prepare?: () => void;
}

export class Server {
  readonly broker: Broker;
  readonly host: PluginHost;
  private readonly log: Log;
  private readonly lameDuck: LameDuck;
  private readonly configuration: string;
  private readonly prepare: () => void;
  private starting: Promise<void> | null = null;
  private closing: Promise<void> | null = null;
  /** The start failed: whoever called it says why, and nothing shuts down that was ever up. */
  private hasFailed = false;

  constructor({ options, plugins, ports, log, knownProviders, deadlineMs, configuration, prepare }: ServerParts) {
    this.log = log;
    this.configuration = configuration ?? '';
    this.prepare = prepare ?? (() => {});
    const hooks = createHooks(hookReporterTo(log));
    const broker = new Broker({ options, ports, hooks, log });
    this.broker = broker;
    broker.shutDown = () => void this.close();
    const kernel = {
      ports,
      log,
      hooks,
      broker,
      get options() {
        return broker.options;
      },
    };
    this.host = new PluginHost({ plugins, kernel, knownProviders, deadlineMs });
    this.lameDuck = new LameDuck(broker, () => this.close());
  }

  /** The client port; null while nothing listens. */
  get address(): Address | null {
    return this.broker.listener.address;
  }

  /** Starts once; later calls answer the same promise. Fulfilled when clients are served. */
  start(): Promise<void> {
    this.starting ??= this.startOnce();
    return this.starting;
  }

  /** Sends clients elsewhere, little by little, then closes. */
  drain(): Promise<void> {
    return this.lameDuck.begin();
  }

  /** Closes once; later calls answer the same promise. Never rejects. */
  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async startOnce(): Promise<void> {
    const { broker, host } = this;
    try {
      this.sayHello();
      this.prepare();
      await host.register();
      await this.configure();
      await host.init();
      await host.listen();
      await this.openClientPort();
      await host.ready();
      await broker.hooks.serverReady.slot?.(broker);
      this.log.info('Server is ready');
    } catch (error) {
      this.hasFailed = true;
      await this.close();
      throw error;
    }
  }

  private async configure(): Promise<void> {
    const { broker } = this;
    broker.options = await broker.configure(broker.options);
    const { maxOutbound, dropsInsteadOfStalling, systemAccount } = broker.options;
    broker.accounts.appointSystem(systemAccount);
    Object.assign(broker.flow.options, { outboundMax: maxOutbound, dropsInsteadOfStalling });
  }

  private sayHello(): void {
    const { broker, log } = this;
    log.info('Starting nats-server');
    log.info(`  Version:  ${NATS_VERSION}`);
    log.info('  Git:      [not set]');
    if (log.isDebugging) log.debug(`  Runtime:  node ${process.version}`);
    log.info(`  Name:     ${broker.name}`);
    log.info(`  ID:       ${broker.identity.id}`);
    if (this.configuration !== '') log.info(`Using configuration file: ${this.configuration}`);
  }

  private async openClientPort(): Promise<void> {
    await this.bindClientPort();
    const { address } = this;
    if (address !== null) this.log.info(`Listening for client connections on ${hostAndPort(address)}`);
  }

  private async bindClientPort(): Promise<void> {
    try {
      await this.broker.listener.listen();
    } catch (cause) {
      const { host, port } = this.broker.options;
      const where = { host, port: Math.max(port ?? 0, 0) };
      const reason = listenFailure(where, cause);
      throw new Error(`Error listening on port: ${hostAndPort(where)}, "${reason}"`, { cause });
    }
  }

  private async closeOnce(): Promise<void> {
    const { broker, host } = this;
    this.lameDuck.stop();
    if (!this.hasFailed) this.log.info('Initiating Shutdown...');
    await broker.hooks.serverClose.slot?.(broker);
    await host.drain();
    await broker.close();
    await host.close();
    if (!this.hasFailed) this.log.info('Server Exiting..');
  }
}
