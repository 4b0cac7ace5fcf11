/**
 * The answers that one account's services owe to other accounts.
 *
 * A request goes out with a reply subject of this account's own, `_R_.<account>.<request>`; what is published to it is
 * delivered in the requester's account under the reply subject it asked for. One subscription stands for all of them.
 * Requests that are not answered are forgotten after a while, and no import may have more than so many under way.
 */
import {
  type Account,
  type Broker,
  CROSSED_BY_SERVICE,
  CROSSED_BY_STREAM,
  type Message,
  type MessageTrace,
  randomName,
  SERVICE_SINK,
  type ServiceSink,
  Subscription,
  textFromSubject,
} from '../../../kernel/plugin-api.ts';
import type { ResponseType } from '../contract.ts';
import { withTraceDisabled } from '../trace-border.ts';
import type { AwaitedReplies } from './awaited-replies.ts';
import type { PendingRequests } from './pending-requests.ts';

/** What a request is remembered by until it is answered. */
export interface PendingRequest {
  /** What the responder publishes to. */
  readonly subject: string;
  /** What the requester listens to, in its account. */
  readonly reply: string;
  readonly replyBytes: Buffer;
  readonly requester: Account;
  readonly responses: Responses;
  readonly type: ResponseType;
  readonly thresholdMs: number;
  /** Null unless somebody wants to know how long it took. */
  readonly measure: Measure | null;
  readonly owner: PendingRequests;
  /** Of the requester. */
  readonly awaited: AwaitedReplies;
  /** On the clock that never goes back. */
  deadline: number;
  isOver: boolean;
  before: PendingRequest | null;
  after: PendingRequest | null;
  /** With the same reply subject. */
  older: PendingRequest | null;
  newer: PendingRequest | null;
}

/** Told once what became of a request. */
export interface Measure {
  /** Ends the reply subject. */
  readonly suffix: string;
  answered(answer: Message): () => void;
  failed(why: 'requester-gone' | 'no-responders' | 'too-late'): void;
}

export interface Opening {
  readonly reply: string;
  readonly requester: Account;
  readonly owner: PendingRequests;
  readonly type: ResponseType;
  readonly thresholdMs: number;
  readonly measure: Measure | null;
}

const PREFIX_LENGTH = 6;
const TOKEN_LENGTH = 6;
const ACKNOWLEDGEMENT = '$JS.ACK.';

export class Responses implements ServiceSink {
  readonly kind = SERVICE_SINK;
  readonly account: Account;
  private readonly broker: Broker;
  private readonly prefix: string;
  private readonly pending = new Map<string, PendingRequest>();
  private readonly of: (account: Account) => Responses;
  /** Null while nothing was ever asked. */
  private subscription: Subscription | null = null;

  /** `of` finds the answers that another account owes. */
  constructor(account: Account, broker: Broker, of: (account: Account) => Responses) {
    this.account = account;
    this.broker = broker;
    this.of = of;
    this.prefix = `_R_.${randomName(broker.random, PREFIX_LENGTH)}.`;
  }

  get size(): number {
    return this.pending.size;
  }

  open({ reply, requester, owner, type, thresholdMs, measure }: Opening): PendingRequest {
    if (this.subscription === null) this.listen();
    const request: PendingRequest = {
      subject: this.freeSubject(measure?.suffix ?? ''),
      reply,
      replyBytes: Buffer.from(reply, 'latin1'),
      requester,
      responses: this,
      type,
      thresholdMs,
      measure,
      owner,
      awaited: owner.awaitedBy(requester),
      deadline: 0,
      isOver: false,
      before: null,
      after: null,
      older: null,
      newer: null,
    };
    this.pending.set(request.subject, request);
    request.awaited.add(request);
    owner.add(request);
    return request;
  }

  /** Whoever answers later is not heard. */
  forget(request: PendingRequest): void {
    if (request.isOver) return;
    request.isOver = true;
    this.pending.delete(request.subject);
    request.owner.remove(request);
    request.awaited.remove(request);
  }

