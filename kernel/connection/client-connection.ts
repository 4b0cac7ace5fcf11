/** One NATS client: its verbs, its subscriptions, its limits. */
import { infoFrame, OK, PONG } from '../../protocols/client/frames.ts';
import type { ClientHandler, ParseFailure } from '../../protocols/client/parser.ts';
import { quoted } from '../../protocols/client/quoted.ts';
import type { Broker } from '../broker.ts';
import type { Concern } from '../hooks/refusal.ts';
import type { Identity, Permissions } from '../permissions/permissions.ts';
import type { Timer } from '../ports/ports.ts';
import type { Transport } from '../ports/transport.ts';
import type { Message } from '../routing/message.ts';
import { EMPTY_PLAN, type Plan } from '../routing/plan.ts';
import { isWellFormed, tokenCount } from '../routing/subject.ts';
import {
  CLIENT_SINK,
  ENDED,
  FILTERED,
  LIMITED,
  NO_ECHO,
  type Sink,
  Subscription,
  TRACKS_REPLIES,
} from '../routing/subscription.ts';
import { introduction } from './client-label.ts';
import { type ClientOptions, DEFAULT_CLIENT_OPTIONS } from './client-options.ts';
import { CloseReason } from './close-reason.ts';
import { Connection } from './connection.ts';
import { CLIENT_PORT, type Entrance } from './entrance.ts';
import type { Producer } from './flow.ts';
import { infoFailure } from './info.ts';
import type { LivenessSource } from './liveness.ts';
import { become, connect, loginAgain, loginImplicitly } from './login.ts';
import { reportParseFailure } from './parse-report.ts';
import { publish } from './publish.ts';
import type { ReplyAllowances } from './reply-allowances.ts';
import { Stall } from './stall.ts';
import { serveAsPermitted, subscriptionViolation } from './subscription-review.ts';

/** Why a message that matched was not queued. */
export type DropReason = 'slow' | 'closed';

const NO_MEMO = new Uint8Array(0);
const SYSTEM_QUEUE = '_sys_';

export class ClientConnection extends Connection implements ClientHandler, Sink, Producer {
  readonly kind = CLIENT_SINK;
  readonly kindName: string = 'client';
  readonly isCutOffWhenSlow: boolean = true;
  readonly entrance: Entrance;

  // What the parser goes by.
  awaitsConnect: boolean;
  takesHeaders = false;
  payloadMax: number;
  memo: Uint8Array = NO_MEMO;
  memoLength = 0;

  // Where the last published subject leads; see publish.ts.
  plan: Plan = EMPTY_PLAN;
  planGeneration = 0;
  verdict = 0;
  mappedSubject: Buffer | null = null;

  // Who this is.
  options: Readonly<ClientOptions> = DEFAULT_CLIENT_OPTIONS;
  isConnectReceived = false;
  identity: Identity | null = null;
  permissions: Permissions | null = null;
  replies: ReplyAllowances | null = null;
  loginTimer: Timer | null = null;
  /** Null while nobody is asked who this is. */
  loginUnderWay: Promise<void> | null = null;
  /** Whose matter it is that this client was not let in. */
  concern: Concern | null = null;
  /** Negative for no limit. */
  subscriptionsMax: number;
  private isFirstPongSent = false;
  readonly subscriptions = new Map<string, Subscription>();
  private readonly stalling: Stall;

  constructor(broker: Broker, transport: Transport, entrance: Entrance = CLIENT_PORT) {
    super(broker, transport, pingsOf(broker, entrance));
    this.entrance = entrance;
    this.awaitsConnect = broker.hooks.connectionAuthenticate.slot !== null;
    this.payloadMax = broker.options.maxPayload;
    this.subscriptionsMax = broker.options.maxSubscriptions || -1;
    this.stalling = new Stall(this, broker.clock);
  }

  get lineMax(): number {
    return this.broker.options.maxControlLine;
  }

  /** Starts to listen to it. */
  begin(): void {
    if (this.isClosed) return;
    this.transport.start(this);
    this.liveness.start();
    if (!this.awaitsConnect) return;
    const timeoutMs = this.entrance.authTimeoutMs ?? this.broker.options.authTimeoutMs;
    this.loginTimer = this.broker.clock.after(timeoutMs, () => {
      this.broker.logOf(this).debug('Authentication Timeout');
      this.sendError('Authentication Timeout');
      this.close(CloseReason.authenticationTimeout);
    });
  }

  /**
   * Asks once more who this is, by what the client said in its CONNECT: for when the answer may have changed. Input waits
   * meanwhile. What it may no longer subscribe to ends with an error; in another account it could not stay, so then the
   * connection is closed. `connection.authenticated` is not called again. Never rejects.
   */
  loginAgain(): Promise<void> {
    return loginAgain(this);
  }

