/** One connection between a leaf and its hub, seen from either: what comes in over it, and what the other side is told. */
import {
  applyLimits,
  CloseReason,
  FROM_BRANCH,
  FROM_TRUNK,
  type Identity,
  isWellFormed,
  LinkConnection,
  type LinkIntroduction,
  type LinkTracing,
  type LivenessSource,
  type Log,
  MAY_ASK_SERVICES,
  type Message,
  type MessageTrace,
  PlanMemo,
  quoted,
  type ReplyAllowances,
  Subscription,
  type Transport,
} from '../../kernel/plugin-api.ts';
import { subscribeText, unsubscribeText } from '../../protocols/leaf/frames.ts';
import type { LinkFailure, LinkHandler } from '../../protocols/link/link-parser.ts';
import { type Border, OPEN_BORDER } from './border.ts';
import { GroupNames } from './group-names.ts';
import { renamed } from './incoming.ts';
import { amountFor, concerns, type Listener, type Origin, type Wish } from './interest/ledger.ts';
import { LeafLink, tracingOf } from './leaf-link.ts';
import type { Leafs } from './leafs.ts';
import type { Settled } from './packing.ts';
import { NOBODY, type Peer } from './peer.ts';

const LINE_FACTOR = 16;
const ANSWERS = '_R_.';

/** How one gets from a connected transport to a connection in use. */
export interface Greeting {
  /** The other side is a server it connected to, or one that connected. */
  readonly isSolicited: boolean;
  /** For complaints: the address that was dialled, or that it came from. */
  readonly whoIs: string;
  connected(json: string): void;
  informed(json: string): void;
  /** It took too long. */
  overdue(): void;
  /** It is over, whether it came into use or not. */
  closed(reason: CloseReason): void;
  /** The other side reported an error. */
  complained(text: string): void;
  /** Asks anew who the other side is; absent: this side did not ask. */
  reconsider?(): void;
}

export interface LeafParts {
  readonly leafs: Leafs;
  readonly transport: Transport;
  readonly pings: LivenessSource;
  /** The other side is the hub. */
  readonly isHub: boolean;
}

export class LeafConnection extends LinkConnection implements LinkHandler, Listener {
  readonly kindName = 'leaf';
  readonly leafs: Leafs;
  readonly namesAccounts = false;
  readonly namesOrigins = false;
  greeting!: Greeting;
  isHub = false;
  peer: Peer = NOBODY;
  identity: Identity | null = null;
  payloadMax: number;
  /** Negative for any number. */
  subscriptionsMax = -1;
  /** Who it is, or says it is: no secret. */
  user = '';
  /** Messages and interest may come. */
  isIn = false;
  /** On the clock that only goes forward. */
  joinedAt = 0;
  isIsolated = false;
  border: Border = OPEN_BORDER;
  replies: ReplyAllowances | null = null;
  /** Null until it is settled. */
  packing: Settled | null = null;
  /** How long the next attempt has to wait after what happened here. */
  retryDelayMs = 0;
  /** The other side has been told of what has a serial up to this. */
  toldUpTo = 0;
  private readonly wanted = new Map<string, Subscription>();
  private readonly memo = new PlanMemo();
  private readonly groups = new GroupNames();
  private link: LeafLink | null = null;
  private hasComplained = false;
  private tracingKept: LinkTracing | null = null;
  /** For what answers requests: such messages go where others of that origin do not. */
  private answers: LeafLink | null = null;

  constructor({ leafs, transport, pings, isHub }: LeafParts) {
    super({ broker: leafs.broker, transport, pings, originBit: 0 });
    this.leafs = leafs;
    this.payloadMax = leafs.broker.options.maxPayload;
    this.turn(isHub);
  }

  /** Who is whose is settled when both have spoken. */
  turn(isHub: boolean): void {
    this.isHub = isHub;
    this.originBit = (isHub ? FROM_TRUNK : FROM_BRANCH) | MAY_ASK_SERVICES;
  }

  get log(): Log {
    return this.broker.logOf(this);
  }

  override get introduction(): LinkIntroduction {
    const { isIn, peer, user } = this;
    // What this side connected to is told of by its address alone.
    const { name, version } = this.greeting.isSolicited ? NOBODY : peer;
    return { kind: 'Leafnode', user, name, version, isLetIn: isIn };
  }

  protected get tag(): string {
    return 'lid';
  }

  override get writeDeadlineMs(): number {
    return this.leafs.config.writeDeadlineMs || super.writeDeadlineMs;
  }

  protected override get isPatient(): boolean {
    return this.leafs.config.writeTimeout !== 'close';
  }

  get lineMax(): number {
    return LINE_FACTOR * this.broker.options.maxControlLine;
  }

