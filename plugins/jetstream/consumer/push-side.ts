/** Sends messages to a subject for as long as somebody listens there, and no faster than they are handled. */
import {
  EMPTY_PLAN,
  type Message,
  type Plan,
  SERVICE_SINK,
  type ServiceSink,
  Subscription,
  subjectFromText,
} from '../../../kernel/plugin-api.ts';
import {
  flowControlSubject,
  flowControlSubjectV2,
  nextMessageSubject,
} from '../../../protocols/jetstream/api-subject.ts';
import { fieldOf } from '../../../protocols/jetstream/message-header.ts';
import {
  FLOW_CONTROL,
  heartbeatHeaders,
  IDLE_HEARTBEAT,
  PUSH_BASED,
  statusBlock,
} from '../../../protocols/jetstream/status.ts';
import { uniqueId } from '../wire/identifiers.ts';
import type { Consumer } from './consumer.ts';

const WINDOW_MAX = 32 * 1024 * 1024;
const WINDOW_START = WINDOW_MAX / 16;
const FLOW_ID_LETTERS = 4;
const NANOS_PER_MS = 1e6;

export class PushSide implements ServiceSink {
  readonly kind = SERVICE_SINK;
  private readonly consumer: Consumer;
  private readonly confirmations: readonly Subscription[];
  /** Nothing is to be had by asking. */
  private readonly requests: Subscription;
  private target: string;
  private plan: Plan = EMPTY_PLAN;
  private generation = -1;
  private subject = '';
  /** Where the receivers listen, as it goes over the wire. */
  address = '';
  private window = WINDOW_START;
  /** Bytes that were sent and not confirmed. */
  private unconfirmed = 0;
  /** What was sent when the confirmation under way was asked for. */
  private asked = 0;
  /** Where the confirmation that is waited for comes in; empty when none is. */
  private stalledAt = '';
  private nextHeartbeat = Number.POSITIVE_INFINITY;

  constructor(consumer: Consumer, now: number) {
    this.consumer = consumer;
    const { streamName, name, acks } = consumer;
    const patterns = [
      flowControlSubject(streamName, name, '*'),
      flowControlSubjectV2(acks.place, streamName, name, '*'),
    ];
    this.confirmations = patterns.map((pattern) => new Subscription(this, pattern, '', ''));
    for (const confirmation of this.confirmations) consumer.account.sublist.insert(confirmation);
    this.requests = new Subscription(this, nextMessageSubject(streamName, name), '', '');
    consumer.account.sublist.insert(this.requests);
    this.target = subjectFromText(consumer.config.deliverSubject);
    consumer.of.targets.add(consumer, this.target);
    this.touched(now);
  }

  /** Who listens; nobody where only others than the group do. */
  receivers(): Plan {
    const { sublist } = this.consumer.account;
    const { deliverSubject, deliverGroup } = this.consumer.config;
    if (this.generation === sublist.generation && this.subject === deliverSubject) return this.plan;
    const literal = subjectFromText(deliverSubject);
    const found = sublist.matchSubject(literal);
    const isFor = deliverGroup === '' ? isMeant(found, literal) : isMeantByGroup(found, deliverGroup, literal);
    this.plan = isFor ? found : EMPTY_PLAN;
    this.generation = sublist.generation;
    this.subject = deliverSubject;
    this.address = literal;
    return this.plan;
  }

  get isBound(): boolean {
    return !this.receivers().isEmpty;
  }

  /** More may be sent before something is confirmed. */
  get isOpen(): boolean {
    return !this.consumer.config.flowControl || this.unconfirmed < this.window;
  }

  /** A message of a size went out. */
  sent(size: number, now: number): void {
    this.touched(now);
    if (!this.consumer.config.flowControl) return;
    this.unconfirmed += size;
    const { config, machine } = this.consumer;
    const isFull = config.ackPolicy === 'flow_control' && machine.isBlocked;
    if (this.stalledAt === '' && (isFull || this.unconfirmed > this.window / 2)) this.askForConfirmation();
  }

