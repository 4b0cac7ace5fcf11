/** Answers requests for messages, one after the other, each in its turn. */
import type { Buffer } from 'node:buffer';
import { type Message, SERVICE_SINK, type ServiceSink, Subscription } from '../../../kernel/plugin-api.ts';
import { nextMessageSubject } from '../../../protocols/jetstream/api-subject.ts';
import { formatDurationText } from '../../../protocols/jetstream/duration-text.ts';
import { fieldOf } from '../../../protocols/jetstream/message-header.ts';
import { PullRequest, parsePullRequest } from '../../../protocols/jetstream/pull-request.ts';
import { checkApiLevel, REQUIRED_LEVEL_HEADER } from '../../../protocols/jetstream/requests.ts';
import {
  BATCH_COMPLETED,
  badRequest,
  CONSUMER_DELETED,
  heartbeatHeaders,
  IDLE_HEARTBEAT,
  MAX_WAITING,
  maxBatchExceeded,
  maxBytesExceeded,
  maxExpiresExceeded,
  NO_MESSAGES,
  REQUEST_TIMEOUT,
  REQUESTS_PENDING,
  REQUIRED_API_LEVEL,
  remainingHeaders,
  SERVER_SHUTDOWN,
  type Status,
  statusBlock,
  TOO_LARGE,
  WRONG_PIN,
} from '../../../protocols/jetstream/status.ts';
import type { Consumer } from './consumer.ts';
import { PriorityGroup } from './priority-group.ts';
import { WaitingRequest } from './waiting-request.ts';

export class PullSide implements ServiceSink {
  readonly kind = SERVICE_SINK;
  private readonly consumer: Consumer;
  private readonly request = new PullRequest();
  private waiting: WaitingRequest[] = [];
  readonly group: PriorityGroup;
  private readonly subscription: Subscription;

  constructor(consumer: Consumer) {
    this.consumer = consumer;
    this.group = new PriorityGroup(consumer);
    this.subscription = new Subscription(this, nextMessageSubject(consumer.streamName, consumer.name), '', '');
    consumer.account.sublist.insert(this.subscription);
  }

  /** Those that nobody listens for any more do not count. */
  get waitingCount(): number {
    this.waiting = this.waiting.filter((request) => !request.receivers(this.consumer.account).isEmpty);
    return this.waiting.length;
  }

  /** A request came. Without a place to answer to it asks for nothing. */
  deliver(message: Message): boolean {
    if (!message.hasReply) return true;
    const inbox = message.reply;
    const level = message.headerLength === 0 ? null : fieldOf(message.header, REQUIRED_LEVEL_HEADER);
    if (level !== null && checkApiLevel(level, this.consumer.of.server.level) !== null) {
      this.say(inbox, REQUIRED_API_LEVEL);
      return true;
    }
    this.take(inbox, message.bytes, message.bodyStart, message.bodyEnd);
    return true;
  }

  /** `bytes` hold the request, also where it came with an acknowledgement. */
  take(inbox: string, bytes: Buffer, start: number, end: number): void {
    const { request, consumer } = this;
    const fault = parsePullRequest(bytes, start, end, request);
    const refusal = fault === '' ? this.refusalOf(request) : badRequest(fault);
    if (refusal !== null) {
      this.say(inbox, refusal);
      return;
    }
    const now = consumer.of.clock.now();
    const { maxWaiting } = consumer.config;
    if (this.waiting.length >= maxWaiting) this.expire(now);
    if (this.waiting.length >= maxWaiting) {
      if (request.heartbeat === 0) this.say(inbox, MAX_WAITING);
      return;
    }
    consumer.touched();
    const waiting = new WaitingRequest(inbox, request, now);
    this.waiting.splice(this.group.placeOf(waiting, this.waiting), 0, waiting);
    consumer.run();
  }

  private refusalOf(request: PullRequest): Status | null {
    const { config, machine } = this.consumer;
    if (request.heartbeat > 0 && 2 * request.heartbeat > request.expires)
      return badRequest('heartbeat value too large');
    if (config.maxBatch > 0 && request.batch > config.maxBatch) return maxBatchExceeded(config.maxBatch);
    if (config.maxExpires > 0n && request.expires > Number(config.maxExpires)) {
      return maxExpiresExceeded(formatDurationText(config.maxExpires));
    }
    if (config.maxBytes > 0 && request.maxBytes > config.maxBytes) return maxBytesExceeded(config.maxBytes);
    const refusal = this.group.refusalOf(request);
    if (refusal !== null || !request.noWait) return refusal;
    const available = this.consumer.pausedUntil > 0 ? 0 : machine.pendingCount + machine.queue.size;
    if (available === 0 && request.expires === 0) return NO_MESSAGES;
    const asked = this.waiting.reduce((sum, { remaining }) => sum + remaining, 0);
    return available > 0 && available < asked ? REQUESTS_PENDING : null;
  }

