/** One connection to another server of the cluster: what comes in over it, and what it is for. */
import {
  type Account,
  type CloseReason,
  FROM_PEER,
  LinkConnection,
  type Log,
  CloseReason as Reasons,
  type Transport,
} from '../../kernel/plugin-api.ts';
import type { CompressionMode, CompressionOptions } from '../../protocols/link/compression-mode.ts';
import { ANY_ORIGIN, type LinkFailure, type LinkHandler } from '../../protocols/link/link-parser.ts';
import { Packing } from '../../protocols/link/packing.ts';
import type { Cluster } from './cluster.ts';
import type { Attempt, Failure } from './dialing/attempt.ts';
import { ForeignInterest } from './interest/foreign-interest.ts';
import { keyOf } from './interest/ledger.ts';
import { isMeasured } from './measured.ts';
import type { PeerInfo } from './peer-info.ts';
import type { Remote } from './remote.ts';
import type { RouteLink } from './route-link.ts';

/** Not more than this many control lines' length is read of any line. */
const LINE_FACTOR = 16;
const NO_GROUPS: readonly string[] = [];
const NO_BYTES = Buffer.alloc(0);
/** CONNECT begins with it. */
const LETTER_C = 0x63;

export class RouteConnection extends LinkConnection implements LinkHandler {
  readonly kindName = 'route';
  readonly cluster: Cluster;
  /** Null where the other side connected to this one. */
  readonly attempt: Attempt | null;
  /** What the other side last said of itself in full; null before it has. */
  peer: PeerInfo | null = null;
  remote: Remote | null = null;
  /** The other side may speak: its CONNECT has been accepted, or this side dialled it. */
  isIntroduced: boolean;
  /** Why this side gives it up, where it knows. */
  failure: Failure | null = null;
  /** Anything came in after the handshake: the other side has taken this connection as well. */
  isConfirmed = false;
  /** It was chosen from both sides' wishes; null before that. */
  compression: CompressionMode | null = null;
  /** How it is packed; null while it is not. */
  packing: Packing | null = null;
  /** What is sent is packed already. */
  isPacking = false;
  /** The other side's INFO that comes packed is still to come. */
  awaitsPackedInfo = false;
  poolIndex = -1;
  /** The one account it is for; empty for all that belong on it. */
  dedicatedTo = '';
  namesAccounts = true;
  readonly foreign: ForeignInterest;
  private accountBytes = NO_BYTES;
  private accountLink: RouteLink | null = null;
  private groupBytes = NO_BYTES;
  private groups: readonly string[] = NO_GROUPS;
  private originBytes = NO_BYTES;
  private originName = '';

  constructor(cluster: Cluster, transport: Transport, attempt: Attempt | null) {
    super({ broker: cluster.broker, transport, pings: cluster.pings, originBit: FROM_PEER });
    this.cluster = cluster;
    this.attempt = attempt;
    this.isIntroduced = attempt !== null;
    this.foreign = new ForeignInterest(this);
  }

  get isSolicited(): boolean {
    return this.attempt !== null;
  }

  /** Lines about it say which connection. */
  get log(): Log {
    return this.broker.logOf(this);
  }

  protected get tag(): string {
    return 'rid';
  }

  override get writeDeadlineMs(): number {
    return this.cluster.config.writeDeadlineMs || super.writeDeadlineMs;
  }

  protected override get isPatient(): boolean {
    return this.cluster.config.writeTimeout !== 'close';
  }

  get lineMax(): number {
    return LINE_FACTOR * this.broker.options.maxControlLine;
  }

  readonly payloadMax = -1;

  get namesOrigins(): boolean {
    return this.peer?.namesOrigins === true;
  }

  get neededBytes(): number {
    return this.cluster.parser.needed;
  }

  protected parseFrames(bytes: Buffer, start: number, end: number): number {
    if (!this.isIntroduced && (bytes[start]! | 32) !== LETTER_C) {
      this.refuse('Authorization Violation', Reasons.authenticationFailure);
      return end;
    }
    return this.cluster.parser.parse(bytes, start, end, this);
  }

  protected override loginOverdue(): void {
    if (this.isIntroduced || !this.cluster.requiresLogin) this.close(Reasons.stale);
    else super.loginOverdue();
  }

  protected codecFailed(error: Error): void {
    this.cluster.complain(this, `the compressed stream cannot be read: ${error.message}`);
    this.close(Reasons.parseError);
  }

  // --- messages ----------------------------------------------------------------------------------------------------

  message(): void {
    const { broker } = this;
    const { message } = broker;
    this.inMessages++;
    this.inBytes += message.size;
    const link = this.remote === null ? null : this.linkHere(message.bytes);
    if (link === null) return;
    link.inMessages++;
    link.inBytes += message.size;
    if (!this.isConfirmed) this.confirm();
    const { parser } = this.cluster;
    message.queues = parser.groupsEnd === 0 ? NO_GROUPS : this.groupsHere(message.bytes);
    message.originCluster = parser.originEnd === 0 ? '' : this.originHere(message.bytes);
    const plan = link.memo.find(link.account.sublist, message.subjectBytes, message.subjectStart, message.subjectEnd);
    if (isMeasured(message.replyBytes, message.replyStart, message.replyEnd)) {
      this.cluster.measures?.requested(link.account, message);
    }
    const trace = this.follow(link.account, message, link.tracing);
    if (trace !== 'drop') this.carry(plan, message, trace);
  }