  /**
   * Goes by another identity in the same account from now on: permissions, limits and expiry. What may no longer be
   * subscribed to ends with an error.
   */
  become(identity: Identity): void {
    if (!this.isClosed) become(this, identity);
  }

  override sendPing(): void {
    if (this.broker.log.isDebugging) this.broker.logOf(this).debug('Client Ping Timer');
    super.sendPing();
  }

  sendInfo(info: object): void {
    this.send(infoFrame(info));
  }

  sendOk(): void {
    this.broker.tracer?.output(this, 'OK');
    this.send(OK);
  }

  protected get tag(): string {
    return this.entrance.tag;
  }

  /** Once the client has said who it is, log lines do too. */
  override get label(): string {
    const { forwardedFor } = this.entrance;
    const label = forwardedFor === '' ? super.label : `${forwardedFor}/${super.label}`;
    return this.isConnectReceived && this.identity !== null ? `${label}${introduction(this)}` : label;
  }

  /** Clients that have had their first PONG, and understand it, are told when the INFO changes. */
  get wantsInfoUpdates(): boolean {
    return this.isFirstPongSent && this.options.protocol >= 1 && !this.isClosed;
  }

  // --- verbs -------------------------------------------------------------------------------------------------------

  connect(json: string): void {
    connect(this, json);
  }

  beforeConnect(): void {
    loginImplicitly(this);
  }

  publish(repeats: boolean): void {
    publish(this, this.broker.message, repeats);
  }

  ping(): void {
    this.broker.tracer?.input(this, 'PING');
    this.broker.tracer?.output(this, 'PONG');
    this.send(PONG);
    if (this.isFirstPongSent || !this.isConnectReceived) return;
    this.isFirstPongSent = true;
    if (this.options.protocol >= 1) this.sendInfo(this.broker.infoAfterConnect(this));
  }

  pong(): void {
    this.broker.tracer?.input(this, 'PONG');
    this.liveness.pongReceived();
  }

  /** Nobody cares what a client says in INFO, as long as it could be one. */
  info(json: string): void {
    const failure = infoFailure(json);
    if (failure !== null) this.refuseJson(failure);
  }

  remoteError(text: string): void {
    this.broker.logOf(this).error(`Client Error ${text}`);
    this.close(CloseReason.parseError);
  }

  fail(failure: ParseFailure): void {
    reportParseFailure(this, failure);
  }

  /** What it said in CONNECT or INFO cannot be understood. */
  refuseJson(failure: string): void {
    this.broker.logOf(this).error(failure);
    this.close(CloseReason.protocolViolation);
  }

  subscribe(subject: string, queue: string, sid: string): void {
    this.broker.tracer?.input(this, 'SUB', subject, queue, sid);
    if (!this.maySubscribe(subject, queue, sid)) return;
    if (this.subscriptions.size >= this.subscriptionsMax && this.subscriptionsMax >= 0) {
      this.sendError('maximum subscriptions exceeded');
      this.broker.limitHits.subscriptions++;
      this.broker.logOf(this).error('maximum subscriptions exceeded');
      return;
    }
    if (!this.subscriptions.has(sid) && !this.addSubscription(subject, queue, sid)) return;
    if (this.options.verbose) this.sendOk();
  }

  unsubscribe(sid: string, max: number): void {
    this.broker.tracer?.input(this, 'UNSUB', sid, max === 0 ? '' : String(max));
    const subscription = this.subscriptions.get(sid);
    if (subscription !== undefined) {
      if (max > subscription.delivered) {
        subscription.max = max;
        subscription.flags |= LIMITED;
      } else {
        this.endSubscription(subscription);
      }
    }
    if (this.options.verbose) this.sendOk();
  }

  // --- subscriptions -----------------------------------------------------------------------------------------------

  endSubscription(subscription: Subscription): void {
    this.broker.tracer?.unsubscribed(this, subscription.sid);
    this.subscriptions.delete(subscription.sid);
    subscription.flags |= ENDED;
    this.account.sublist.remove(subscription);
  }

  endAllSubscriptions(): void {
    this.takeOutSubscriptions();
    this.subscriptions.clear();
  }

  /** They stay to be seen: whoever hears that the connection is closed may want to know what they were. */
  private takeOutSubscriptions(): void {
    for (const subscription of this.subscriptions.values()) {
      subscription.flags |= ENDED;
      this.broker.tracer?.unsubscribed(this, subscription.sid);
    }
    this.account.sublist.removeAll(this.subscriptions.values());
  }

