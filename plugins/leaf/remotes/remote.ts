/** A server this one is a leaf of: connected to, and again whenever the connection ends. */
import { CloseReason, type Timer, type Transport } from '../../../kernel/plugin-api.ts';
import { Said } from '../../../protocols/link/said.ts';
import type { RemoteOptions } from '../config/remote-options.ts';
import { addressOf, isWebSocket, type RemoteUrl } from '../config/remote-url.ts';
import { Solicitation } from '../handshake/solicitation.ts';
import { LeafConnection } from '../leaf-connection.ts';
import type { TlsSide } from '../leaf-tls.ts';
import type { Leafs } from '../leafs.ts';
import { firstLine } from './first-line.ts';
import { isAddress, UrlList } from './url-list.ts';

export class Remote {
  options: RemoteOptions;
  connection: LeafConnection | null = null;
  private readonly leafs: Leafs;
  private readonly urls: UrlList;
  private readonly tls: TlsSide | null;
  private timer: Timer | null = null;
  private isStopped = false;
  private attempts = 0;
  private wasConnected = false;

  constructor(leafs: Leafs, options: RemoteOptions) {
    this.leafs = leafs;
    this.options = options;
    this.urls = new UrlList(options.urls, options.isShuffled, leafs.broker.random);
    this.tls = leafs.tlsFor(options);
  }

  start(): void {
    if (!this.options.isDisabled) void this.dial();
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
    this.connection?.close(CloseReason.clientClosed);
    this.tls?.close();
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
    const { broker, config, log } = this.leafs;
    const { connectErrorReports: first, reconnectErrorReports: later } = reportsOf(broker.options);
    const every = Math.max(1, this.wasConnected ? later : first);
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
    const { broker, config } = this.leafs;
    const timeoutMs = this.options.dialTimeoutMs || config.dialTimeoutMs;
    const { host, port } = url;
    if (isWebSocket(url)) throw new Error('this build does not connect over WebSocket');
    const where = { host, port, timeoutMs, readBuffer: broker.arena.readBuffer };
    return broker.ports.network.connect(where);
  }

  private async serve(raw: Transport, url: RemoteUrl): Promise<void> {
    const { leafs, tls } = this;
    const { clock } = leafs.broker;
    const isFirst = tls?.settings.options.handshakeFirst === true;
    let transport = isFirst ? await this.secured(raw, url) : raw;
    const line = await firstLine(transport, () => clock.monotonic(), this.options.firstInfoTimeoutMs);
    const said = line === null ? null : infoIn(line);
    if (this.isStopped) throw new Error('it is not wanted any more');
    if (said === null) throw new Error('the other side did not say who it is');
    if (isWrongPort(said)) throw new Error('attempted to connect to wrong port');
    const isSecure = said.flag('tls_required') || this.options.tls !== null || url.scheme === 'tls';
    if (isSecure && !isFirst) transport = await this.secured(transport, url);
    this.learn(said);
    const pings = this.options.isHub ? leafs.pingsOfHub : leafs.pingsOfLeaf;
    const connection = new LeafConnection({ leafs, transport, pings, isHub: !this.options.isHub });
    const solicitation = new Solicitation(leafs, connection, this, url);
    connection.greeting = solicitation;
    this.connection = connection;
    leafs.connections.add(connection);
    leafs.broker.registerLink(connection);
    try {
      await solicitation.begin(said);
    } catch (error) {
      connection.log.error((error as Error).message);
      connection.close(CloseReason.authenticationFailure);
    }
  }

  private async secured(transport: Transport, { host }: RemoteUrl): Promise<Transport> {
    if (this.tls === null) throw new Error('the other side asks for TLS, which needs the plugin "tls"');
    return this.tls.connect(transport, isAddress(host) ? (this.urls.hostName ?? host) : host);
  }
}

function infoIn(line: string): Said | null {
  const json = /^INFO\s+(\{.*\})$/is.exec(line)?.[1];
  return json === undefined ? null : Said.in(json);
}

/** Servers of other kinds, and clients' ports, do not say these. */
function isWrongPort(said: Said): boolean {
  if (said.number('client_id') === 0) return true;
  return said.list('leafnode_urls') === null && !said.flag('info_on_connect');
}

function reportsOf(options: object): { connectErrorReports: number; reconnectErrorReports: number } {
  const { connectErrorReports = 3600, reconnectErrorReports = 1 } = options as Record<string, number>;
  return { connectErrorReports, reconnectErrorReports };
}
