/** This server has connected to a hub, heard who it is, and says who it is itself. */
import {
  applyLimits,
  CloseReason,
  type SubjectRules,
  subjectFromText,
  UNRESTRICTED,
} from '../../../kernel/plugin-api.ts';
import { connectLine, infoLine } from '../../../protocols/link/json-line.ts';
import { Said, type SaidRules } from '../../../protocols/link/said.ts';
import { borderToHub } from '../border.ts';
import { addressOf, type RemoteUrl } from '../config/remote-url.ts';
import { connectOf } from '../introduction.ts';
import type { Greeting, LeafConnection } from '../leaf-connection.ts';
import type { Leafs } from '../leafs.ts';
import { loopDelayMs } from '../loop.ts';
import { optionsFor, Settled, settle } from '../packing.ts';
import { peerFromInfo } from '../peer.ts';
import { loginOf } from '../remotes/login.ts';
import type { Remote } from '../remotes/remote.ts';
import { isWrongPort, SILENT, WRONG_PORT } from './wrong-port.ts';

export const ANSWER_MS = 2000;
const OLD_VERSION_DELAY_MS = 5000;

export class Solicitation implements Greeting {
  readonly isSolicited = true;
  private readonly leafs: Leafs;
  private readonly connection: LeafConnection;
  private readonly remote: Remote;
  private readonly url: RemoteUrl;
  private login: object = {};
  private hasHeard = false;
  private awaitsPackedInfo = false;
  private isPacked = false;
  private packedInfo: Said | null = null;

  constructor(leafs: Leafs, connection: LeafConnection, remote: Remote, url: RemoteUrl) {
    this.leafs = leafs;
    this.connection = connection;
    this.remote = remote;
    this.url = url;
  }

  get whoIs(): string {
    return addressOf(this.url);
  }

  /** The hub's first INFO. False when that was the end of it. */
  async begin(said: Said): Promise<boolean> {
    const { connection } = this;
    this.hasHeard = true;
    try {
      await this.answer(said);
    } catch (error) {
      connection.complain((error as Error).message);
      connection.close(CloseReason.authenticationFailure);
    }
    return !connection.isClosed;
  }

  /** Rejects when there is nothing to log in with. */
  private async answer(said: Said): Promise<void> {
    const { connection, leafs, remote } = this;
    const { disk } = leafs.broker.ports;
    // Accounts of an operator are there when somebody asks for them.
    await leafs.broker.resolveAccount(remote.options.account);
    this.login = await loginOf(remote.options, this.url, said.text('nonce'), disk);
    if (connection.isClosed) return;
    connection.peer = peerFromInfo(said);
    const options = optionsFor(connection, remote.options.compression);
    const mode = settle(options, said.text('compression'));
    if (mode === null) throw new Error(`unknown compression mode ${JSON.stringify(said.text('compression'))}`);
    const packing = new Settled(mode, options);
    connection.packing = packing;
    if (packing.packs) this.askToPack(packing, mode);
    else this.introduce(said);
  }

  /** Nothing more may be said before the hub has answered, packed. */
  private askToPack(packing: Settled, mode: string): void {
    const { connection } = this;
    connection.send(infoLine({ compression: mode }));
    this.awaitsPackedInfo = true;
    packing.start(connection, () => this.answerIfAsked());
  }

  /** The hub may be faster than what this side still had to send. */
  private answerIfAsked(): void {
    this.isPacked = true;
    if (this.packedInfo !== null) this.introduce(this.packedInfo);
  }

  private introduce(said: Said): void {
    const { connection, leafs, remote } = this;
    const { options } = remote;
    const account = leafs.broker.accounts.get(options.account);
    const connect = connectOf(leafs, {
      login: this.login,
      isHub: options.isHub,
      denyImports: options.denyImports,
      asksForIsolation: options.asksForIsolation,
      compression: connection.compression,
      account: options.account,
      hasStreams: account !== undefined && leafs.streams?.isOnFor(account) === true,
    });
    connection.send(connectLine(connect));
    connection.outbound.flush();
    // Very old hubs say nothing more.
    if (!said.flag('info_on_connect')) this.enter(said);
  }

  informed(json: string): void {
    const said = Said.in(json);
    const { connection } = this;
    if (said === null) {
      connection.fail('malformed');
      return;
    }
    this.remote.learn(said);
    if (!this.hasHeard) void this.hear(said);
    else if (this.awaitsPackedInfo) {
      this.awaitsPackedInfo = false;
      this.packedInfo = said;
      if (this.isPacked) this.introduce(said);
    } else if (connection.isIn) this.change(said);
    else if (said.flag('connect_info')) this.enter(said);
  }

  /** The first INFO, where only a connection in use can read it. */
  private async hear(said: Said): Promise<void> {
    const { connection } = this;
    if (isWrongPort(said)) {
      connection.complain(WRONG_PORT);
      connection.close(CloseReason.incorrectPort);
      return;
    }
    connection.hold();
    if (await this.begin(said)) connection.expectAnswer(ANSWER_MS);
    connection.release();
  }

  /** Only leafs say that. */
  connected(): void {
    this.connection.intrude();
  }

  overdue(): void {
    const { connection } = this;
    if (this.hasHeard) {
      connection.refuse('Stale Leaf Node Connection - Closing', CloseReason.stale);
      return;
    }
    connection.complain(SILENT);
    connection.close(CloseReason.stale);
  }

  complained(text: string): void {
    const { connection } = this;
    if (text.includes('Loop detected') || text.includes('same cluster name')) {
      connection.retryDelayMs = loopDelayMs(this.leafs.broker.random);
      connection.close(CloseReason.protocolViolation);
    } else if (text.includes('minimum version required')) {
      connection.retryDelayMs = OLD_VERSION_DELAY_MS;
    }
  }

  closed(): void {
    this.remote.lost(this.connection);
  }

  private enter(said: Said): void {
    const { connection, leafs, remote } = this;
    const account = leafs.broker.accounts.get(remote.options.account);
    if (account === undefined) {
      connection.complain(`No local account "${remote.options.account}" for leafnode`);
      connection.close(CloseReason.missingAccount);
      return;
    }
    connection.peer = peerFromInfo(said);
    connection.account = account;
    applyLimits(connection);
    connection.isIsolated = remote.options.isIsolated;
    this.setBorder(said);
    if (leafs.hasAcceptedFrom(account, connection.peer.cluster)) {
      leafs.loopFound(connection);
      return;
    }
    leafs.joined(connection);
    remote.succeeded();
  }

  /** Later news: what may cross, where it is told. */
  private change(said: Said): void {
    if (said.rules('import') === null && said.rules('export') === null) return;
    const before = this.connection.border;
    this.setBorder(said);
    this.leafs.retell(this.connection, before);
  }

  private setBorder(said: Said): void {
    const { connection, leafs, remote } = this;
    const barred = leafs.barredFor(connection.account, connection.peer);
    const [wants, gives] = [rulesFrom(said.rules('import')), rulesFrom(said.rules('export'))];
    connection.border = borderToHub({ wants, gives }, remote.options, barred);
  }
}

function rulesFrom(rules: SaidRules | null): SubjectRules {
  if (rules === null) return UNRESTRICTED;
  return { allow: rules.allow?.map(subjectFromText) ?? null, deny: (rules.deny ?? []).map(subjectFromText) };
}
