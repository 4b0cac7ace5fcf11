/**
 * Messages that are stored all together or not at all. Until its last message came, a batch is kept here and nobody sees anything
 * of it; then it becomes one command of the stream.
 */
import { Buffer } from 'node:buffer';
import type { AbandonReason } from '../../../protocols/jetstream/advisories.ts';
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import { withFields, withoutFields } from '../../../protocols/jetstream/message-header.ts';
import {
  BATCH_COMMIT,
  BATCH_ID,
  BATCH_SEQUENCE,
  PublishHeaders,
  REQUIRED_API_LEVEL,
  ROLLUP,
  SCHEDULE,
  scanPublishHeaders,
} from '../../../protocols/jetstream/publish-headers.ts';
import { checkApiLevel, REQUIRED_LEVEL_HEADER } from '../../../protocols/jetstream/requests.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import { asSchedule } from './schedule-rules.ts';
import { withContent } from './subject-change.ts';

/** How much may be open at a time, how long a batch may be, and how long it may stand still. */
export interface BatchLimits {
  readonly openMax: number;
  readonly messagesMax: number;
  readonly idleMs: number;
}

export const BATCH_LIMITS: BatchLimits = { openMax: 50, messagesMax: 1000, idleMs: 10_000 };

const ID_MAX = 64;
const COMMIT = '1';
/** Commits without being stored itself. */
const END = 'eob';

export interface StagedMessage {
  readonly message: MessageBytes;
  readonly headers: PublishHeaders;
}

interface Batch {
  readonly id: string;
  readonly staged: StagedMessage[];
  lastAt: number;
}

/** What becomes of a message of a batch. */
export type Staging =
  | { readonly kind: 'staged' }
  | { readonly kind: 'complete'; readonly id: string; readonly staged: readonly StagedMessage[] }
  | { readonly kind: 'refused'; readonly error: ApiError };

const STAGED: Staging = { kind: 'staged' };

export class AtomicBatches {
  private readonly open = new Map<string, Batch>();
  private readonly limits: BatchLimits;
  private readonly level: number;
  private readonly onAbandoned: (id: string, reason: AbandonReason) => void;

  constructor(limits: BatchLimits, level: number, onAbandoned: (id: string, reason: AbandonReason) => void) {
    this.limits = limits;
    this.level = level;
    this.onAbandoned = onAbandoned;
  }

  get size(): number {
    return this.open.size;
  }

  /** What of a batch came so far. */
  staged(id: string): readonly StagedMessage[] {
    return this.open.get(id)?.staged ?? [];
  }

  /** `published` is the message as it would be stored; it is borrowed. */
  take(published: MessageBytes, headers: PublishHeaders, now: number): Staging {
    const bytes = published.bytes as Buffer;
    const id = headers.text(bytes, BATCH_ID);
    if (id.length > ID_MAX) return refused(apiError(10179));
    const sequence = headers.has(BATCH_SEQUENCE) ? headers.number(bytes, BATCH_SEQUENCE) : -1;
    if (sequence < 0) return refused(apiError(10175));
    const commit = headers.text(bytes, BATCH_COMMIT);
    const batch = this.find(id, sequence, commit, now);
    if ('number' in batch) return refused(batch);
    const problem = this.problemWith(batch, sequence, commit, headers, bytes);
    if (problem !== null) return refused(problem);
    batch.lastAt = now;
    if (commit !== END) batch.staged.push(staged(published));
    if (commit === '') return STAGED;
    this.open.delete(id);
    if (commit === END) markLast(batch.staged);
    return { kind: 'complete', id, staged: batch.staged };
  }

  private find(id: string, sequence: number, commit: string, now: number): Batch | ApiError {
    const known = this.open.get(id);
    if (known !== undefined) return known;
    if (sequence !== 1) {
      const { messagesMax } = this.limits;
      return sequence > messagesMax ? apiError(10199, { size: messagesMax }) : apiError(10176);
    }
    if (commit === END) return apiError(10176);
    if (this.open.size >= this.limits.openMax) return apiError(10210);
    const batch: Batch = { id, staged: [], lastAt: now };
    this.open.set(id, batch);
    return batch;
  }

  private problemWith(
    batch: Batch,
    sequence: number,
    commit: string,
    headers: PublishHeaders,
    bytes: Buffer,
  ): ApiError | null {
    if (headers.has(BATCH_COMMIT) && commit !== COMMIT && commit !== END) {
      this.open.delete(batch.id);
      return apiError(10200);
    }
    const level = headers.text(bytes, REQUIRED_API_LEVEL);
    const tooHigh = headers.has(REQUIRED_API_LEVEL) ? checkApiLevel(level, this.level) : null;
    if (tooHigh !== null) return this.abandon(batch, 'unsupported', tooHigh);
    if (sequence !== batch.staged.length + 1) return this.abandon(batch, 'incomplete', apiError(10176));
    const { messagesMax } = this.limits;
    const isTooLarge = sequence > messagesMax && commit !== END;
    return isTooLarge ? this.abandon(batch, 'large', apiError(10199, { size: messagesMax })) : null;
  }

  private abandon(batch: Batch, reason: AbandonReason, error: ApiError): ApiError {
    this.open.delete(batch.id);
    this.onAbandoned(batch.id, reason);
    return error;
  }

  /** Gives up what has stood still for too long. Answers when to look again, in milliseconds; Infinity for never. */
  expire(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const batch of [...this.open.values()]) {
      const due = batch.lastAt + this.limits.idleMs;
      if (due > now) next = Math.min(next, due);
      else this.abandon(batch, 'timeout', apiError(10176));
    }
    return next;
  }

  clear(): void {
    this.open.clear();
  }
}

/** A schedule of a batch, as it is stored. */
export function withSchedule(staged: StagedMessage): StagedMessage {
  if (!staged.headers.has(SCHEDULE) || staged.headers.has(ROLLUP)) return staged;
  const message = asSchedule(staged.message, staged.headers);
  return { message, headers: scanned(message) };
}

function refused(error: ApiError): Staging {
  return { kind: 'refused', error };
}

/** A copy that is kept, without what was only said to this server. */
function staged(published: MessageBytes): StagedMessage {
  const { bytes, headerStart, bodyStart, bodyEnd } = published;
  const header = withoutFields(bytes.subarray(headerStart, bodyStart), (name) => name === REQUIRED_LEVEL_HEADER);
  const subjectBytes = Buffer.from(published.subjectBytes.subarray(published.subjectStart, published.subjectEnd));
  const range = { ...published, subjectBytes, subjectStart: 0, subjectEnd: subjectBytes.length };
  const message = withContent(range, header, bytes.subarray(bodyStart, bodyEnd));
  return { message, headers: scanned(message) };
}

function scanned(message: MessageBytes): PublishHeaders {
  const headers = new PublishHeaders();
  scanPublishHeaders(message.bytes, message.headerStart, message.bodyStart - message.headerStart, headers);
  return headers;
}

/** The last message says that it was the last. */
function markLast(all: StagedMessage[]): void {
  const last = all.pop()!;
  const { bytes, headerStart, bodyStart, bodyEnd } = last.message;
  const header = withFields(bytes.subarray(headerStart, bodyStart), [['Nats-Batch-Commit', COMMIT]]);
  const message = withContent(last.message, header, bytes.subarray(bodyStart, bodyEnd));
  all.push({ message, headers: scanned(message) });
}
