/** A leaf has connected: it is told who this is, says who it is, and is let in or not. */
import {
  type Account,
  applyLimits,
  type ClientOptions,
  CloseReason,
  DEFAULT_CLIENT_OPTIONS,
  GLOBAL_ACCOUNT,
  type Identity,
  isRefusal,
  mergeClientOptions,
  type PermissionRules,
  PermissionSet,
  quotedText,
  type Refusal,
  ReplyAllowances,
  type SubjectRules,
  subjectFromText,
} from '../../../kernel/plugin-api.ts';
import type { CompressionOptions } from '../../../protocols/link/compression-mode.ts';
import { infoLine } from '../../../protocols/link/json-line.ts';
import { Said } from '../../../protocols/link/said.ts';
import { borderToLeaf } from '../border.ts';
import { isOlder, versionIn } from '../config.ts';
import { infoOf } from '../introduction.ts';
import type { Greeting, LeafConnection } from '../leaf-connection.ts';
import type { Leafs } from '../leafs.ts';
import { offered, optionsFor, Settled, settle } from '../packing.ts';
import { type Peer, peerFromConnect } from '../peer.ts';

/** `_` stands for leafs without a cluster where servers tell each other of them. */
const RESERVED_CLUSTER = '_';

export class Acceptance implements Greeting {
  readonly isSolicited = false;
  private readonly leafs: Leafs;
  private readonly connection: LeafConnection;
  private credentials: ClientOptions = DEFAULT_CLIENT_OPTIONS;
  private said: Said | null = null;

  constructor(leafs: Leafs, connection: LeafConnection) {
    this.leafs = leafs;
    this.connection = connection;
  }

  sendInfo(): void {
    const { connection, leafs } = this;
    const compression = offered(optionsFor(connection, leafs.config.compression));
    connection.send(infoLine(infoOf(leafs, connection, { nonce: connection.nonce, compression })));
    connection.outbound.flush();
  }

  get whoIs(): string {
    return this.connection.transport.remote.host;
  }

  /** The leaf wants what is sent to be packed. */
  informed(json: string): void {
    const said = Said.in(json);
    const { connection, leafs } = this;
    if (connection.isIn || this.said !== null || said === null) {
      connection.intrude();
      return;
    }
    const options = optionsFor(connection, leafs.config.compression);
    const mode = settle(options, said.text('compression'));
    // Whoever was offered nothing has nothing to ask for.
    if (connection.packing !== null || !isOffered(options) || mode === null) {
      connection.intrude();
      return;
    }
    connection.packing = new Settled(mode, options);
    if (connection.packing.packs) connection.packing.start(connection, () => this.sendInfo());
  }

  connected(json: string): void {
    const { connection } = this;
    const said = Said.in(json);
    const credentials = mergeClientOptions(DEFAULT_CLIENT_OPTIONS, json);
    if (connection.isIn || this.said !== null || said === null || typeof credentials === 'string') {
      connection.intrude();
      return;
    }
    this.said = said;
    this.credentials = credentials;
    connection.peer = peerFromConnect(said);
    // A URL with a name alone may mean a token by it, which is a secret.
    connection.user = credentials.nkey || (credentials.auth_token && '[REDACTED]') || credentials.user;
    void this.decide();
  }

  overdue(): void {
    this.connection.sendError('Authentication Timeout');
    this.connection.close(CloseReason.authenticationTimeout);
  }

  complained(text: string): void {
    // Found by the other side: it is going away, and will try again by itself.
    if (text.includes('Loop detected')) this.connection.close(CloseReason.protocolViolation);
  }

  closed(): void {}

  /** Asks once more, for when the answer may have changed. */
  reconsider(): void {
    if (this.connection.isIn) void this.askAgain();
  }

  private async askAgain(): Promise<void> {
    const { connection } = this;
    const verdict = await this.ask();
    if (connection.isClosed) return;
    if (isRefusal(verdict) || verdict.account !== connection.account.name) {
      this.turnAway(isRefusal(verdict) ? verdict.reason : 'the user is in another account now');
      return;
    }
    const { border: before, identity, peer } = connection;
    if (!peer.asksAnew && identity !== null && !isSame(rulesOf(identity).subscribe, rulesOf(verdict).subscribe)) {
      connection.log.info('what the user may subscribe to has changed: the leaf has to connect anew to go by it');
      connection.close('Permissions Changed');
      return;
    }
    this.become(verdict);
    // The leaf goes by what it was told.
    this.greet(connection.account, verdict);
    this.leafs.retell(connection, before);
  }

  private async decide(): Promise<void> {
    const { connection } = this;
    connection.hold();
    const verdict = await this.ask();
    if (connection.isClosed) return;
    if (isRefusal(verdict)) this.turnAway(verdict.reason);
    else this.enter(verdict);
    connection.release();
  }

