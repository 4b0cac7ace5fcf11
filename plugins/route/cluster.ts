/** This server among the others of its cluster: who is there, and what is told to whom. */
import {
  type Account,
  type Address,
  type Broker,
  CloseReason,
  Complaints,
  type Listener,
  type LivenessSource,
  type Log,
  PermissionSet,
  randomName,
  type Transport,
} from '../../kernel/plugin-api.ts';
import type { CompressionOptions } from '../../protocols/link/compression-mode.ts';
import { infoLine } from '../../protocols/link/json-line.ts';
import { LinkParser } from '../../protocols/link/link-parser.ts';
import { gossipLine, ROUTE_DIALECT } from '../../protocols/route/frames.ts';
import type { ServiceMeasures } from '../account-sharing/contract.ts';
import type { TlsBlock } from '../tls/contract.ts';
import { AccountTraffic } from './account-traffic.ts';
import { ownClientUrls } from './client-urls.ts';
import { type ClusterConfig, PING_INTERVAL_MAX_MS, type RoutePermissions } from './config.ts';
import type { Attempt } from './dialing/attempt.ts';
import { Dialer } from './dialing/dialer.ts';
import { Handshake } from './handshake.ts';
import { Announcer } from './interest/announcer.ts';
import { Ledger } from './interest/ledger.ts';
import { gossipOf, type InfoWishes, infoOf } from './introduction.ts';
import type { NoteBoard, Notes } from './notes.ts';
import { OwnLines } from './own-lines.ts';
import type { Remote, RemoteSizes } from './remote.ts';
import { RouteConnection } from './route-connection.ts';
import { addressOf, hostToProve, type RouteUrl } from './route-url.ts';

const CONNECT_MS = 1000;
const LOGIN_MS = 2000;
const FIRST_PING_MS = 1000;
/** How often within a minute it is said that one and the same connection came, or went. */
const TURNS_MAX = 5;
/** How whoever hears of a server is to treat what it does about it. */
const TELL_NOBODY = 1;
const TELL_ALL = 2;

export interface ClusterParts {
  readonly broker: Broker;
  readonly config: ClusterConfig;
  readonly log: Log;
  readonly tls: TlsBlock | null;
  readonly notes: Notes;
  readonly measures: ServiceMeasures | null;
  ownWebSocketUrls(): readonly string[];
}

export class Cluster {
  readonly broker: Broker;
  readonly log: Log;
  readonly parser: LinkParser;
  readonly remotes = new Map<string, Remote>();
  readonly connections = new Set<RouteConnection>();
  readonly handshake = new Handshake(this);
  readonly dialer: Dialer;
  readonly announcer = new Announcer(this);
  readonly ledger = new Ledger(this.announcer);
  readonly ownLines = new OwnLines(this);
  readonly traffic = new AccountTraffic();
  readonly pings: LivenessSource;
  readonly notes: Notes;
  readonly ownWebSocketUrls: () => readonly string[];
  /** Whoever measures services; null for nobody. */
  readonly measures: ServiceMeasures | null;
  config: ClusterConfig;
  name: string;
  isDynamic: boolean;
  sizes: RemoteSizes;
  tls: TlsBlock | null;
  private readonly complaints: Complaints;
  private listener: Listener | null = null;
  private imports: PermissionSet | null = null;
  private exports: PermissionSet | null = null;
  private isClosed = false;

  constructor({ broker, config, log, tls, notes, measures, ownWebSocketUrls: urls }: ClusterParts) {
    this.broker = broker;
    this.config = config;
    this.log = log;
    this.tls = tls;
    this.notes = notes;
    notes.board = boardOf(this);
    this.ownWebSocketUrls = urls;
    this.measures = measures;
    this.parser = new LinkParser(ROUTE_DIALECT, broker.message);
    this.dialer = new Dialer(this);
    this.complaints = new Complaints(broker.clock);
    this.isDynamic = config.name === '';
    this.name = this.isDynamic ? randomName(broker.random) : config.name;
    this.sizes = this.sizesFor(config);
    this.permit(config.permissions);
    this.pings = pingsOf(this);
  }

  // --- what holds for all lines ------------------------------------------------------------------------------------

  get requiresLogin(): boolean {
    return this.config.user !== '' || this.config.password !== '';
  }

  get isSecure(): boolean {
    return this.tls !== null;
  }

