/**
 * The broker: accounts, connections and the road between them. What it listens on and who may log in is added around it.
 */
import { ClientParser } from '../protocols/client/parser.ts';
import { type Account, addTraffic, noTraffic, type Traffic } from './accounts/account.ts';
import { AccountRegistry } from './accounts/account-registry.ts';
import { enforceLimits } from './accounts/enforce-limits.ts';
import type { BrokerOptions } from './broker-options.ts';
import { type Advisory, type Statistics, statisticsOf } from './broker-report.ts';
import { Arena } from './connection/arena.ts';
import type { ClientConnection } from './connection/client-connection.ts';
import { ClientListener } from './connection/client-listener.ts';
import { CloseReason } from './connection/close-reason.ts';
import type { Connection } from './connection/connection.ts';
import { isClient } from './connection/connection-kind.ts';
import { Flow } from './connection/flow.ts';
import { infoAfterConnect, infoFor, type ServerInfo } from './connection/info.ts';
import type { LinkConnection } from './connection/link-connection.ts';
import type { Tracer } from './connection/tracer.ts';
import type { Hooks } from './hooks/hooks.ts';
import type { Log } from './log.ts';
import type { Clock, Ports, Random } from './ports/ports.ts';
import type { Address } from './ports/transport.ts';
import { Dispatcher } from './routing/dispatcher.ts';
import { Message } from './routing/message.ts';
import type { MessageTracer } from './routing/message-trace.ts';
import { Publisher } from './routing/publisher.ts';
import { ServerIdentity } from './server-identity.ts';

/** How often something was refused or cut off, and why. */
export interface LimitHits {
  connections: number;
  accountConnections: number;
  subscriptions: number;
  authentication: number;
  unauthenticatedBytes: number;
  payload: number;
  controlLine: number;
  subscriptionTokens: number;
  publishPermissions: number;
  subscribePermissions: number;
}

/** What a broker stands on. */
export interface BrokerParts {
  options: BrokerOptions;
  ports: Ports;
  hooks: Hooks;
  log: Log;
}

/** The hooks on the road of a message, at hand without a search. */
interface Watch {
  readonly publishCheck: Hooks['publishCheck'];
  readonly publishUnrouted: Hooks['publishUnrouted'];
  readonly traceHop: Hooks['traceHop'];
}

export class Broker {
  options: BrokerOptions;
  readonly ports: Ports;
  readonly clock: Clock;
  readonly random: Random;
  readonly hooks: Hooks;
  readonly log: Log;
  readonly watch: Watch;
  readonly arena = new Arena();
  readonly flow: Flow;
  readonly identity: ServerIdentity;
  readonly accounts: AccountRegistry;
  readonly dispatcher: Dispatcher;
  readonly publisher: Publisher;
  /** The message being read; there is never more than one. */
  readonly message = new Message();
  readonly parser = new ClientParser(this.message);
  readonly listener: ClientListener;
  /**
   * Ends the broker in an orderly way: for plugins that know what must not go on, such as serving a certificate that was revoked. Whoever
   * runs the broker puts in what it takes.
   */
  shutDown: () => void = () => void this.close();
  /** Clients, and whoever else counts as one. */
  readonly connections = new Map<number, Connection>();
  /** Connections to other servers. */
  readonly links = new Set<LinkConnection>();
  /** Of links that are gone. */
  readonly pastLinkTraffic = noTraffic();
  readonly startedAt: number;
  /** Null while nobody traces the protocol. */
  tracer: Tracer | null = null;
  /** Null while nobody follows messages that ask for it. */
  messageTracer: MessageTracer | null = null;
  /** Has the configuration read again: null once it is in force, or why not. Null where there is none to read. */
  reloader: (() => Promise<string | null>) | null = null;
  /** What clients are told to connect to besides this broker. */
  connectUrls: readonly string[] = [];
  isLameDuck = false;
  /** The lame-duck INFO has gone out; later ones do not repeat it. */
  isLameDuckTold = false;
  isClosed = false;
  totalConnections = 0;
  staleConnections = 0;
  readonly slowConsumers = new Map<CloseReason, number>();
  /** Of those and of the stale ones, how many were no clients, by kind. */
  readonly slowLinks = new Map<string, number>();
  readonly staleLinks = new Map<string, number>();
  readonly limitHits: LimitHits = {
    connections: 0,
    accountConnections: 0,
    subscriptions: 0,
    authentication: 0,
    unauthenticatedBytes: 0,
    payload: 0,
    controlLine: 0,
    subscriptionTokens: 0,
    publishPermissions: 0,
    subscribePermissions: 0,
  };
  private lastConnectionId = 0;

