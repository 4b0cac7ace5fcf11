/**
 * Requests that came through a gateway say in a long form where their answer goes, `_GR_.<6>.<6>.<reply>`. Clients are shown the reply
 * alone, and what they publish to it goes back by the long form.
 */
import {
  type Account,
  type Broker,
  composed,
  FROM_AFAR,
  FROM_BRANCH,
  FROM_PEER,
  FROM_TRUNK,
  LINK_SINK,
  type Message,
  Plan,
  type QueueGroup,
  SERVICE_SINK,
  type ServiceSink,
  Subscription,
  type Timer,
} from '../../kernel/plugin-api.ts';

const PREFIX = '_GR_.';
/** Both names in it have six letters. */
const LENGTH = PREFIX.length + 14;
const NONE: never[] = [];
const FROM_OTHERS = FROM_PEER | FROM_BRANCH | FROM_TRUNK | FROM_AFAR;

/** Where one short reply leads. */
export class RoutedReply implements ServiceSink {
  readonly kind = SERVICE_SINK;
  full = '';
  until = 0;
  private readonly broker: Broker;
  private readonly account: Account;
  private readonly subscription: Subscription;

  constructor(broker: Broker, account: Account, subject: string) {
    this.broker = broker;
    this.account = account;
    this.subscription = new Subscription(this, subject, '', '');
    this.subscription.staysHere = true;
    this.subscription.standsForLinks = true;
    account.sublist.insert(this.subscription);
  }

  deliver({ body, header, headerLength, origin, originBit, reply }: Message): boolean {
    // Others have their own way back.
    if ((originBit & FROM_OTHERS) !== 0) return false;
    const answer = composed({ subject: this.full, reply, body, origin, ...(headerLength > 0 ? { header } : {}) });
    return this.broker.dispatcher.dispatch(this.account.sublist.matchSubject(this.full), answer) > 0;
  }

  end(): void {
    this.account.sublist.remove(this.subscription);
  }
}

export interface ReplyLimits {
  /** Beyond it the oldest are forgotten. */
  readonly repliesMax: number;
  /** An answer that takes longer does not find back. */
  readonly replyMs: number;
}

export class RoutedReplies {
  /** How many had to go because there were too many. */
  forgotten = 0;
  private readonly broker: Broker;
  private readonly limits: ReplyLimits;
  /** By account and short reply, the oldest first. */
  private readonly awaited = new Map<string, RoutedReply>();
  private timer: Timer | null = null;

  constructor(broker: Broker, limits: ReplyLimits) {
    this.broker = broker;
    this.limits = limits;
  }

  /** False for every other message, which is then still to be delivered. */
  delivers(account: Account, plan: Plan, message: Message): boolean {
    const { replyStart } = message;
    if (!isLong(message)) return false;
    const { dispatcher } = this.broker;
    const queues = plan.queues.filter(hasMembersHere);
    const here = new Plan(plan.clients, plan.services, NONE, queues);
    if (!here.isEmpty) {
      this.expect(account, message.reply);
      message.replyStart += LENGTH;
      dispatcher.dispatch(here, message);
      message.replyStart = replyStart;
    }
    const others = plan.queues.filter((group) => !queues.includes(group));
    dispatcher.dispatch(new Plan(NONE, NONE, plan.links, others), message);
    return true;
  }

  close(): void {
    this.timer?.cancel();
    for (const reply of this.awaited.values()) reply.end();
    this.awaited.clear();
  }

  private expect(account: Account, full: string): void {
    const short = full.slice(LENGTH);
    const key = `${account.name} ${short}`;
    const reply = this.awaited.get(key) ?? new RoutedReply(this.broker, account, short);
    reply.full = full;
    reply.until = this.broker.clock.monotonic() + this.limits.replyMs;
    this.awaited.delete(key);
    this.awaited.set(key, reply);
    this.forgetSome(Number.NEGATIVE_INFINITY);
    this.timer ??= this.broker.clock.after(this.limits.replyMs, () => this.sweep());
  }

  private sweep(): void {
    this.timer = null;
    this.forgetSome(this.broker.clock.monotonic());
    if (this.awaited.size > 0) this.timer = this.broker.clock.after(this.limits.replyMs, () => this.sweep());
  }

  /** Those whose time is over, and those that are too many. */
  private forgetSome(now: number): void {
    for (const [key, reply] of this.awaited) {
      if (reply.until > now) {
        if (this.awaited.size <= this.limits.repliesMax) return;
        this.forgotten++;
      }
      reply.end();
      this.awaited.delete(key);
    }
  }
}

function hasMembersHere({ members }: QueueGroup): boolean {
  return members.some(({ kind }) => kind !== LINK_SINK);
}

function isLong({ replyBytes, replyStart, replyEnd }: Message): boolean {
  if (replyEnd - replyStart <= LENGTH) return false;
  for (let at = 0; at < PREFIX.length; at++) if (replyBytes[replyStart + at] !== PREFIX.charCodeAt(at)) return false;
  return true;
}