  get neededBytes(): number {
    return this.leafs.parser.needed;
  }

  /** What its interest counts under: those of one cluster are not told of each other's. */
  get origin(): string {
    return this.peer.cluster === '' ? `#${this.id}` : this.peer.cluster;
  }

  get compression(): string {
    return this.packing?.word ?? 'not supported';
  }

  override get subscriptionCount(): number {
    return this.wanted.size;
  }

  override subscriptions(): Iterable<Subscription> {
    return this.wanted.values();
  }

  protected parseFrames(bytes: Buffer, start: number, end: number): number {
    return this.leafs.parser.parse(bytes, start, end, this);
  }

  /** The other side has so long to say what comes next. */
  expectAnswer(milliseconds: number): void {
    this.expectLogin(milliseconds);
  }

  protected override loginOverdue(): void {
    this.greeting.overdue();
  }

  protected codecFailed(error: Error): void {
    this.complain(`the compressed stream cannot be read: ${error.message}`);
    this.close(CloseReason.parseError);
  }

  // --- messages ----------------------------------------------------------------------------------------------------

  message(): void {
    const { broker } = this;
    const { message } = broker;
    if (!this.isIn) {
      this.intrude();
      return;
    }
    this.inMessages++;
    this.inBytes += message.size;
    const { subjectBytes, subjectStart, subjectEnd } = message;
    if (!this.border.takes(subjectBytes, subjectStart, subjectEnd) && !this.mayAnswer(message)) {
      this.violate(`Permissions Violation for Publish to ${quoted(message.subject)}`);
      return;
    }
    message.queues = this.groups.in(message.bytes, this.leafs.parser);
    message.originCluster = this.peer.cluster;
    const trace = this.follow(this.account, message, this.tracing);
    if (trace !== 'drop') this.routeOn(message, trace);
    message.subjectBytes = message.bytes;
  }

  private routeOn(message: Message, trace: MessageTrace | null): void {
    const { mappings, sublist } = this.account;
    const isMapped = mappings !== null && renamed(mappings, message);
    if (isMapped) trace?.map(message, message.subject);
    const plan = this.memo.find(sublist, message.subjectBytes, message.subjectStart, message.subjectEnd);
    if (trace === null && this.isHub && this.leafs.replies.delivers(this.account, plan, message)) return;
    this.carry(plan, message, trace);
  }

  private get tracing(): LinkTracing {
    this.tracingKept ??= tracingOf(this);
    return this.tracingKept;
  }

  private mayAnswer({ subject }: Message): boolean {
    return this.replies?.use(subject) === true;
  }

  // --- interest of the other side ----------------------------------------------------------------------------------

  subscribe(_origin: string, subject: string, queue: string, weight: number): void {
    if (!this.isIn) {
      this.intrude();
      return;
    }
    if (this.broker.tracer !== null) this.trace('LS+', subject, queue);
    if (this.leafs.isOwnLoop(this.account, subject) && this.leafs.cutsLoop(this, subject)) return;
    if (!this.border.hears(subject)) {
      this.violate(`Permissions Violation for Subscription to ${quoted(subject)}`);
      return;
    }
    const key = keyOf(subject, queue);
    const known = this.wanted.get(key);
    if (known !== undefined) this.account.sublist.setWeight(known, Math.max(weight, 1));
    else if (isWellFormed(subject) && this.hasRoom()) this.add(key, subject, queue, Math.max(weight, 1));
  }

  private add(key: string, subject: string, queue: string, weight: number): void {
    const subscription = new Subscription(this.linkFor(subject), subject, queue, '');
    subscription.weight = weight;
    this.wanted.set(key, subscription);
    this.account.sublist.insert(subscription);
  }

  unsubscribe(_origin: string, subject: string, queue: string): void {
    if (!this.isIn) {
      this.intrude();
      return;
    }
    if (this.broker.tracer !== null) this.trace('LS-', subject, queue);
    const key = keyOf(subject, queue);
    const subscription = this.wanted.get(key);
    if (subscription === undefined) return;
    this.wanted.delete(key);
    this.account.sublist.remove(subscription);
  }

  wants(subject: string): boolean {
    return this.wanted.has(keyOf(subject, ''));
  }

  private hasRoom(): boolean {
    const { subscriptionsMax } = this;
    if (subscriptionsMax < 0 || this.wanted.size < subscriptionsMax) return true;
    this.broker.limitHits.subscriptions++;
    this.sendError('maximum subscriptions exceeded');
    this.complain('maximum subscriptions exceeded');
    return false;
  }

