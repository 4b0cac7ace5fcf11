/** A server this one is a leaf of: connected to, and again whenever the connection ends. */
import { CloseReason, type Timer, type Transport } from '../../../kernel/plugin-api.ts';
import { Said } from '../../../protocols/link/said.ts';
import type { TlsBlock } from '../../tls/contract.ts';
import type { RemoteOptions } from '../config/remote-options.ts';
import { addressOf, isWebSocket, type RemoteUrl } from '../config/remote-url.ts';
import { ANSWER_MS, Solicitation } from '../handshake/solicitation.ts';
import { isWrongPort, SILENT, WRONG_PORT } from '../handshake/wrong-port.ts';
import { LeafConnection } from '../leaf-connection.ts';
import type { Leafs } from '../leafs.ts';
import { firstLine } from './first-line.ts';
import { isAddress, UrlList } from './url-list.ts';

/** The servers of a cluster find each other first. */
const SYSTEM_ACCOUNT_DELAY_MS = 250;

export class Remote {
  options: RemoteOptions;
  connection: LeafConnection | null = null;
  private readonly leafs: Leafs;
  private readonly urls: UrlList;
  /** Of the remote's own block; null where it has none. */
  private readonly tls: TlsBlock | null;
  /** What is used when it comes to that. */
  private plainTls: TlsBlock | null = null;
  private timer: Timer | null = null;
  private isStarted = false;
  private isStopped = false;
  private attempts = 0;
  private wasConnected = false;

  constructor(leafs: Leafs, options: RemoteOptions) {
    this.leafs = leafs;
    this.options = options;
    this.urls = new UrlList(options.urls, options.isShuffled, leafs.broker.random);
    this.tls = options.tls === null ? null : leafs.tlsFor(options.tls);
  }

  start(): void {
    if (this.options.isDisabled || this.isStarted) return;
    this.isStarted = true;
    const { broker, clusterName } = this.leafs;
    const isShared = clusterName !== '' && broker.accounts.get(this.options.account)?.isSystem === true;
    if (isShared) this.again(SYSTEM_ACCOUNT_DELAY_MS);
    else void this.dial();
  }

  /** Files of its certificates may have changed. */
  async renew(): Promise<void> {
    await (this.plainTls ?? this.tls)?.renew();
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
    this.connection?.close(CloseReason.clientClosed);
    (this.plainTls ?? this.tls)?.close();
  }

  /** The hub says where else it is. */
  learn(said: Said): void {
    if (this.options.ignoresDiscovered) return;
    const told = said.list(this.urls.usesWebSocket ? 'ws_connect_urls' : 'leafnode_urls');
    if (told !== null) this.urls.learn(told);
  }

  succeeded(): void {
    this.attempts = 0;
    this.wasConnected = true;
  }

  /** The connection is over, whether it came into use or not. */
  lost({ retryDelayMs }: LeafConnection): void {
    this.connection = null;
    this.again(Math.max(retryDelayMs, this.leafs.config.reconnectMs));
  }

  private async dial(): Promise<void> {
    const url = this.urls.next();
    if (url === undefined || this.isStopped) return;
    this.attempts++;
    let transport: Transport | null = null;
    try {
      transport = await this.open(url);
      await this.serve(transport, url);
    } catch (error) {
      transport?.destroy();
      this.failed(url, error as Error);
    }
  }

  private failed(url: RemoteUrl, error: Error): void {
    if (this.isStopped) return;
    const { broker, config, log } = this.leafs;
    const { connectErrorReports, reconnectErrorReports } = broker.options;
    const every = Math.max(1, this.wasConnected ? reconnectErrorReports : connectErrorReports);
    const text = `Error trying to connect as leafnode to remote server ${JSON.stringify(addressOf(url))} (attempt ${this.attempts}): ${error.message}`;
    if (this.attempts === 1 || this.attempts % every === 0) log.error(text);
    else log.debug(text);
    this.again(config.reconnectMs * (1 + broker.random.fraction()));
  }

  private again(delayMs: number): void {
    if (this.isStopped || this.leafs.isClosing || this.leafs.broker.isLameDuck) return;
    this.timer = this.leafs.broker.clock.after(delayMs, () => {
      this.timer = null;
      void this.dial();
    });
  }

  private async open(url: RemoteUrl): Promise<Transport> {
    if (isWebSocket(url)) return this.leafs.webSockets.open(url, this.options, this.security(url));
    const { broker } = this.leafs;
    const where = { host: url.host, port: url.port, timeoutMs: this.timeoutMs, readBuffer: broker.arena.readBuffer };
    return broker.ports.network.connect(where);
  }

  /** What turns a connection into a secure one; null where it is to stay open. */
  private security(url: RemoteUrl): ((transport: Transport) => Promise<Transport>) | null {
    return url.scheme === 'wss' || this.tls !== null ? (transport) => this.secured(transport, url) : null;
  }

  private async serve(raw: Transport, url: RemoteUrl): Promise<void> {
    if (isWebSocket(url)) {
      // It is as secure as it will ever be, and nothing but its frames can be read.
      this.connectionOver(raw, url).connection.begin(this.options.firstInfoTimeoutMs);
      return;
    }
    const { transport, said } = await this.greeted(raw, url);
    this.learn(said);
    const { connection, solicitation } = this.connectionOver(transport, url);
    if (await solicitation.begin(said)) connection.begin(ANSWER_MS);
  }

  private connectionOver(
    transport: Transport,
    url: RemoteUrl,
  ): { connection: LeafConnection; solicitation: Solicitation } {
    const { leafs } = this;
    if (this.isStopped) throw new Error('it is not wanted any more');
    const pings = this.options.isHub ? leafs.pingsOfHub : leafs.pingsOfLeaf;
    const connection = new LeafConnection({ leafs, transport, pings, isHub: !this.options.isHub });
    const solicitation = new Solicitation(leafs, connection, this, url);
    connection.greeting = solicitation;
    this.connection = connection;
    leafs.connections.add(connection);
    leafs.broker.registerLink(connection);
    return { connection, solicitation };
  }

  /** The other side has said who it is, and TLS is where it is to be. */
  private async greeted(raw: Transport, url: RemoteUrl): Promise<{ transport: Transport; said: Said }> {
    const { clock } = this.leafs.broker;
    const isFirst = this.tls?.settings.options.handshakeFirst === true;
    let transport = isFirst ? await this.secured(raw, url) : raw;
    const line = await firstLine(transport, () => clock.monotonic(), this.options.firstInfoTimeoutMs);
    const said = line === null ? null : infoIn(line);
    if (said === null) throw new Error(SILENT);
    if (isWrongPort(said)) throw new Error(WRONG_PORT);
    const isSecure = said.flag('tls_required') || this.options.tls !== null || url.scheme === 'tls';
    if (isSecure && !isFirst) transport = await this.secured(transport, url);
    return { transport, said };
  }

  private get timeoutMs(): number {
    return this.options.dialTimeoutMs || this.leafs.config.dialTimeoutMs;
  }

  private async secured(transport: Transport, { host }: RemoteUrl): Promise<Transport> {
    this.plainTls ??= this.tls ?? this.leafs.tlsFor(null);
    return this.plainTls.connect(transport, { host: isAddress(host) ? (this.urls.hostName ?? host) : host });
  }
}

function infoIn(line: string): Said | null {
  const json = /^INFO\s+(\{.*\})$/is.exec(line)?.[1];
  return json === undefined ? null : Said.in(json);
}