  private maySubscribe(subject: string, queue: string, sid: string): boolean {
    const tokensMax = this.broker.options.maxSubscriptionTokens;
    if (tokensMax > 0 && tokenCount(subject) > tokensMax) {
      this.broker.limitHits.subscriptionTokens++;
      this.sendError(`${subscriptionViolation(subject, '')}, too many tokens`);
      return false;
    }
    const isAllowed = queue !== SYSTEM_QUEUE && (this.permissions?.maySubscribe(subject, queue) ?? true);
    if (!isAllowed) this.refuseSubscription(subject, queue, sid);
    return isAllowed;
  }

  private refuseSubscription(subject: string, queue: string, sid: string): void {
    this.broker.limitHits.subscribePermissions++;
    this.sendError(subscriptionViolation(subject, queue));
    const inQueue = queue === '' ? '' : ` Queue: ${quoted(queue)},`;
    this.broker.logOf(this).error(`Subscription Violation - Subject ${quoted(subject)},${inQueue} SID ${sid}`);
  }

  /** False when the subject is none, or a plugin refuses it; the client is told. */
  private addSubscription(subject: string, queue: string, sid: string): boolean {
    if (!isWellFormed(subject)) {
      this.sendError('Invalid Subject');
      return false;
    }
    const subscription = new Subscription(this, subject, queue, sid);
    const check = this.broker.hooks.subscriptionCheck.slot;
    if (check !== null && isRefused(check(this, subscription))) {
      this.refuseSubscription(subject, queue, sid);
      return false;
    }
    serveAsPermitted(this, subscription);
    this.subscriptions.set(sid, subscription);
    this.account.sublist.insert(subscription);
    return true;
  }

  // --- deliveries --------------------------------------------------------------------------------------------------

  /** The closer look, for subscriptions with flags. */
  admits(subscription: Subscription, message: Message): boolean {
    const flags = subscription.flags;
    if ((flags & ENDED) !== 0) return false;
    if ((flags & NO_ECHO) !== 0 && message.origin === this) return false;
    if ((flags & LIMITED) !== 0 && subscription.delivered >= subscription.max) return false;
    if ((flags & FILTERED) !== 0) {
      const isAllowed = subscription.filter?.allows(message.subjectBytes, message.subjectStart, message.subjectEnd);
      if (isAllowed === false) return false;
    }
    if ((flags & TRACKS_REPLIES) !== 0 && message.hasReply) this.noteReply(message);
    return true;
  }

  /** It could not be queued. Answers false, for the caller to pass on. */
  dropped(subscription: Subscription, message: Message): false {
    const reason = this.isClosed ? 'closed' : 'slow';
    this.broker.hooks.deliveryDropped.slot?.(subscription, message, reason);
    return false;
  }

  delivered(subscription: Subscription, message: Message): void {
    this.outMessages++;
    this.outBytes += message.size;
    subscription.delivered++;
    if (this.broker.tracer !== null) this.broker.tracer.delivery(this, subscription, message);
    if (subscription.flags === 0 || (subscription.flags & LIMITED) === 0) return;
    if (subscription.delivered >= subscription.max) this.endSubscription(subscription);
  }

  private noteReply(message: Message): void {
    const isFree = this.permissions?.mayPublish(message.replyBytes, message.replyStart, message.replyEnd);
    if (isFree === false) this.replies?.grant(message.reply);
  }

  // --- input -------------------------------------------------------------------------------------------------------

  get neededBytes(): number {
    return this.broker.parser.needed;
  }

  parse(bytes: Buffer, start: number, end: number): number {
    const { parser, message, flow } = this.broker;
    message.origin = this;
    flow.producer = this;
    const used = parser.parse(bytes, start, end, this);
    flow.producer = null;
    return used;
  }

  protected override afterInput(): void {
    super.afterInput();
    if (this.isClosed) return;
    if (!this.awaitsConnect || this.inbox.heldBytes <= this.broker.options.maxUnauthenticated) return;
    // Whoever does not wait for the answer to CONNECT has to wait with the rest of what it says.
    this.broker.limitHits.unauthenticatedBytes++;
    this.pauseReading();
  }

  override onRead(length: number): void {
    this.stalling.renew();
    super.onRead(length);
  }

  override onBytes(bytes: Uint8Array): void {
    this.stalling.renew();
    super.onBytes(bytes);
  }

  stall(): boolean {
    return this.stalling.begin();
  }

  proceed(): void {
    this.stalling.end();
  }

  protected leave(reason: CloseReason): void {
    this.loginTimer?.cancel();
    this.broker.logOf(this).debug(`Client connection closed: ${reason}`);
    this.takeOutSubscriptions();
  }
}

/** Asked anew each time, as a reload may replace the options. */
function pingsOf(broker: Broker, { pingIntervalMs }: Entrance): LivenessSource {
  if (pingIntervalMs === null) return broker;
  return {
    get options() {
      return { pingIntervalMs, pingMax: broker.options.pingMax };
    },
  };
}

function isRefused(answer: unknown): boolean {
  return answer !== undefined && answer !== true;
}