  close(): void {
    if (this.subscription !== null) this.account.sublist.remove(this.subscription);
    this.subscription = null;
    for (const request of [...this.pending.values()]) this.forget(request);
  }

  deliver(message: Message): boolean {
    const request = this.requestFor(message);
    return request !== undefined && this.answer(request, message, message);
  }

  deliverTraced(message: Message, _subscription: Subscription, trace: MessageTrace): boolean {
    const request = this.requestFor(message);
    if (request === undefined) return false;
    const { requester, reply, subject } = request;
    trace.add(message, 'si', { acc: requester.name, from: subject, to: textFromSubject(reply) });
    return !trace.isOnly && this.answer(request, message, withTraceDisabled(message));
  }

  /** Answers are given in this account; what it imports from others is none. */
  private requestFor(message: Message): PendingRequest | undefined {
    return (message.originBit & CROSSED_BY_STREAM) !== 0 ? undefined : this.pending.get(message.subject);
  }

  private answer(request: PendingRequest, original: Message, message: Message): boolean {
    const { requester, measure, type } = request;
    const isTooLate = measure !== null && request.awaited.hasLost(request.reply);
    if (type === 'singleton' || isTooLate) this.forget(request);
    if (isTooLate) {
      measure.failed('requester-gone');
      return false;
    }
    const report = measure?.answered(original) ?? null;
    const count = this.deliverTo(requester, request, message);
    report?.();
    if (type === 'singleton') return count > 0;
    if (count === 0 || original.size === 0) this.forget(request);
    else request.owner.renew(request);
    return count > 0;
  }

  /** It came over whatever line: the requester may be behind any. The answer may ask for an answer itself. */
  private deliverTo(account: Account, request: PendingRequest, message: Message): number {
    const {
      subjectBytes,
      subjectStart,
      subjectEnd,
      replyBytes,
      replyStart,
      replyEnd,
      originBit,
      originCluster,
      queues,
    } = message;
    message.subjectBytes = request.replyBytes;
    message.subjectStart = 0;
    message.subjectEnd = request.replyBytes.length;
    message.originBit = CROSSED_BY_SERVICE;
    message.originCluster = '';
    message.queues = null;
    const plan = account.sublist.match(message.subjectBytes, 0, message.subjectEnd);
    const back = plan.isEmpty || !message.hasReply ? null : this.openBack(account, request, message.reply);
    if (back !== null) {
      message.replyBytes = Buffer.from(back.subject, 'latin1');
      message.replyStart = 0;
      message.replyEnd = message.replyBytes.length;
    }
    const count = plan.isEmpty ? 0 : this.broker.dispatcher.dispatch(plan, message);
    if (back !== null && count === 0) back.responses.forget(back);
    message.subjectBytes = subjectBytes;
    message.subjectStart = subjectStart;
    message.subjectEnd = subjectEnd;
    message.replyBytes = replyBytes;
    message.replyStart = replyStart;
    message.replyEnd = replyEnd;
    message.originBit = originBit;
    message.originCluster = originCluster;
    message.queues = queues;
    return count;
  }

  /** The requester is asked in turn: its answers come back to this account. */
  private openBack(account: Account, request: PendingRequest, reply: string): PendingRequest | null {
    if (reply.startsWith(ACKNOWLEDGEMENT)) return null;
    const { owner, thresholdMs } = request;
    return this.of(account).open({
      reply,
      requester: this.account,
      owner,
      type: 'singleton',
      thresholdMs,
      measure: null,
    });
  }

  private listen(): void {
    this.subscription = new Subscription(this, `${this.prefix}>`, '', '');
    this.account.sublist.insert(this.subscription);
  }

  private freeSubject(suffix: string): string {
    for (;;) {
      const subject = `${this.prefix}${randomName(this.broker.random, TOKEN_LENGTH)}${suffix}`;
      if (!this.pending.has(subject)) return subject;
    }
  }
}