  /** Null for an account that is not here: nobody here can want its messages. */
  private linkHere(bytes: Buffer): RouteLink | null {
    if (this.dedicatedTo !== '') return this.dedicatedLink();
    const { accountStart, accountEnd } = this.cluster.parser;
    if (isSame(this.accountBytes, bytes, accountStart, accountEnd) && this.accountLink !== null)
      return this.accountLink;
    this.accountBytes = Buffer.from(bytes.subarray(accountStart, accountEnd));
    this.accountLink = this.linkNamed(this.accountBytes.toString('latin1'));
    return this.accountLink;
  }

  private dedicatedLink(): RouteLink | null {
    this.accountLink ??= this.linkNamed(this.dedicatedTo);
    return this.accountLink;
  }

  private linkNamed(name: string): RouteLink | null {
    const account = this.broker.accounts.get(name);
    return account === undefined ? null : this.foreign.linkFor(account);
  }

  /** The account is another object now, or none. */
  forgetAccount(account: Account): void {
    if (this.accountLink?.account === account) this.accountLink = null;
  }

  private groupsHere(bytes: Buffer): readonly string[] {
    const { groupsStart, groupsEnd } = this.cluster.parser;
    if (!isSame(this.groupBytes, bytes, groupsStart, groupsEnd)) {
      this.groupBytes = Buffer.from(bytes.subarray(groupsStart, groupsEnd));
      this.groups = this.groupBytes.toString('latin1').split(/[ \t]+/);
    }
    return this.groups;
  }

  private originHere(bytes: Buffer): string {
    const { originStart, originEnd } = this.cluster.parser;
    if (!isSame(this.originBytes, bytes, originStart, originEnd)) {
      this.originBytes = Buffer.from(bytes.subarray(originStart, originEnd));
      this.originName = this.originBytes.toString('latin1');
    }
    return this.originName;
  }

  // --- interest ----------------------------------------------------------------------------------------------------

  subscribe(origin: string, subject: string, queue: string, weight: number): void {
    if (this.remote === null) return;
    this.confirm();
    const account = this.accountName();
    if (this.broker.tracer !== null) this.traceInterest('RS+', account, subject, queue);
    if (!this.cluster.mayBeAskedFor(subject, queue)) return;
    this.foreign.want(account, origin, subject, queue, weight);
  }

  unsubscribe(origin: string, subject: string, queue: string): void {
    this.confirm();
    const account = this.accountName();
    if (this.broker.tracer !== null) this.traceInterest('RS-', account, subject, queue);
    if (origin === ANY_ORIGIN) this.foreign.unwantOfAnyOrigin(account, subject, queue);
    else this.foreign.unwant(account, keyOf(subject, queue, origin));
  }

  private accountName(): string {
    if (this.dedicatedTo !== '') return this.dedicatedTo;
    const { parser } = this.cluster;
    return this.broker.message.bytes.toString('latin1', parser.accountStart, parser.accountEnd);
  }

  private traceInterest(verb: string, account: string, subject: string, queue: string): void {
    this.broker.tracer?.input(this, verb, account, subject, queue);
  }

  // --- the rest ----------------------------------------------------------------------------------------------------

  connect(json: string): void {
    this.cluster.handshake.connected(this, json);
  }

  info(json: string): void {
    this.cluster.handshake.informed(this, json);
  }

  /** The first sign that the other side has taken the connection. */
  private confirm(): void {
    if (this.isConfirmed || this.remote === null) return;
    this.isConfirmed = true;
    if (this.isSolicited) this.cluster.settled(this);
  }

  ping(): void {
    this.confirm();
    this.sendPong();
  }

  pong(): void {
    this.confirm();
    this.broker.tracer?.input(this, 'PONG');
    this.liveness.pongReceived();
    this.cluster.ponged(this);
  }

  remoteError(text: string): void {
    this.cluster.complain(this, `Route Error ${text}`);
    this.close(Reasons.parseError);
  }

  fail(failure: LinkFailure): void {
    if (failure === 'unknown-operation') this.sendError('Unknown Protocol Operation');
    this.cluster.complain(this, `protocol error: ${failure}`);
    this.close(failure === 'line-too-long' ? Reasons.maxControlLine : Reasons.protocolViolation);
  }

  /** Says why, and closes. */
  refuse(text: string, reason: CloseReason): void {
    this.sendError(text);
    this.cluster.complain(this, text);
    this.close(reason);
  }

  /** The other side has logged in; what it is called is still to come. */
  introduced(): void {
    const { pingIntervalMs, pingMax } = this.cluster.pings.options;
    this.expectLogin(pingIntervalMs * (pingMax + 1));
  }

  /** From now on both directions are packed; nothing may be sent until `ready`. */
  startPacking(mode: CompressionMode, ready: () => void): void {
    // Nothing better is known of the distance yet.
    const ageMs = Math.max(0, this.broker.clock.now() - this.startedAt);
    this.packing = new Packing(mode, ageMs, this.cluster.compression.thresholdsMs);
    this.startCodec(this.packing.codec, () => {
      this.isPacking = true;
      ready();
    });
  }

  /** How far away the other side is may be a reason to pack otherwise. */
  adaptCompression(): void {
    if (this.packing?.measured(this.liveness.rtt) === true) this.liveness.probe();
  }

  /** Another way to pack is configured. */
  changePacking({ mode, thresholdsMs }: CompressionOptions): void {
    if (this.packing === null) return;
    this.compression = mode;
    this.packing.change(mode, this.liveness.rtt, thresholdsMs);
  }

  protected override leave(reason: CloseReason): void {
    super.leave(reason);
    this.cluster.left(this, reason);
  }
}

function isSame(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (known.length !== length || length === 0) return false;
  for (let at = 0; at < length; at++) if (known[at] !== bytes[start + at]) return false;
  return true;
}
