/**
 * Messages that flow in: stored one by one as they come, and acknowledged many at a time, at a pace that the stream sets. Nothing
 * is held back for the batch; what is kept here is how far it got.
 */
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import { printFlowAck, printFlowError, printFlowGap } from '../../../protocols/jetstream/publish-ack.ts';
import { COMMIT, END, type FastPlace, PING, START } from './fast-reply.ts';
import { DUPLICATE, type PublishVerdict, REFUSED } from './publish-verdict.ts';

export interface FastLimits {
  readonly openMax: number;
  readonly idleMs: number;
}

export const FAST_LIMITS: FastLimits = { openMax: 1000, idleMs: 10_000 };

const PACE_MAX = 500;

interface FastBatch {
  readonly id: string;
  readonly flow: number;
  readonly isForgiving: boolean;
  /** The highest sequence of the batch that came. */
  sequence: number;
  /** Messages for each acknowledgement. */
  pace: number;
  /** The last that was acknowledged. */
  acked: number;
  lastAt: number;
  /** The last of the batch in the stream. */
  streamSequence: number;
}

/** The stream that the messages go into. */
export interface FlowsInto {
  store(): PublishVerdict;
  /** To the one who sent the message that is being handled. */
  say(body: string): void;
  acknowledge(sequence: number, batch: { readonly id: string; readonly count: number }, isDuplicate: boolean): void;
  refuse(error: ApiError): void;
}

export class FastBatches {
  private readonly open = new Map<string, FastBatch>();
  private readonly limits: FastLimits;

  constructor(limits: FastLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.open.size;
  }

  /** A message, or a question how far the batch got. */
  take(place: FastPlace, now: number, into: FlowsInto): void {
    const known = this.open.get(place.id);
    if (known === undefined) this.begin(place, now, into);
    else if (place.operation === PING) this.ping(known, place, now, into);
    else this.goOn(known, place, now, into);
  }

  private begin(place: FastPlace, now: number, into: FlowsInto): void {
    if (place.sequence !== 1 || place.operation === PING) {
      into.refuse(apiError(10208));
      return;
    }
    if (this.open.size >= this.limits.openMax) {
      into.refuse(apiError(10211));
      return;
    }
    const pace = this.open.size === 0 ? Math.min(PACE_MAX, place.flow) : 1;
    const { id, flow, isForgiving } = place;
    const verdict = into.store();
    if (verdict.kind === REFUSED) {
      into.refuse(verdict.error!);
      return;
    }
    if (verdict.kind === DUPLICATE && !isForgiving) {
      into.acknowledge(verdict.sequence, { id, count: place.sequence }, true);
      return;
    }
    const streamSequence = verdict.kind === DUPLICATE ? 0 : verdict.sequence;
    const batch: FastBatch = { id, flow, isForgiving, sequence: 1, pace, acked: 0, lastAt: now, streamSequence };
    this.open.set(id, batch);
    if (place.operation === START) into.say(printFlowAck(0, pace));
    this.settle(batch, place, into);
  }

  private goOn(batch: FastBatch, place: FastPlace, now: number, into: FlowsInto): void {
    batch.lastAt = now;
    const expected = batch.sequence + 1;
    if (place.sequence !== expected) {
      into.say(printFlowGap(expected, place.sequence));
      if (!batch.isForgiving || place.sequence < expected) {
        this.finish(batch, into);
        return;
      }
    }
    this.step(batch, place, into);
  }

  /** Stores one, and acknowledges when it is time. */
  private step(batch: FastBatch, place: FastPlace, into: FlowsInto): void {
    if (place.operation !== END) {
      const verdict = into.store();
      if (verdict.kind === REFUSED && !this.isBorne(batch, place, verdict.error!, into)) return;
      if (verdict.kind !== REFUSED && verdict.kind !== DUPLICATE) batch.streamSequence = verdict.sequence;
      batch.sequence = place.sequence;
    }
    this.settle(batch, place, into);
  }

  private settle(batch: FastBatch, { operation }: FastPlace, into: FlowsInto): void {
    if (operation === COMMIT || operation === END) this.finish(batch, into);
    else if (batch.sequence - batch.acked >= batch.pace) this.acknowledge(batch, into);
  }

  /** False where an error ends the batch. */
  private isBorne(batch: FastBatch, place: FastPlace, error: ApiError, into: FlowsInto): boolean {
    if (batch.isForgiving) {
      into.say(printFlowError(place.sequence, error));
      return true;
    }
    into.say(printFlowError(place.sequence, error));
    this.finish(batch, into);
    return false;
  }

  private acknowledge(batch: FastBatch, into: FlowsInto): void {
    batch.acked = batch.sequence;
    const goal = Math.max(1, Math.min(Math.floor(PACE_MAX / Math.max(1, this.open.size)), batch.flow));
    if (batch.pace < goal) batch.pace = Math.min(goal, batch.pace * 2);
    else if (batch.pace > goal) batch.pace = Math.max(goal, Math.floor(batch.pace / 2));
    into.say(printFlowAck(batch.sequence, batch.pace));
  }

  private finish(batch: FastBatch, into: FlowsInto): void {
    this.open.delete(batch.id);
    into.acknowledge(batch.streamSequence, { id: batch.id, count: batch.sequence }, false);
  }

  private ping(batch: FastBatch, { sequence }: FastPlace, now: number, into: FlowsInto): void {
    batch.lastAt = now;
    if (sequence > batch.sequence) {
      into.say(printFlowGap(batch.sequence + 1, sequence + 1));
      if (!batch.isForgiving) {
        this.finish(batch, into);
        return;
      }
      batch.sequence = sequence;
      batch.acked += Math.floor((sequence - batch.acked) / batch.pace) * batch.pace;
    }
    into.say(printFlowAck(batch.acked, batch.pace));
  }

  /** Forgets what has stood still for too long. Answers when to look again; Infinity for never. */
  expire(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const batch of [...this.open.values()]) {
      const due = batch.lastAt + this.limits.idleMs;
      if (due <= now) this.open.delete(batch.id);
      else next = Math.min(next, due);
    }
    return next;
  }

  clear(): void {
    this.open.clear();
  }
}
