/** This server's leafs, and the servers it is a leaf of: who is there, and who is told what. */
import {
  type Account,
  type Address,
  type Broker,
  CloseReason,
  Complaints,
  type ConfigNode,
  type Listener,
  type LivenessSource,
  type Log,
  quotedText,
  randomName,
  type Subscription,
  subjectFromText,
  type Transport,
  textFromSubject,
} from '../../kernel/plugin-api.ts';
import { LEAF_DIALECT } from '../../protocols/leaf/frames.ts';
import { infoLine } from '../../protocols/link/json-line.ts';
import { LinkParser } from '../../protocols/link/link-parser.ts';
import type { TlsBlock } from '../tls/contract.ts';
import type { Border } from './border.ts';
import { addressOf } from './config/remote-url.ts';
import type { LeafConfig } from './config.ts';
import type { StreamDomain } from './contract.ts';
import { type Barred, barredBetween } from './domain.ts';
import { Acceptance } from './handshake/acceptance.ts';
import { type Changed, Ledger } from './interest/ledger.ts';
import { Teller } from './interest/teller.ts';
import { infoOf } from './introduction.ts';
import { LeafConnection } from './leaf-connection.ts';
import { LOOP_PREFIX, loopDelayMs } from './loop.ts';
import type { Peer } from './peer.ts';
import type { Remote } from './remotes/remote.ts';
import type { WebSockets } from './remotes/web-sockets.ts';
import { RoutedReplies, RoutedReply } from './routed-replies.ts';

const FIRST_PING_MS = 1000;
const LOGIN_MS = 2000;
/** Within it other servers have to say that they have fewer leafs now. */
const RECOUNT_MS = 1000;
/** So long a line may be the one that closed a ring; so long others have to cut theirs. */
const NEW_MS = 100;
const OTHERS_CUT_MS = 100;
/** How often within a minute it is said that one and the same leaf came, or went. */
const TURNS_MAX = 5;
/** Keys of INFO: where leafs may connect, over TCP and over WebSocket. */
export const URLS = 'leafnode_urls';
const WEBSOCKET_URLS = 'ws_connect_urls';

export interface LeafsParts {
  readonly broker: Broker;
  readonly config: LeafConfig;
  readonly log: Log;
  /** Of the listener; null for none. */
  readonly tls: TlsBlock | null;
  /** For a remote's block; null: it has none. Throws where it cannot be used. */
  tlsFor(node: ConfigNode | null): TlsBlock;
  readonly webSockets: WebSockets;
  /** What the cluster is called; empty for none. */
  clusterName(): string;
  /** What other servers of the cluster say under a key of INFO. */
  urlsOfOthers(key: string): readonly string[];
  webSocketUrls(): readonly string[];
  readonly streams: StreamDomain | undefined;
}

/** All that one account has to do with leafs. */
interface AccountLeafs {
  readonly account: Account;
  readonly connections: Set<LeafConnection>;
  readonly ledger: Ledger;
  /** Interest in this comes back only where there is a loop. */
  readonly loopSubject: string;
}

export class Leafs {
  readonly broker: Broker;
  readonly log: Log;
  readonly parser: LinkParser;
  private readonly complaints: Complaints;
  readonly pingsOfHub: LivenessSource;
  readonly pingsOfLeaf: LivenessSource;
  readonly tls: TlsBlock | null;
  readonly tlsFor: (node: ConfigNode | null) => TlsBlock;
  readonly webSockets: WebSockets;
  readonly replies: RoutedReplies;
  config: LeafConfig;
  listener: Listener | null = null;
  remotes: Remote[] = [];
  /** In use, and on their way there. */
  readonly connections = new Set<LeafConnection>();
  /** How many were ever in use. */
  total = 0;
  isClosing = false;
  /** What hubs call the accounts here, by the names these have. Null: the same. */
  accountsOfHub: ReadonlyMap<string, string> | null = null;
  /** The addresses leafs were told last. */
  private announced = '';
  private readonly parts: LeafsParts;
  private readonly accounts = new Map<Account, AccountLeafs>();
  private readonly loopSubjects = new Map<string, string>();

  constructor(parts: LeafsParts) {
    const { broker, config, log, tls } = parts;
    this.parts = parts;
    this.broker = broker;
    this.config = config;
    this.log = log;
    this.tls = tls;
    this.tlsFor = (node) => parts.tlsFor(node);
    this.webSockets = parts.webSockets;
    this.replies = new RoutedReplies(broker, config);
    this.complaints = new Complaints(broker.clock);
    this.parser = new LinkParser(LEAF_DIALECT, broker.message);
    const pings = {
      get options() {
        return broker.options;
      },
      firstPingMs: FIRST_PING_MS,
    };
    this.pingsOfHub = pings;
    this.pingsOfLeaf = Object.create(pings, { pingsAlways: { value: true } });
  }