  constructor({ options, ports, hooks, log }: BrokerParts) {
    this.options = options;
    this.ports = ports;
    this.clock = ports.clock;
    this.random = ports.random;
    this.hooks = hooks;
    this.log = log;
    this.watch = { publishCheck: hooks.publishCheck, publishUnrouted: hooks.publishUnrouted, traceHop: hooks.traceHop };
    this.startedAt = this.clock.now();
    this.identity = new ServerIdentity(ports.random);
    this.flow = new Flow(this.arena, this.clock, {
      outboundMax: options.maxOutbound,
      dropsInsteadOfStalling: options.dropsInsteadOfStalling,
    });
    this.accounts = new AccountRegistry(hooks, options.systemAccount);
    this.dispatcher = new Dispatcher(ports.random);
    this.publisher = new Publisher(this.dispatcher);
    this.listener = new ClientListener(this);
    for (const account of options.accounts) this.configureAccount(account);
  }

  get name(): string {
    return this.options.serverName === '' ? this.identity.id : this.options.serverName;
  }

  /** Where clients are told that this broker is. */
  get advertised(): Address {
    const { host, port } = this.listener.address ?? { host: this.options.host, port: this.options.port ?? 0 };
    if (this.options.clientAdvertise === '') return { host, port };
    const [, name, digits] = /^(.*?)(?::(\d+))?$/.exec(this.options.clientAdvertise) ?? [];
    return { host: name ?? host, port: digits === undefined ? port : Number(digits) };
  }

  nextConnectionId(): number {
    return ++this.lastConnectionId;
  }

  infoFor(client: ClientConnection): ServerInfo {
    return infoFor(this, client);
  }

  infoAfterConnect(client: ClientConnection): ServerInfo {
    return infoAfterConnect(this, client);
  }

  /** Tells every client that listens to such news what has changed. */
  announceInfo(): void {
    for (const connection of this.connections.values()) {
      if (!isClient(connection) || !connection.wantsInfoUpdates) continue;
      connection.sendInfo({ ...this.infoFor(connection), nonce: undefined });
    }
  }

  /** Takes a connection into the books. */
  register(connection: Connection): void {
    this.connections.set(connection.id, connection);
    this.totalConnections++;
    connection.account.add(connection);
  }

  /** Takes a line to another server into the books. */
  registerLink(link: LinkConnection): void {
    this.links.add(link);
  }

  /** A line to another server is for its account alone, and in use. */
  linkJoined(link: LinkConnection): void {
    link.account.links.add(link);
    this.hooks.connectionAuthenticated.slot?.(link);
  }

  connectionClosed(connection: Connection, reason: CloseReason): void {
    this.connections.delete(connection.id);
    if (this.links.delete(connection as LinkConnection)) addTraffic(this.pastLinkTraffic, connection);
    connection.account.remove(connection);
    this.hooks.connectionClosed.slot?.(connection, reason);
  }

  countSlowConsumer(connection: Connection, reason: CloseReason): void {
    this.slowConsumers.set(reason, (this.slowConsumers.get(reason) ?? 0) + 1);
    if (connection.kindName !== 'client') addOne(this.slowLinks, connection.kindName);
    this.hooks.connectionSlow.slot?.(connection, reason);
    this.logOf(connection).info(slowConsumerText(connection, reason));
  }