  /**
   * The request whose turn it is for a message of a size; null when nobody waits. Those whose inbox nobody listens to are
   * forgotten, and those it is too large for are told so.
   */
  nextFor(size: number): WaitingRequest | null {
    for (let at = 0; at < this.waiting.length; ) {
      const request = this.waiting[at]!;
      const admission = request.receivers(this.consumer.account).isEmpty ? 'gone' : this.group.admits(request);
      if (admission === 'gone') this.waiting.splice(at, 1);
      else if (admission === 'stale') this.end(request, WRONG_PIN);
      else if (admission === 'no') at++;
      else if (request.hasByteLimit && size > request.remainingBytes) this.end(request, TOO_LARGE);
      else return request;
    }
    return null;
  }

  /** Somebody who listens is waiting. */
  get isAwaited(): boolean {
    return this.waiting.length > 0;
  }

  /** The first in line got a message. */
  served(request: WaitingRequest, size: number, now: number): void {
    request.touched(now);
    request.isServed = true;
    request.remaining--;
    request.remainingBytes -= size;
    this.remove(request);
    const isSpent = request.hasByteLimit && request.remainingBytes <= 0;
    if (request.remaining > 0 && !isSpent) this.waiting.splice(this.group.placeOf(request, this.waiting), 0, request);
    else if (request.remaining === 0 && request.hasByteLimit && request.remainingBytes > 0) {
      this.say(request.inbox, BATCH_COMPLETED, remainingHeaders(0, request.remainingBytes));
    }
  }

  /** There is nothing more for now: those who do not want to wait, or got something already, are told. */
  drained(): void {
    const { isBlocked } = this.consumer.machine;
    if (isBlocked) return;
    for (const request of [...this.waiting]) {
      if (!request.noWait) continue;
      if (request.expiresAt !== Number.POSITIVE_INFINITY && !request.isServed) continue;
      this.remove(request);
      this.say(request.inbox, NO_MESSAGES);
    }
  }

  /** Ends what has had its time, and gives signs of life. */
  expire(now: number): void {
    this.group.expire(now);
    for (const request of [...this.waiting]) {
      if (request.receivers(this.consumer.account).isEmpty) this.remove(request);
      else if (request.expiresAt <= now) this.end(request, REQUEST_TIMEOUT);
      else if (request.nextHeartbeat <= now) {
        const { machine } = this.consumer;
        request.touched(now);
        this.say(
          request.inbox,
          IDLE_HEARTBEAT,
          heartbeatHeaders(machine.consumerSequence - 1, machine.streamSequence - 1),
        );
      }
    }
  }

  /** When something is due; Infinity for never. */
  get nextDue(): number {
    let next = this.group.nextDue;
    for (const { expiresAt, nextHeartbeat } of this.waiting) next = Math.min(next, expiresAt, nextHeartbeat);
    return next;
  }

  /** The consumer goes, and those who wait are told so. */
  close(): void {
    this.consumer.account.sublist.remove(this.subscription);
    for (const { inbox } of this.waiting) this.say(inbox, CONSUMER_DELETED);
    this.waiting = [];
  }

  /** The server goes: those who wait may ask for the rest elsewhere, or later. */
  sendAway(): void {
    for (const request of [...this.waiting]) this.end(request, SERVER_SHUTDOWN);
  }

  private end(request: WaitingRequest, status: Status): void {
    this.remove(request);
    const { remaining, remainingBytes } = request;
    this.say(request.inbox, status, remainingHeaders(remaining, request.hasByteLimit ? remainingBytes : 0));
  }

  private remove(request: WaitingRequest): void {
    const at = this.waiting.indexOf(request);
    if (at >= 0) this.waiting.splice(at, 1);
  }

  private say(inbox: string, status: Status, headers: readonly (readonly [string, string])[] = []): void {
    const { outbox } = this.consumer.of;
    outbox.send(this.consumer.account, inbox, '', statusBlock(status[0], status[1], headers));
  }
}