  /** Both sides have said who they are. */
  inUse(): readonly LeafConnection[] {
    return [...this.connections].filter(({ isIn }) => isIn);
  }

  // --- who this is -------------------------------------------------------------------------------------------------

  get clusterName(): string {
    return this.parts.clusterName();
  }

  /** What a leaf says it belongs to: its cluster, or itself. */
  get ownCluster(): string {
    return this.clusterName === '' ? this.broker.name : this.clusterName;
  }

  get advertised(): Address {
    const { host, port } = this.listener ?? { host: this.config.host, port: this.config.port };
    if (this.config.advertise === '') return { host, port };
    const [, name = '', digits] = /^(.*?)(?::(\d+))?$/.exec(this.config.advertise) ?? [];
    return { host: name === '' ? host : name, port: digits === undefined ? port : Number(digits) };
  }

  get ownUrl(): string {
    return addressOf(this.advertised);
  }

  /** Where leafs may connect. There is always one: older leafs take a list without any for the wrong port. */
  get urls(): readonly string[] {
    return [...new Set([this.ownUrl, ...this.urlsOfOthers(URLS)])];
  }

  get webSocketUrls(): readonly string[] {
    return [...new Set([...this.parts.webSocketUrls(), ...this.urlsOfOthers(WEBSOCKET_URLS)])];
  }

  private urlsOfOthers(key: string): readonly string[] {
    return this.config.isAdvertised ? this.parts.urlsOfOthers(key) : [];
  }

  isSecure(connection: LeafConnection): boolean {
    return this.tls !== null && connection.transport.kind !== 'websocket';
  }

  get asksForCertificates(): boolean {
    return this.tls?.settings.options.verifies === true;
  }

  get authTimeoutMs(): number {
    return this.config.authTimeoutMs ?? (this.tls === null ? LOGIN_MS : this.tls.timeoutMs + 1000);
  }

  // --- those that connect ------------------------------------------------------------------------------------------

  /** `transport` is what was accepted; over WebSocket it is secure already, where it is at all. */
  async accept(transport: Transport): Promise<void> {
    const { broker } = this;
    if (broker.isClosed || broker.isLameDuck || this.isClosing) {
      transport.destroy();
      return;
    }
    const connection = new LeafConnection({ leafs: this, transport, pings: this.pingsOfHub, isHub: false });
    const acceptance = new Acceptance(this, connection);
    connection.greeting = acceptance;
    this.connections.add(connection);
    broker.registerLink(connection);
    connection.log.debug('Leafnode connection created');
    if (this.isSecure(connection) && !(await this.secure(connection, acceptance))) return;
    if (!this.isSecure(connection)) acceptance.sendInfo();
    connection.begin(this.authTimeoutMs);
  }

  /** False when it is over. */
  private async secure(connection: LeafConnection, acceptance: Acceptance): Promise<boolean> {
    const tls = this.tls as TlsBlock;
    try {
      const isFirst = await tls.comesFirst(connection.transport);
      if (!isFirst) acceptance.sendInfo();
      const secure = await tls.accept(connection.transport);
      if (connection.isClosed) {
        secure.destroy();
        return false;
      }
      connection.replaceTransport(secure);
      if (isFirst) acceptance.sendInfo();
      return true;
    } catch (error) {
      connection.complain(`TLS leafnode handshake error: ${(error as Error).message}`);
      connection.close(CloseReason.tlsHandshake);
      return false;
    }
  }

  /** Negative: as many as there are. */
  hasRoomIn(account: Account): boolean {
    return this.excessIn(account) < 0;
  }

  /** How many leafs of the account there are too many, over all servers. */
  private excessIn(account: Account): number {
    const max = this.config.leafsMax.get(account.name) ?? account.limits.maxLinks ?? -1;
    return max < 0 ? Number.NEGATIVE_INFINITY : this.countIn(account) + account.remoteLinks - max;
  }

  /** Other servers have let leafs in, or there is room for fewer. The newest go, and not everywhere at the same moment: some are enough. */
  recount(account: Account): void {
    const { clock, random } = this.broker;
    clock.after(RECOUNT_MS * random.fraction(), () => {
      const accepted = [...(this.accounts.get(account)?.connections ?? [])].filter((one) => !one.greeting.isSolicited);
      for (let excess = this.excessIn(account); excess > 0; excess--) accepted.pop()?.sendAway();
    });
  }

