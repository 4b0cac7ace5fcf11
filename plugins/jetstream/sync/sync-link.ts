/**
 * Keeps a stream supplied with the messages of another one. What comes is checked for gaps; whenever something is missing, or
 * nothing was heard for a while, everything begins anew behind the last message that was stored.
 */
import { Buffer } from 'node:buffer';
import {
  type Account,
  type Message,
  SERVICE_SINK,
  type ServiceSink,
  Subscription,
} from '../../../kernel/plugin-api.ts';
import { AckPosition, parseAckSubject } from '../../../protocols/jetstream/ack-subject.ts';
import { ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import { syncDeliverySubject } from '../../../protocols/jetstream/api-subject.ts';
import type { ErrorNumber } from '../../../protocols/jetstream/error-table.ts';
import { fieldOf, type HeaderFields, withFields } from '../../../protocols/jetstream/message-header.ts';
import { sourceIdentity } from '../../../protocols/jetstream/source-identity.ts';
import type { StreamSource } from '../../../protocols/jetstream/stream-config.ts';
import { HeldMessages, type HoldsMessages } from '../stream/held-messages.ts';
import type { MessageLog } from '../stream/message-log.ts';
import type { Moment } from '../stream/moment.ts';
import { momentOf } from '../stream/moment.ts';
import type { Surroundings } from '../surroundings.ts';
import { hashOf, uniqueId } from '../wire/identifiers.ts';
import { syncRequest } from './sync-request.ts';

/** Who takes what comes. */
export interface SyncTarget {
  readonly name: string;
  readonly account: Account;
  readonly log: MessageLog;
  /** What has to be fetched before a message can be taken; 0 for nothing. */
  coldFor(message: Message): number;
  /** The next sequence of the origin that is wanted; 0 for wherever the configuration says. */
  position(): number;
  /** The origin is another one than before. */
  forget(): void;
  /** False when it could not be stored: it will be sent again. */
  take(message: Message, sequence: number, moment: Moment): boolean;
  /** Hardly anything of the origin is missing here. */
  nearlyThere(): void;
}

const IDENTITY = 'Nats-Stream-Identity';
const OTHER_STREAM = 10225;
const CHECK_MS = 1_000;
const SILENCE_MS = 10_000;
const ANSWER_MS = 10_000;
/** Where there is a consumer already. */
const RESET_ANSWER_MS = 5_000;
const RETRY_MS = 2_000;
const RETRY_MAX_MS = 120_000;
const RETRY_STEP_MS = 10_000;
const LETTERS = 8;
/** So many messages behind the origin is as good as there. */
const NEAR = 10;
const LEVEL = { mirror: '4', source: '5' } as const;

export class SyncLink implements ServiceSink, HoldsMessages {
  readonly kind = SERVICE_SINK;
  readonly source: StreamSource;
  /** How many messages the origin still has; 0 when all are here. */
  lag = 0;
  /** When something was heard last, in milliseconds; 0 for never. */
  heardAt = 0;
  error: ApiError | null = null;
  /** Which of several streams that had the name this is; empty while nobody said. */
  identity = '';
  private readonly of: Surroundings;
  private readonly target: SyncTarget;
  private readonly role: 'mirror' | 'source';
  private readonly position = new AckPosition();
  private readonly held = new HeldMessages(this);
  private subscriptions: Subscription[] = [];
  private inbox = '';
  private deliverSubject = '';
  private consumerSequence = 0;
  private streamSequence = 0;
  private failures = 0;
  private isAnswered = false;
  private timer: (() => void) | null = null;
  private isClosed = false;

  constructor(of: Surroundings, target: SyncTarget, source: StreamSource, role: 'mirror' | 'source') {
    this.of = of;
    this.target = target;
    this.source = source;
    this.role = role;
  }

  get isSource(): boolean {
    return this.role === 'source';
  }

  /** The last sequence that came. */
  get sequence(): number {
    return this.streamSequence;
  }

  /** Asks for what is not here yet. */
  start(): void {
    if (this.isClosed) return;
    this.stop();
    const id = uniqueId(this.of.random).slice(0, LETTERS);
    const { consumer, external } = this.source;
    const made = syncDeliverySubject(this.role === 'mirror' ? 'M' : 'S', id, external?.deliver ?? '');
    this.deliverSubject = consumer === null ? made : consumer.deliverSubject;
    this.isAnswered = false;
    this.inbox = `$JSC.R.${id}`;
    this.consumerSequence = 0;
    for (const subject of [this.deliverSubject, this.inbox]) {
      const subscription = new Subscription(this, subject, '', '');
      this.subscriptions.push(subscription);
      this.target.account.sublist.insert(subscription);
    }
    this.request();
    this.wait(consumer === null ? ANSWER_MS : RESET_ANSWER_MS, () => this.failed(null));
  }

  private request(): void {
    const { of, target, role } = this;
    const { account } = target;
    const position = target.position();
    this.streamSequence = Math.max(0, position - 1);
    const place = `${target.name} ${account.name}${of.domain === '' ? '' : ` ${of.domain}`}`;
    // A stream may take from another in several ways at once.
    const owner = role === 'mirror' ? place : `${place} ${sourceIdentity(this.source, hashOf)}`;
    const { subject, body } = syncRequest(this.source, {
      kind: role,
      stream: target.name,
      account: account.name,
      domain: of.domain,
      name: `JS_${role === 'mirror' ? 'MIRROR' : 'SRC'}_${hashOf(owner)}`,
      deliverSubject: this.deliverSubject,
      position,
    });
    const header = this.headerOf();
    if (of.outbox.send(account, subject, body, header, this.inbox) === 0) this.wait(0, () => this.failed(null));
  }

  private headerOf(): Buffer | undefined {
    const level: HeaderFields = [['Nats-Required-Api-Level', LEVEL[this.role]]];
    if (this.isSource) return withFields(Buffer.alloc(0), [...level, [IDENTITY, this.identity]]);
    return this.source.consumer === null ? withFields(Buffer.alloc(0), level) : undefined;
  }

  deliver(message: Message): boolean {
    if (this.isClosed) return true;
    if (message.subject === this.inbox) this.answered(message);
    else if (!this.held.holds(message)) this.take(message);
    return true;
  }

  get log(): MessageLog {
    return this.target.log;
  }

  coldFor(message: Message): number {
    return isStatus(message) ? 0 : this.target.coldFor(message);
  }

  /** The same, with everything at hand that it adds to. */
  take(message: Message): void {
    if (isStatus(message)) this.heard(message);
    else this.takeIn(message);
  }

  /** Too many wait already: all of it is sent again. */
  overrun(): void {
    this.start();
  }

  /** The origin has made the consumer, or says why not. */
  private answered(message: Message): void {
    const error = errorOf(message) ?? this.unsuited(message);
    if (error !== null) {
      // Another stream has the name now: all of it is new.
      if (error.number === OTHER_STREAM) this.forget();
      this.failed(error);
      return;
    }
    this.isAnswered = true;
    this.identity = fieldOf(message.header, IDENTITY) ?? '';
    this.failures = 0;
    this.error = null;
    const { num_pending: pending } = JSON.parse(Buffer.from(message.body).toString()) as { num_pending?: number };
    if ((pending ?? NEAR) < NEAR) this.target.nearlyThere();
    this.heardAt = this.of.clock.now();
    this.watch();
  }

  /** A consumer that somebody made has to wait for what is confirmed here. */
  private unsuited(message: Message): ApiError | null {
    if (this.source.consumer === null) return null;
    const { config } = JSON.parse(Buffer.from(message.body).toString()) as { config?: { ack_policy?: string } };
    return config?.ack_policy === 'flow_control' ? null : apiError(this.isSource ? 10217 : 10214);
  }

  private forget(): void {
    this.identity = '';
    this.target.forget();
  }

  private takeIn(message: Message): void {
    const { position } = this;
    // What a consumer sent before it began anew says nothing.
    if (!this.isAnswered && this.source.consumer !== null) return;
    if (!parseAckSubject(message.replyBytes, message.replyStart, message.replyEnd, position)) return;
    this.heardAt = this.of.clock.now();
    const { deliveries, streamSequence, consumerSequence } = position;
    if (deliveries > 1 || streamSequence <= this.streamSequence) return;
    if (consumerSequence !== this.consumerSequence + 1) {
      this.start();
      return;
    }
    const tokens = message.reply.split('.');
    this.lag = Number(tokens[tokens.length > 10 ? 10 : 8]);
    const moment = momentOf(BigInt(tokens[tokens.length > 10 ? 9 : 7] ?? '0'));
    if (!this.target.take(message, streamSequence, moment)) {
      this.failed(null);
      return;
    }
    this.consumerSequence = consumerSequence;
    this.streamSequence = streamSequence;
    if (this.lag < NEAR) this.target.nearlyThere();
  }

  /** A sign of life, or a question how far this end has got. */
  private heard(message: Message): void {
    this.heardAt = this.of.clock.now();
    const { header } = message;
    const last = Number(fieldOf(header, 'Nats-Last-Consumer') ?? this.consumerSequence);
    if (last > this.consumerSequence) {
      this.start();
      return;
    }
    if (message.hasReply) this.confirm(message.reply);
    const stalled = fieldOf(header, 'Nats-Consumer-Stalled');
    if (stalled !== null) this.confirm(stalled);
  }

  private confirm(subject: string): void {
    const header = withFields(Buffer.alloc(0), [
      ['Nats-Last-Consumer', String(this.consumerSequence)],
      ['Nats-Last-Stream', String(this.streamSequence)],
    ]);
    this.of.outbox.send(this.target.account, subject, '', header);
  }

  private watch(): void {
    this.wait(CHECK_MS, () => {
      if (this.of.clock.now() - this.heardAt > SILENCE_MS) this.start();
      else this.watch();
    });
  }

  private failed(error: ApiError | null): void {
    if (error !== null) this.error = error;
    this.failures++;
    this.stop();
    const delay = Math.min(RETRY_MAX_MS, Math.max(RETRY_MS, (this.failures - 1) * RETRY_STEP_MS));
    this.wait(delay, () => this.start());
  }

  private wait(milliseconds: number, run: () => void): void {
    this.timer?.();
    this.timer = this.of.after(milliseconds, () => {
      this.timer = null;
      run();
    });
  }

  private stop(): void {
    this.held.clear();
    this.timer?.();
    this.timer = null;
    this.target.account.sublist.removeAll(this.subscriptions);
    this.subscriptions = [];
  }

  close(): void {
    this.isClosed = true;
    this.stop();
  }
}

function isStatus(message: Message): boolean {
  const { bytes, headerStart, headerLength } = message;
  return headerLength > 8 && bytes[headerStart + 8] === 0x20;
}

/** Of an answer; null where it says that all is well. */
function errorOf(message: Message): ApiError | null {
  try {
    const { error } = JSON.parse(Buffer.from(message.body).toString()) as {
      error?: { code: number; err_code: number; description: string };
    };
    return error === undefined ? null : new ApiError(error.code, error.err_code as ErrorNumber, error.description);
  } catch {
    return null;
  }
}
