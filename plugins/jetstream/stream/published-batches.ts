/** The batches that are published to a stream, of both kinds: what becomes of their messages, and how long they may stand still. */
import { type Message, textFromSubject } from '../../../kernel/plugin-api.ts';
import { type AbandonReason, batchAbandoned } from '../../../protocols/jetstream/advisories.ts';
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import { printPublishError } from '../../../protocols/jetstream/publish-ack.ts';
import type { PublishHeaders } from '../../../protocols/jetstream/publish-headers.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import { AtomicBatches, BATCH_LIMITS, type StagedMessage, type Staging } from './atomic-batch.ts';
import { FAST_LIMITS, FastBatches } from './fast-batch.ts';
import { parseFastReply } from './fast-reply.ts';
import { type Moment, millisecondsOf } from './moment.ts';
import type { Stream } from './stream.ts';

export class PublishedBatches {
  private readonly stream: Stream;
  private readonly atomic: AtomicBatches;
  private readonly flowing = new FastBatches(FAST_LIMITS);
  private timer: (() => void) | null = null;
  private isClosed = false;

  constructor(stream: Stream) {
    this.stream = stream;
    this.atomic = new AtomicBatches(BATCH_LIMITS, stream.of.server.level, (id, reason) => this.abandoned(id, reason));
  }

  /** Messages of a batch that waits for its end. */
  staged(id: string): readonly StagedMessage[] {
    return this.atomic.staged(id);
  }

  close(): void {
    this.isClosed = true;
    this.timer?.();
    this.atomic.clear();
    this.flowing.clear();
  }

  /** A message of a batch that flows, or what is said about it. */
  takeFlowing(message: Message, published: MessageBytes, headers: PublishHeaders | null, moment: Moment): void {
    const { stream } = this;
    const { reply } = message;
    const refuse = (error: ApiError): void => stream.say(reply, printPublishError(stream.name, error));
    const early = this.problemOf(published);
    if (early !== null) {
      refuse(early);
      return;
    }
    const place = parseFastReply(reply);
    if (!stream.config.allowBatched || typeof place === 'string') {
      refuse(apiError(!stream.config.allowBatched ? 10205 : place === 'id' ? 10207 : 10206));
      return;
    }
    this.flowing.take(place, millisecondsOf(moment.seconds, moment.nanos), {
      store: () => stream.publish(published, headers),
      say: (body) => stream.say(reply, body),
      refuse,
      acknowledge: (sequence, batch, isDuplicate) =>
        stream.say(reply, stream.printAck({ sequence, batch, isDuplicate })),
    });
    this.watch();
  }

  /** A message of a batch. The last of it is told what became of all. */
  take(message: Message, published: MessageBytes, headers: PublishHeaders, moment: Moment): void {
    const { stream } = this;
    const isAnswered = message.hasReply && !stream.config.noAck;
    const staging = this.stage(published, headers, moment);
    if (staging.kind === 'staged') {
      if (isAnswered) stream.of.outbox.send(stream.account, message.reply, '');
      this.watch();
      return;
    }
    if (staging.kind === 'refused') stream.verdict.refused(staging.error);
    else stream.publishBatch(staging.staged);
    if (!isAnswered) return;
    stream.answer(message.reply, staging.kind === 'complete' ? { id: staging.id, count: staging.staged.length } : null);
  }

  private stage(published: MessageBytes, headers: PublishHeaders, moment: Moment): Staging {
    const early = this.problemOf(published);
    if (early !== null) return { kind: 'refused', error: early };
    if (!this.stream.config.allowAtomic) return { kind: 'refused', error: apiError(10174) };
    return this.atomic.take(published, headers, millisecondsOf(moment.seconds, moment.nanos));
  }

  /** What speaks against a message before it is looked at as one of a batch. */
  private problemOf(published: MessageBytes): ApiError | null {
    const { stream } = this;
    if (stream.config.sealed) return apiError(10109);
    const problem = stream.problemOf(published);
    if (problem !== null) return problem;
    return published.bodyEnd - published.headerStart > stream.machine.limits.maxMsgSize ? apiError(10054) : null;
  }

  private watch(): void {
    if (this.timer !== null || this.isClosed || this.atomic.size + this.flowing.size === 0) return;
    const { of } = this.stream;
    this.timer = of.after(BATCH_LIMITS.idleMs, () => {
      this.timer = null;
      const now = of.clock.now();
      const next = Math.min(this.atomic.expire(now), this.flowing.expire(now));
      if (next !== Number.POSITIVE_INFINITY) this.watch();
    });
  }

  private abandoned(batch: string, reason: AbandonReason): void {
    const { name: stream, of, account } = this.stream;
    const subject = `$JS.EVENT.ADVISORY.STREAM.BATCH_ABANDONED.${stream}`;
    of.advise(account, (head) => batchAbandoned(head, { account: '', stream, batch }, reason), subject);
    const { system } = of.broker.accounts;
    const place = { account: textFromSubject(account.name), stream, batch };
    if (system !== null) of.advise(system, (head) => batchAbandoned(head, place, reason), subject);
  }
}