  get compression(): CompressionOptions {
    return this.config.compression;
  }

  get address(): Address | null {
    return this.listener;
  }

  /** Where other servers are told that this one is. */
  get advertised(): Address {
    const { host, port } = this.listener ?? { host: this.config.host, port: Math.max(this.config.port, 0) };
    if (this.config.advertise === '') return { host, port };
    const [, name, digits] = /^(.*?)(?::(\d+))?$/.exec(this.config.advertise) ?? [];
    return { host: name ?? host, port: digits === undefined ? port : Number(digits) };
  }

  get loginMs(): number {
    const { authTimeoutMs } = this.config;
    return authTimeoutMs ?? (this.tls === null ? LOGIN_MS : this.tls.timeoutMs + CONNECT_MS);
  }

  /** Whether this server asks others for it. */
  mayAskFor(subject: string): boolean {
    return this.imports === null || this.asker()(subject);
  }

  /** Whether others may ask this server for it. */
  mayBeAskedFor(subject: string, queue: string): boolean {
    return this.exports === null || this.exports.maySubscribe(subject, queue);
  }

  /** Whether it asks for it now, to be asked later. */
  asker(): (subject: string) => boolean {
    const { imports } = this;
    return (subject) => {
      const bytes = Buffer.from(subject, 'latin1');
      return imports === null || imports.mayPublish(bytes, 0, bytes.length);
    };
  }

  permit(permissions: RoutePermissions | null): void {
    const rules =
      permissions === null ? null : { publish: permissions.imports, subscribe: permissions.exports, responses: null };
    const set = rules === null ? null : new PermissionSet(rules);
    this.imports = set;
    this.exports = set;
  }

  sizesFor({ poolSize, accounts }: ClusterConfig): RemoteSizes {
    const system = this.broker.accounts.system?.name;
    const dedicated = new Set(poolSize > 0 ? [...accounts, ...(system === undefined ? [] : [system])] : []);
    return { own: poolSize, dedicated };
  }

  // --- connections -------------------------------------------------------------------------------------------------

  async listen(): Promise<Address> {
    const { ports, arena, options } = this.broker;
    const host = this.config.host === '' ? options.host : this.config.host;
    const where = { host, port: Math.max(this.config.port, 0), readBuffer: arena.readBuffer };
    this.listener = await ports.network.listen(where, (transport) => void this.accept(transport));
    return this.listener;
  }

  /** Somebody connected. */
  private async accept(bare: Transport): Promise<void> {
    const { tls } = this;
    let transport = bare;
    try {
      if (tls !== null)
        transport = await tls.accept(bare, { knownHosts: () => this.dialer.urls.map(({ host }) => host) });
    } catch (error) {
      const where = addressOf(bare.remote);
      if (this.complaints.isNews(bare.remote.host, String(error))) {
        this.broker.log.error(`${where} - rid - TLS route handshake error: ${(error as Error).message}`);
      }
      return;
    }
    if (this.isClosed) transport.destroy();
    else this.serve(transport, null);
  }

  /** A way to another server, with TLS where that is configured. */
  async open({ host, port }: RouteUrl): Promise<Transport> {
    const { ports, arena } = this.broker;
    const bare = await ports.network.connect({ host, port, timeoutMs: CONNECT_MS, readBuffer: arena.readBuffer });
    return this.tls === null ? bare : this.tls.connect(bare, { host: hostToProve(host, this.dialer.urls) });
  }

  serve(transport: Transport, attempt: Attempt | null): void {
    if (this.isClosed) {
      transport.destroy();
      return;
    }
    const connection = new RouteConnection(this, transport, attempt);
    this.connections.add(connection);
    this.broker.registerLink(connection);
    this.handshake.begin(connection);
    const isAsked = attempt === null && this.requiresLogin;
    const { pingIntervalMs, pingMax } = this.pings.options;
    connection.begin(isAsked ? this.loginMs : pingIntervalMs * (pingMax + 1));
  }

  /** The connection has its place. */
  joined(connection: RouteConnection, remote: Remote): void {
    const { attempt } = connection;
    connection.remote = remote;
    remote.place(connection);
    this.remotes.set(remote.id, remote);
    connection.loggedIn();
    connection.liveness.expectFirstPing(this.broker.random, this.broker.clock.now() - connection.startedAt);
    if (attempt !== null) {
      const { url, isExplicit, gossipMode } = attempt;
      if (remote.solicitation === null || (isExplicit && !remote.solicitation.isExplicit)) {
        remote.solicitation = { url, isExplicit, gossipMode };
      }
      attempt.succeeded(remote.id);
    }
    this.announcer.sendAll(connection);
    // Whoever connected does not know yet whether it is let in.
    if (attempt === null) this.settled(connection);
    else if (!connection.isClosed) connection.liveness.probe();
  }