  countStale(connection: Connection): void {
    this.staleConnections++;
    if (connection.kindName !== 'client') addOne(this.staleLinks, connection.kindName);
  }

  get slowConsumerCount(): number {
    let count = 0;
    for (const hits of this.slowConsumers.values()) count += hits;
    return count;
  }

  /** A log whose lines say which connection they are about. */
  logOf(connection: Connection): Log {
    const prefix = (text: string): string => `${connection.label} - ${text}`;
    const { log } = this;
    return {
      isDebugging: log.isDebugging,
      isTracing: log.isTracing,
      trace: (text) => log.trace(prefix(text)),
      debug: (text) => {
        if (log.isDebugging) log.debug(prefix(text));
      },
      info: (text) => log.info(prefix(text)),
      warn: (text) => log.warn(prefix(text)),
      error: (text) => log.error(prefix(text)),
    };
  }

  /** Of clients and of lines to other servers. */
  traffic(): Traffic {
    const sum = this.accounts.traffic();
    addTraffic(sum, this.pastLinkTraffic);
    for (const link of this.links) addTraffic(sum, link);
    return sum;
  }

  statistics(): Statistics {
    return statisticsOf(this);
  }

  advise(account: Account, advisory: Advisory): void {
    this.hooks.systemAdvisory.slot?.(account, advisory);
  }

  /** Plugins may have their say about the options before these count. */
  async configure(options: BrokerOptions): Promise<BrokerOptions> {
    const slot = this.hooks.serverConfigure.slot;
    return slot === null ? options : await slot(options);
  }

  /** Asks plugins for an account that is not there. Of several who ask at once, the first to be answered makes it. */
  async resolveAccount(name: string): Promise<void> {
    const slot = this.hooks.accountResolve.slot;
    const source = slot === null || this.accounts.get(name) !== undefined ? undefined : await slot(name);
    if (source !== undefined && this.accounts.get(name) === undefined) this.configureAccount({ ...source, name });
  }

  /** Other servers have so many connections of the account now. Where that is too many together, some here have to go. */
  setRemoteConnections(account: Account, count: number, links: number): void {
    const isMore = count > account.remoteConnections;
    const hasMoreLinks = links > account.remoteLinks;
    account.remoteConnections = count;
    account.remoteLinks = links;
    if (isMore && account.limits.maxConnections >= 0) enforceLimits(account);
    if (hasMoreLinks) void this.hooks.accountChanged.slot?.(account);
  }

  configureAccount({ name, limits, mappings, trace }: BrokerOptions['accounts'][number]): Account {
    const isKnown = this.accounts.get(name) !== undefined;
    const account = this.accounts.ensure(name);
    account.limits = { ...account.limits, ...limits };
    if (limits !== undefined) enforceLimits(account);
    if (mappings !== undefined) account.setMappings(mappings);
    if (trace !== undefined) account.trace = trace;
    if (isKnown) void this.hooks.accountChanged.slot?.(account);
    return account;
  }

  /** Cuts every connection. Listeners are the business of whoever opened them. */
  closeConnections(): void {
    for (const connection of [...this.connections.values()]) connection.close(CloseReason.serverShutdown);
    // Links last: what clients leave behind may still be told.
    for (const link of [...this.links]) link.close(CloseReason.serverShutdown);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.listener.close();
    this.closeConnections();
    this.flow.close();
  }
}

function addOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function slowConsumerText(connection: Connection, reason: CloseReason): string {
  if (reason === CloseReason.slowConsumerPending) {
    return `Slow Consumer Detected: MaxPending of ${connection.pendingMax} Exceeded`;
  }
  const pending = connection.outbound.pendingBytes;
  if (reason === CloseReason.slowConsumerDeadline) {
    const seconds = connection.writeDeadlineMs / 1000;
    return `Slow Consumer Detected: WriteDeadline of ${seconds}s exceeded with ${pending} total bytes.`;
  }
  return `Slow Consumer Detected: all clients together exceed max_outbound, ${pending} bytes were waiting here`;
}