  private async ask(): Promise<Identity | Refusal> {
    const { broker } = this.leafs;
    const authenticate = broker.hooks.connectionAuthenticate.slot;
    if (authenticate === null) return { account: GLOBAL_ACCOUNT, user: '', permissions: null };
    try {
      const verdict = await authenticate(this.connection, this.credentials);
      if (verdict === undefined) return { reason: 'nobody knows these credentials', isRefusal: true } as Refusal;
      if (!isRefusal(verdict)) await broker.resolveAccount(verdict.account);
      return verdict;
    } catch (error) {
      return { reason: `no verdict: ${String(error)}`, isRefusal: true } as Refusal;
    }
  }

  private turnAway(reason: string): void {
    const { connection } = this;
    const { broker } = this.leafs;
    broker.limitHits.authentication++;
    connection.complain(`authentication error${reason === '' ? '' : ` - ${reason}`}`);
    broker.advise(connection.account, { type: 'authentication.refused', connection, reason });
    connection.sendError('Authorization Violation');
    connection.close(CloseReason.authenticationFailure);
  }

  private enter(identity: Identity): void {
    const { connection, leafs } = this;
    const said = this.said as Said;
    const wrong = this.misfit(said, connection.peer);
    if (wrong !== null) {
      connection.refuse(wrong.text, wrong.reason);
      return;
    }
    const account = leafs.broker.accounts.get(identity.account);
    if (account === undefined) {
      this.turnAway(`account ${quotedText(identity.account)} does not exist`);
      return;
    }
    connection.turn(said.flag('is_hub'));
    connection.account = account;
    connection.isIsolated = said.flag('isolate') || leafs.config.isIsolated;
    this.become(identity);
    if (!leafs.hasRoomIn(account)) {
      connection.sendAway();
      return;
    }
    leafs.replaceTwin(connection);
    this.greet(account, identity);
    leafs.joined(connection);
  }

  private misfit(said: Said, { cluster, version }: Peer): { text: string; reason: CloseReason } | null {
    const { clusterName, config } = this.leafs;
    if (said.text('lang') !== '')
      return { text: 'attempted to connect to leaf node port', reason: CloseReason.incorrectPort };
    if (/\s/.test(cluster))
      return { text: 'cluster name cannot contain spaces', reason: CloseReason.protocolViolation };
    if (cluster === RESERVED_CLUSTER)
      return { text: 'cluster name is reserved', reason: CloseReason.protocolViolation };
    if (cluster !== '' && cluster === subjectFromText(clusterName))
      return { text: 'remote leafnode has same cluster name', reason: CloseReason.clusterNamesIdentical };
    const gateway = said.text('gateway');
    if (gateway !== '') {
      const text = `Rejecting connection from gateway ${quotedText(gateway)} on the leafnode port`;
      return { text, reason: CloseReason.incorrectPort };
    }
    const least = versionIn(config.minVersion);
    if (least === null || !isOlder(versionIn(version) ?? [0, 0, 0], least)) return null;
    const text = `connection rejected since minimum version required is ${quotedText(config.minVersion)}`;
    return { text, reason: CloseReason.minimumVersion };
  }

  /** What the user may do holds for what the leaf may send and want. */
  private become(identity: Identity): void {
    const { connection, leafs } = this;
    const rules = rulesOf(identity);
    const kept = ((this.said as Said).list('deny_pub') ?? []).map(subjectFromText);
    const barred = leafs.barredFor(connection.account, connection.peer);
    connection.identity = identity;
    connection.expireAt(identity.expiresAt);
    applyLimits(connection);
    connection.user = identity.user || connection.user;
    connection.border = borderToLeaf(rules, kept, barred);
    const { responses } = rules;
    const { clock, options } = leafs.broker;
    if (responses === null) connection.replies = null;
    else connection.replies = new ReplyAllowances(responses, clock, options.maxRememberedReplies);
  }

  private greet(account: Account, identity: Identity): void {
    const { connection, leafs } = this;
    const rules = rulesOf(identity);
    const wishes = { account, import: rules.subscribe, export: rules.publish };
    connection.send(infoLine(infoOf(leafs, connection, wishes)));
  }
}

function isOffered({ mode }: CompressionOptions): boolean {
  return mode !== 'off' && mode !== 'not supported';
}

const EVERYTHING: PermissionRules = {
  publish: { allow: null, deny: [] },
  subscribe: { allow: null, deny: [] },
  responses: null,
};

function isSame(one: SubjectRules, other: SubjectRules): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function rulesOf({ permissions }: Identity): PermissionRules {
  return permissions instanceof PermissionSet ? permissions.rules : EVERYTHING;
}