  /** Both sides have taken the connection. */
  settled(connection: RouteConnection): void {
    const { remote, attempt } = connection;
    if (remote === null || connection.isClosed) return;
    this.tell(connection, 'Route connection created');
    this.ownLines.settled(connection, remote);
    if (attempt !== null) this.complaints.forget(addressOf(attempt.url));
    // The connection for the system account may well be there before all others.
    if (connection.dedicatedTo !== '' || !remote.isTold) this.tellOthers(connection, remote);
    if (connection.dedicatedTo === '') remote.isTold = true;
    if (!remote.isSettled) {
      remote.isSettled = true;
      this.othersChanged();
    }
    this.dialer.complete(remote);
  }

  ponged(connection: RouteConnection): void {
    const { remote } = connection;
    if (remote === null) return;
    remote.losses = 0;
    connection.adaptCompression();
  }

  /** How many other servers there are. */
  get peerCount(): number {
    let count = 0;
    for (const { isSettled } of this.remotes.values()) if (isSettled) count++;
    return count;
  }

  left(connection: RouteConnection, reason: CloseReason): void {
    const { remote, attempt, failure } = connection;
    this.connections.delete(connection);
    connection.foreign.clear();
    const name = connection.peer?.name ?? '';
    const isQuiet = failure?.kind === 'known' || reason === CloseReason.duplicateRoute;
    const text = `Router connection closed: ${reason}${name === '' ? '' : ` - Remote: ${name}`}`;
    if (isQuiet) connection.log.debug(text);
    else this.tell(connection, text);
    if (remote === null) {
      this.keepSolicitation(attempt, failure?.remoteId);
      attempt?.failed(failure ?? { kind: 'lost' });
      return;
    }
    remote.remove(connection);
    if (remote.isGone) {
      this.lost(remote);
      return;
    }
    this.ownLines.gone(connection, remote, reason);
    if (attempt !== null) this.dialer.refill(remote);
  }

  /** The connection that stays is renewed by whoever would have renewed this one. */
  private keepSolicitation(attempt: Attempt | null, remoteId: string | undefined): void {
    const remote = this.remotes.get(remoteId ?? '');
    if (attempt === null || remote === undefined) return;
    const { url, isExplicit, gossipMode } = attempt;
    if (remote.solicitation === null || (isExplicit && !remote.solicitation.isExplicit)) {
      remote.solicitation = { url, isExplicit, gossipMode };
    }
  }

  private lost(remote: Remote): void {
    if (this.remotes.get(remote.id) !== remote) return;
    this.remotes.delete(remote.id);
    remote.expecting?.cancel();
    this.othersChanged();
    if (!this.isClosed) this.dialer.lost(remote);
  }

  // --- the other servers -------------------------------------------------------------------------------------------

  /**
   * Others hear of a server that has come, so that all know all. A NATS server leaves out what others will tell as well; where many
   * start at once, and connections that were made twice are closed again, that may be nobody.
   */
  private tellOthers(connection: RouteConnection, remote: Remote): void {
    const { peer, attempt, dedicatedTo: account } = connection;
    if (peer === null) return;
    for (const other of this.remotes.values()) {
      if (other === remote || (account !== '' && other.isSingle)) continue;
      const through = account === '' ? other.first : (other.dedicated.get(account) ?? other.first);
      through?.send(gossipLine(gossipOf(peer, connection, gossipModeFor(attempt, other), account)));
    }
  }

  /** Other servers are told again what this one says of itself. */
  sendInfos(wishes: Partial<InfoWishes>): void {
    for (const remote of this.remotes.values()) {
      const { first } = remote;
      const compression = first?.compression ?? 'off';
      first?.send(infoLine(infoOf(this, { compression, ...wishes })));
    }
  }

  /** This server belongs to another cluster now; only who said so may stay. */
  rename(name: string, because: RouteConnection | null): void {
    if (name === this.name) return;
    this.name = name;
    this.broker.log.info(`Cluster name updated to ${name}`);
    for (const connection of [...this.connections]) {
      if (connection !== because) connection.close(CloseReason.clusterNameConflict);
    }
    this.broker.announceInfo();
  }