  countIn(account: Account): number {
    return this.accounts.get(account)?.connections.size ?? 0;
  }

  /** The same leaf is here already: it knows better that the older connection is dead. */
  replaceTwin(newcomer: LeafConnection): void {
    for (const other of this.accounts.get(newcomer.account)?.connections ?? []) {
      if (other === newcomer || other.greeting.isSolicited || !isSamePeer(other.peer, newcomer.peer)) continue;
      other.refuse('Duplicate Remote LeafNode Connection', CloseReason.duplicateRoute);
    }
  }

  /** Those that connected are asked again who they are. */
  reconsider(): void {
    for (const connection of [...this.connections]) connection.reconsider();
  }

  // --- those that are in use ---------------------------------------------------------------------------------------

  /** Both have said who they are. */
  joined(connection: LeafConnection): void {
    if (connection.isClosed) return;
    const { account, broker } = this.stateOf(connection.account, connection);
    connection.loggedIn();
    connection.isIn = true;
    connection.joinedAt = broker.clock.monotonic();
    this.total++;
    broker.linkJoined(connection);
    const what = connection.isHub ? 'Connected leafnode to' : 'Leafnode connection created for';
    this.tell(connection, `${what} account: ${account.name}`);
    this.tellDomains(connection);
    this.compareAccounts();
    connection.liveness.expectFirstPing(broker.random, broker.clock.now() - connection.startedAt);
    new Teller(this.broker.clock, connection, this.ledgerOf(account).all()).start();
  }

  /** Streams on both sides are called by the names of their domains from here on. */
  private tellDomains(connection: LeafConnection): void {
    const { domain } = connection.peer;
    const own = this.streams?.name ?? '';
    if (own === domain) return;
    this.tell(connection, `JetStream using domains: local ${quotedText(own)}, remote ${quotedText(domain)}`);
  }

  private compareAccounts(): void {
    const names = this.inUse().flatMap(({ account, greeting, peer }): [string, string][] => {
      const own = textFromSubject(account.name);
      return greeting.isSolicited && peer.account !== '' && peer.account !== own ? [[own, peer.account]] : [];
    });
    this.accountsOfHub = names.length === 0 ? null : new Map(names);
  }

  private stateOf(account: Account, connection: LeafConnection): { account: Account; broker: Broker } {
    let known = this.accounts.get(account);
    if (known === undefined) {
      known = this.newState(account);
      this.accounts.set(account, known);
    }
    known.connections.add(connection);
    return { account, broker: this.broker };
  }

  private newState(account: Account): AccountLeafs {
    const connections = new Set<LeafConnection>();
    const changed: Changed = (wish, origin, change) => {
      for (const connection of connections) connection.tell(wish, origin, change);
    };
    const ledger = new Ledger(account, changed);
    const loopSubject = this.loopSubjectOf(account);
    const own = { source: 'own', name: '' } as const;
    ledger.add(loopSubject, '', own, 1);
    for (const { pattern } of account.sublist.everywhere?.subscriptions() ?? []) ledger.add(pattern, '', own, 1);
    for (const { source } of account.mappings?.rules ?? []) ledger.add(source, '', own, 1);
    return { account, connections, ledger, loopSubject };
  }

  private ledgerOf(account: Account): Ledger {
    return this.accounts.get(account)!.ledger;
  }

  /** Stable for as long as this server runs: it is how a loop is found. */
  private loopSubjectOf({ name }: Account): string {
    const known = this.loopSubjects.get(name);
    if (known !== undefined) return known;
    const subject = LOOP_PREFIX + randomName(this.broker.random);
    this.loopSubjects.set(name, subject);
    return subject;
  }

  isOwnLoop(account: Account, subject: string): boolean {
    return subject.startsWith(LOOP_PREFIX) && this.accounts.get(account)?.loopSubject === subject;
  }

  /**
   * What only this server asks for came around. The line that closed the ring goes, at once, and its ends know that it is the newest; on
   * an older one it is waited whether that was enough, so that the others stay. False while it waits.
   */
  cutsLoop(connection: LeafConnection, subject: string): boolean {
    const { clock, random } = this.broker;
    const { account, joinedAt } = connection;
    const others = this.accounts.get(account)?.connections ?? [];
    if (clock.monotonic() - joinedAt < NEW_MS && [...others].every((other) => other.joinedAt <= joinedAt)) {
      // Whatever else came around did so over this line, as far as is known.
      for (const other of others) other.joinedAt = 0;
      this.loopFound(connection);
      return true;
    }
    clock.after(OTHERS_CUT_MS * (1 + random.fraction()), () => {
      if (connection.wants(subject)) this.loopFound(connection);
    });
    return false;
  }

