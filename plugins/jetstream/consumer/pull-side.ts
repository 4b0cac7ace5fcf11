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
import { Deadlines } from './deadlines.ts';
import { PriorityGroup } from './priority-group.ts';
import { WaitingLine } from './waiting-line.ts';
import { WaitingRequest } from './waiting-request.ts';

/** Nobody listens for it any more. */
const GONE = 'gone';

export class PullSide implements ServiceSink {
  readonly kind = SERVICE_SINK;
  private readonly consumer: Consumer;
  private readonly request = new PullRequest();
  private readonly line = new WaitingLine();
  private readonly deadlines = new Deadlines<WaitingRequest>();
  /** When it was last looked whether somebody still listens on every inbox. */
  private lookedAt = -1;
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
    const { account } = this.consumer;
    if (this.lookedAt !== account.sublist.generation) {
      this.line.each((request) => {
        if (request.receivers(account).isEmpty) this.line.remove(request);
      });
      this.lookedAt = account.sublist.generation;
    }
    return this.line.length;
  }

  /** Whether anybody waits who still listens. */
  get isUsed(): boolean {
    const { account } = this.consumer;
    for (let request = this.line.first; request !== null; request = this.line.first) {
      if (!request.receivers(account).isEmpty) return true;
      this.line.remove(request);
    }
    return false;
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
    if (this.line.length >= maxWaiting) this.expire(now);
    if (this.line.length >= maxWaiting && this.waitingCount >= maxWaiting) {
      if (request.heartbeat === 0) this.say(inbox, MAX_WAITING);
      return;
    }
    consumer.touched();
    const waiting = new WaitingRequest(inbox, request, now);
    this.line.add(waiting, this.group.levelOf(waiting));
    this.lookedAt = -1;
    this.watch(waiting);
    consumer.run();
  }

  /** Sees to it that its time does not pass unnoticed. */
  private watch(request: WaitingRequest): void {
    if (request.due === Number.POSITIVE_INFINITY) return;
    if (this.deadlines.isStale(this.line.length)) {
      this.deadlines.clear();
      this.line.each((one) => {
        if (one !== request && one.due !== Number.POSITIVE_INFINITY) this.deadlines.add(one.due, one);
      });
    }
    this.deadlines.add(request.due, request);
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
    const { asked } = this.line;
    return available > 0 && available < asked ? REQUESTS_PENDING : null;
  }

  /**
   * The request whose turn it is for a message of a size; null when nobody waits. Those whose inbox nobody listens to are
   * forgotten, and those it is too large for, or whose time is over, are told so.
   */
  nextFor(size: number, now: number): WaitingRequest | null {
    for (let request = this.line.first; request !== null; ) {
      const next = this.line.after(request);
      const admission = request.receivers(this.consumer.account).isEmpty ? GONE : this.group.admits(request);
      if (request.expiresAt <= now) this.overdue(request, now);
      else if (admission === 'yes') {
        if (!request.hasByteLimit || size <= request.remainingBytes) return request;
        this.end(request, TOO_LARGE);
      } else if (admission === GONE) this.line.remove(request);
      else if (admission === 'stale') this.end(request, WRONG_PIN);
      request = next;
    }
    const { stream, config } = this.consumer;
    if (this.line.length > 0 && config.priorityPolicy === 'overflow') stream.consumers.overflows(this.consumer);
    // Nothing is there for those who are left.
    if (config.priorityPolicy === 'overflow') this.drained();
    return null;
  }

  /** Somebody who listens is waiting. */
  get isAwaited(): boolean {
    return this.line.length > 0;
  }

  /** Somebody counts bytes. */
  get isMeasured(): boolean {
    return this.line.limited > 0;
  }

  /** A request got a message. */
  served(request: WaitingRequest, size: number, now: number): void {
    request.touched(now);
    request.isServed = true;
    request.remaining--;
    this.line.asked--;
    request.remainingBytes -= size;
    const isSpent = request.hasByteLimit && request.remainingBytes <= 0;
    if (request.remaining > 0 && !isSpent) {
      this.line.rotate(request);
      return;
    }
    this.line.remove(request);
    if (request.remaining === 0 && request.hasByteLimit && request.remainingBytes > 0) {
      this.say(request.inbox, BATCH_COMPLETED, remainingHeaders(0, request.remainingBytes));
    }
  }

  /** There is nothing more for now: those who do not want to wait, or got something already, are told. */
  drained(): void {
    if (this.line.unwilling === 0 || this.consumer.machine.isBlocked) return;
    this.line.each((request) => {
      if (!request.noWait) return;
      if (request.expiresAt !== Number.POSITIVE_INFINITY && !request.isServed) return;
      this.line.remove(request);
      this.say(request.inbox, NO_MESSAGES);
    });
  }

  /** Ends what has had its time, and gives signs of life. */
  expire(now: number): void {
    this.group.expire(now);
    while (this.deadlines.next <= now) {
      const request = this.deadlines.take();
      if (request.level < 0) continue;
      if (request.due <= now) this.overdue(request, now);
      if (request.level >= 0) this.deadlines.add(request.due, request);
    }
  }

  private overdue(request: WaitingRequest, now: number): void {
    if (request.receivers(this.consumer.account).isEmpty) {
      this.line.remove(request);
      return;
    }
    if (request.expiresAt <= now) {
      this.end(request, REQUEST_TIMEOUT);
      return;
    }
    const { consumerSequence, streamSequence } = this.consumer.machine;
    request.touched(now);
    this.say(request.inbox, IDLE_HEARTBEAT, heartbeatHeaders(consumerSequence - 1, streamSequence - 1));
  }

  /** When something is due; Infinity for never. */
  get nextDue(): number {
    return Math.min(this.group.nextDue, this.deadlines.next);
  }

  /** The consumer goes, and those who wait are told so. */
  close(): void {
    this.consumer.account.sublist.remove(this.subscription);
    this.line.each((request) => {
      this.line.remove(request);
      this.say(request.inbox, CONSUMER_DELETED);
    });
    this.deadlines.clear();
  }

  /** The server goes: those who wait may ask for the rest elsewhere, or later. */
  sendAway(): void {
    this.line.each((request) => this.end(request, SERVER_SHUTDOWN));
  }

  private end(request: WaitingRequest, status: Status): void {
    this.line.remove(request);
    const { remaining, remainingBytes } = request;
    this.say(request.inbox, status, remainingHeaders(remaining, request.hasByteLimit ? remainingBytes : 0));
  }

  private say(inbox: string, status: Status, headers: readonly (readonly [string, string])[] = []): void {
    const { outbox } = this.consumer.of;
    outbox.send(this.consumer.account, inbox, '', statusBlock(status[0], status[1], headers));
  }
}