  ownClientUrls(): readonly string[] {
    return this.broker.isLameDuck ? [] : ownClientUrls(this.broker);
  }

  private othersChanged(): void {
    this.clientUrlsChanged();
    this.notes.changed();
  }

  /** Clients are told where they can go. */
  clientUrlsChanged(): void {
    const { broker, config } = this;
    const urls = new Set(this.ownClientUrls());
    if (config.isAdvertised) for (const url of this.urlsOfOthers('connectUrls')) urls.add(url);
    const changed = [...urls];
    if (changed.join() === broker.connectUrls.join()) return;
    broker.connectUrls = changed;
    if (!this.isClosed && !broker.isClosed) broker.announceInfo();
  }

  /** The same for clients that come by WebSocket. */
  webSocketUrls(): readonly string[] {
    const own = this.broker.isLameDuck ? [] : this.ownWebSocketUrls();
    return [...new Set([...own, ...(this.config.isAdvertised ? this.urlsOfOthers('webSocketUrls') : [])])];
  }

  /** Of servers that are not about to leave. */
  urlsOfOthers(kind: 'connectUrls' | 'webSocketUrls'): string[] {
    return [...this.remotes.values()].flatMap((remote) =>
      remote.isLameDuck || !remote.isSettled ? [] : remote.peer[kind],
    );
  }

  /** The account is here from now on. */
  accountCame(account: Account): void {
    for (const connection of this.connections) connection.foreign.welcome(account);
  }

  accountWent(account: Account): void {
    for (const connection of this.connections) connection.foreign.bid(account);
    this.ledger.forget(account);
  }

  // --- the log -----------------------------------------------------------------------------------------------------

  /** Something is wrong that may well be wrong the next time as well. */
  complain(connection: RouteConnection, text: string): void {
    if (this.complaints.isNews(whoIs(connection), text)) connection.log.error(text);
  }

  /** That it came, or went: once where it never came into use, and a few times a minute where it keeps doing so. */
  private tell(connection: RouteConnection, text: string): void {
    const { peer, poolIndex, dedicatedTo, log } = connection;
    const which = `line ${whoIs(connection)} ${peer?.name} ${poolIndex} ${dedicatedTo}`;
    const wasInUse = connection.isSolicited ? connection.isConfirmed : connection.remote !== null;
    if (this.complaints.isNews(which, text, wasInUse ? TURNS_MAX : 1)) log.info(text);
    else log.debug(text);
  }

  complainAbout(url: RouteUrl, text: string, what: string): void {
    if (this.complaints.isNews(addressOf(url), what)) this.broker.log.error(text);
  }

  async stopListening(): Promise<void> {
    const { listener } = this;
    this.listener = null;
    await listener?.close();
  }

  close(): void {
    this.isClosed = true;
    this.dialer.close();
    this.ownLines.close();
    for (const connection of [...this.connections]) connection.close(CloseReason.serverShutdown);
  }
}

function gossipModeFor(attempt: Attempt | null, target: Remote): number {
  const isAccepted = attempt === null;
  if (isAccepted && target.solicitation?.isExplicit === true) return TELL_ALL;
  if (attempt?.isExplicit === true) return TELL_ALL;
  return isAccepted ? TELL_NOBODY : 0;
}

function whoIs({ attempt, transport }: RouteConnection): string {
  return attempt === null ? transport.remote.host : addressOf(attempt.url);
}

function boardOf(cluster: Cluster): NoteBoard {
  return {
    get others() {
      return [...cluster.remotes.values()].filter(({ isSettled }) => isSettled).map(({ said }) => said);
    },
    announce: () => cluster.sendInfos({}),
  };
}

/** Asked anew each time, as a reload may change them. */
function pingsOf(cluster: Cluster): LivenessSource {
  return {
    firstPingMs: FIRST_PING_MS,
    pingsAlways: true,
    get options() {
      const { options } = cluster.broker;
      const { pingIntervalMs, pingMax } = cluster.config;
      return {
        pingIntervalMs: Math.min(pingIntervalMs || options.pingIntervalMs, PING_INTERVAL_MAX_MS),
        pingMax: pingMax || options.pingMax,
      };
    },
  };
}