  loopFound(connection: LeafConnection): void {
    const { name } = connection.account;
    const text = `Loop detected for leafnode account=${quotedText(name)}. Delaying attempt to reconnect for 30s`;
    connection.retryDelayMs = loopDelayMs(this.broker.random);
    connection.refuse(text, CloseReason.protocolViolation);
  }

  /** What is wrong over and over again is said once a minute. */
  complain(connection: LeafConnection, text: string): void {
    if (this.complaints.isNews(connection.greeting.whoIs, text)) connection.log.error(text);
    else connection.log.debug(text);
  }

  /** That it came, or went: a few times a minute where it keeps doing so. */
  private tell({ greeting, peer, log }: LeafConnection, text: string): void {
    if (this.complaints.isNews(`line ${greeting.whoIs} ${peer.name}`, text, TURNS_MAX)) log.info(text);
    else log.debug(text);
  }

  left(connection: LeafConnection, reason: CloseReason): void {
    this.connections.delete(connection);
    const state = this.accounts.get(connection.account);
    const isInUse = state?.connections.delete(connection) === true;
    const text = `Leafnode connection closed: ${reason}${isInUse ? ` account: ${connection.account.name}` : ''}`;
    if (isInUse) this.tell(connection, text);
    else connection.log.debug(text);
    if (state === undefined || !isInUse) return;
    this.compareAccounts();
    removeSome(this.broker, connection.account, connection.takeOutAll());
    if (state.connections.size === 0) this.accounts.delete(connection.account);
  }

  /** Interest came, went, or has another weight. */
  note(account: Account, subscription: Subscription): void {
    if (subscription.sink instanceof RoutedReply) return;
    this.accounts.get(account)?.ledger.note(subscription);
  }

  retell(connection: LeafConnection, before: Border): void {
    for (const wish of this.ledgerOf(connection.account).all()) connection.retell(wish, before);
  }

  barredFor(account: Account, peer: Peer): Barred {
    const hasSystemAccount = this.broker.accounts.system !== null;
    return barredBetween({ account, hasSystemAccount, own: this.parts.streams, peerDomain: peer.domain });
  }

  /** What INFO and CONNECT say of streams. */
  get streams(): StreamDomain | undefined {
    return this.parts.streams;
  }

  /** Servers came to the cluster, or left it: leafs are told where else they can go. */
  addressesChanged(): void {
    const now = [...this.urls, ...this.webSocketUrls].join();
    if (now === this.announced) return;
    this.announced = now;
    this.announce();
  }

  private announce(): void {
    for (const connection of this.connections) {
      if (connection.isIn && !connection.greeting.isSolicited) connection.send(infoLine(infoOf(this, connection, {})));
    }
  }

  // --- those it connects to ----------------------------------------------------------------------------------------

  /** Those that do not do so yet begin to connect. */
  solicit(): void {
    for (const remote of this.remotes) remote.start();
  }

  /** From a cluster of that name, as a leaf. */
  hasAcceptedFrom(account: Account, cluster: string): boolean {
    for (const { peer, greeting } of this.accounts.get(account)?.connections ?? []) {
      if (!greeting.isSolicited && cluster !== '' && peer.cluster === subjectFromText(cluster)) return true;
    }
    return false;
  }

  close(reason: CloseReason): void {
    this.isClosing = true;
    this.replies.close();
    for (const remote of this.remotes) remote.stop();
    for (const connection of [...this.connections]) connection.close(reason);
  }
}

function isSamePeer(one: Peer, other: Peer): boolean {
  if (one.account === '' || one.account !== other.account) return false;
  return one.name === other.name && one.cluster === other.cluster;
}

/** What taking interest out may take of one turn. */
const SLICE_MS = 2;
const SLICE_CHECK = 64;

function removeSome(broker: Broker, account: Account, rest: Subscription[]): void {
  const until = broker.clock.monotonic() + SLICE_MS;
  for (let done = 1; rest.length > 0; done++) {
    account.sublist.remove(rest.pop() as Subscription);
    if (done % SLICE_CHECK === 0 && broker.clock.monotonic() >= until) break;
  }
  if (rest.length > 0) broker.clock.soon(() => removeSome(broker, account, rest));
}