  private linkFor(subject: string): LeafLink {
    if (!this.isHub) {
      this.link ??= new LeafLink(this, true);
      return this.link;
    }
    if (subject.startsWith(ANSWERS)) {
      this.answers ??= new LeafLink(this, true);
      return this.answers;
    }
    this.link ??= new LeafLink(this, false);
    return this.link;
  }

  override reconsider(): void {
    applyLimits(this);
    this.greeting.reconsider?.();
  }

  /** Gives back all that stands in the account, a little at a time where it is much. */
  takeOutAll(): Subscription[] {
    const all = [...this.wanted.values()];
    this.wanted.clear();
    return all;
  }

  // --- what the other side is told -----------------------------------------------------------------------------------

  /** There is more or less of something. */
  tell(wish: Wish, origin: Origin, change: number): void {
    if (wish.serial > this.toldUpTo || !concerns(this, wish.subject, origin)) return;
    const now = amountFor(this, wish);
    const before = now - change;
    if (now === before || (now > 0 && before > 0 && wish.queue === '')) return;
    if (this.border.tells(wish.subject, wish.queue)) this.say(wish, now);
  }

  /** For the first time. */
  tellNew(wish: Wish): void {
    this.toldUpTo = wish.serial;
    const amount = amountFor(this, wish);
    if (amount > 0 && this.border.tells(wish.subject, wish.queue)) this.say(wish, amount);
  }

  /** What may cross is different now. */
  retell(wish: Wish, before: Border): void {
    const amount = amountFor(this, wish);
    if (amount === 0) return;
    const isTold = this.border.tells(wish.subject, wish.queue);
    if (isTold !== before.tells(wish.subject, wish.queue)) this.say(wish, isTold ? amount : 0);
  }

  private say({ subject, queue }: Wish, amount: number): void {
    const text = amount > 0 ? subscribeText(subject, queue, amount) : unsubscribeText(subject, queue);
    if (this.broker.tracer !== null) this.broker.tracer.output(this, text.trimEnd());
    this.send(Buffer.from(text, 'latin1'));
  }

  // --- the rest ----------------------------------------------------------------------------------------------------

  connect(json: string): void {
    this.broker.tracer?.connect(this, json);
    this.greeting.connected(json);
  }

  info(json: string): void {
    this.greeting.informed(json);
  }

  ping(): void {
    if (this.isStranger) this.intrude();
    else this.sendPong();
  }

  pong(): void {
    if (this.isStranger) {
      this.intrude();
      return;
    }
    this.broker.tracer?.input(this, 'PONG');
    this.liveness.pongReceived();
    if (this.packing?.measured(this.liveness.rtt) === true) this.liveness.probe();
  }

  /** It has connected, and not said who it is. */
  private get isStranger(): boolean {
    return !this.isIn && !this.greeting.isSolicited;
  }

  remoteError(text: string): void {
    this.complain(`Leafnode Error ${text}`);
    this.greeting.complained(text);
  }

  fail(failure: LinkFailure): void {
    if (failure === 'payload-too-large') {
      this.broker.limitHits.payload++;
      this.refuse('Maximum Payload Violation', CloseReason.maxPayload);
      return;
    }
    this.complain(`protocol error: ${failure}`);
    this.close(failure === 'line-too-long' ? CloseReason.maxControlLine : CloseReason.protocolViolation);
  }

  /** Says why, and closes. */
  refuse(text: string, reason: CloseReason): void {
    if (this.isClosed) return;
    this.sendError(text);
    this.complain(text);
    this.close(reason);
  }

  /** There is no place for it. */
  sendAway(): void {
    this.broker.limitHits.accountConnections++;
    this.refuse('maximum account active connections exceeded', CloseReason.maxAccountConnections);
  }

  override onClosed(error: Error | null): void {
    // Where the hub has said why, that is enough.
    if (!this.isIn && this.greeting.isSolicited && !this.hasComplained) {
      this.complain(`the hub closed the connection${error === null ? '' : `: ${error.message}`}`);
    }
    super.onClosed(error);
  }

  complain(text: string): void {
    this.hasComplained = true;
    this.leafs.complain(this, text);
  }

  /** The first thing it says is who it is. */
  intrude(): void {
    this.refuse('Authorization Violation', CloseReason.protocolViolation);
  }

  private violate(text: string): void {
    this.broker.limitHits.publishPermissions++;
    this.refuse(text, CloseReason.protocolViolation);
  }

  private trace(verb: string, subject: string, queue: string): void {
    this.broker.tracer?.input(this, verb, subject, queue);
  }

  protected override leave(reason: CloseReason): void {
    super.leave(reason);
    this.leafs.left(this, reason);
    this.greeting.closed(reason);
  }
}

function keyOf(subject: string, queue: string): string {
  return queue === '' ? subject : `${subject} ${queue}`;
}