  private askForConfirmation(): void {
    const { consumer } = this;
    const id = uniqueId(consumer.of.random).slice(0, FLOW_ID_LETTERS);
    const { streamName, name, acks, of } = consumer;
    this.stalledAt = of.hasLongAcks
      ? flowControlSubjectV2(acks.place, streamName, name, id)
      : flowControlSubject(streamName, name, id);
    this.asked = this.unconfirmed;
    this.say(statusBlock(...FLOW_CONTROL), this.stalledAt);
  }

  /** A confirmation. Only the latest counts. */
  deliver(message: Message, subscription: Subscription): boolean {
    if (subscription === this.requests) return this.decline(message);
    this.confirm(message);
    if (message.subject !== this.stalledAt) return true;
    this.stalledAt = '';
    this.unconfirmed -= this.asked;
    this.window = Math.min(this.window * 2, WINDOW_MAX);
    this.consumer.wake();
    return true;
  }

  private decline(message: Message): boolean {
    const { consumer } = this;
    if (message.hasReply) consumer.of.outbox.send(consumer.account, message.reply, '', statusBlock(...PUSH_BASED));
    return true;
  }

  /** Answers may say how far they got: under the policy of that name this acknowledges. */
  private confirm(message: Message): void {
    if (this.consumer.config.ackPolicy !== 'flow_control' || message.headerLength === 0) return;
    const last = fieldOf(message.header, 'Nats-Last-Stream');
    if (last !== null && /^\d{1,15}$/.test(last)) this.consumer.confirmUpTo(Number(last));
  }

  private touched(now: number): void {
    const { heartbeat } = this.consumer.config;
    this.nextHeartbeat = heartbeat > 0n ? now + Number(heartbeat) / NANOS_PER_MS : Number.POSITIVE_INFINITY;
  }

  expire(now: number): void {
    if (this.nextHeartbeat > now) return;
    this.touched(now);
    if (!this.isBound) return;
    const { machine, config } = this.consumer;
    const isOpen = config.ackPolicy === 'flow_control' && machine.pending.size > 0;
    if (isOpen && this.stalledAt === '') this.askForConfirmation();
    const headers = heartbeatHeaders(machine.consumerSequence - 1, machine.streamSequence - 1, this.stalledAt);
    this.say(statusBlock(...IDLE_HEARTBEAT, headers), '');
  }

  get nextDue(): number {
    return this.nextHeartbeat;
  }

  /** The configuration may name another subject. */
  retarget(): void {
    const { consumer } = this;
    consumer.of.targets.remove(consumer, this.target);
    this.target = subjectFromText(consumer.config.deliverSubject);
    consumer.of.targets.add(consumer, this.target);
  }

  close(): void {
    this.consumer.of.targets.remove(this.consumer, this.target);
    this.consumer.account.sublist.removeAll([...this.confirmations, this.requests]);
  }

  private say(block: Uint8Array, reply: string): void {
    const { consumer } = this;
    consumer.of.outbox.send(consumer.account, subjectFromText(consumer.config.deliverSubject), '', block, reply);
  }
}

/** Somebody waits on this very subject: whoever listens to much, and gets this too, must not set a consumer going. */
export function isMeant({ clients, services, links, queues }: Plan, subject: string): boolean {
  const isLiteral = ({ pattern }: Subscription): boolean => pattern === subject;
  return (
    clients.some(isLiteral) ||
    services.some((service) => service.staysHere || isLiteral(service)) ||
    links.some(({ subscriptions }) => subscriptions.some(isLiteral)) ||
    queues.some(({ members }) => members.some(isLiteral))
  );
}

function isMeantByGroup({ queues }: Plan, group: string, subject: string): boolean {
  return queues.some(({ name, members }) => name === group && members.some(({ pattern }) => pattern === subject));
}
