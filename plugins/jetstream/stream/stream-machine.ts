/**
 * A stream without the world around it. Every change is one command with everything it needs inside it, the time above all: the
 * same commands in the same order make the same stream, wherever they come from. It reads no clock, draws nothing and tells nobody.
 */
import type { Buffer } from 'node:buffer';
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import { fieldOf } from '../../../protocols/jetstream/message-header.ts';
import { NEVER, parseTtl } from '../../../protocols/jetstream/message-ttl.ts';
import {
  INCREMENT,
  MSG_ID,
  PublishHeaders,
  ROLLUP,
  SCHEDULE,
  scanPublishHeaders,
  TTL,
} from '../../../protocols/jetstream/publish-headers.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import type { MessageBytes, StoredRecord } from '../../../storage-drivers/contract.ts';
import { type StagedMessage, withSchedule } from './atomic-batch.ts';
import { checkBatch } from './batch-rules.ts';
import { type Counted, count } from './counter.ts';
import { Duplicates } from './duplicates.ts';
import { Expiry, HAS_TTL, IS_ETERNAL } from './expiry.ts';
import { limitsOf, type StreamLimits } from './limits.ts';
import type { MessageLog } from './message-log.ts';
import { withTtl } from './message-ttl-field.ts';
import { millisecondsOf } from './moment.ts';
import { checkExpectations, checkNew } from './publish-rules.ts';
import { PublishVerdict, STORED } from './publish-verdict.ts';
import { Purge, type PurgeCommand } from './purge.ts';
import { type PurgeExtent, type Purging, purgeExtent } from './purge-extent.ts';
import type { StoredListener } from './republisher.ts';
import { Rollups } from './rollups.ts';
import { roomProblem } from './room.ts';
import { asSchedule } from './schedule-rules.ts';
import { SEQUENCE_MAX } from './sequence-limit.ts';
import { refusalOf } from './store-refusal.ts';
import { Timetable } from './timetable.ts';
import { Trimming } from './trimming.ts';

const HEADER_BYTES_MAX = 65_535;
/** What goes with a changed configuration itself; the rest follows in steps. */
const TRIMMED_AT_ONCE = 1000;

/** Whoever decides whether a message is wanted at all, under interest retention. */
export interface Interest {
  wants(message: MessageBytes): boolean;
}

/** Makes the message that says that a subject's last one is gone. */
export interface MarkerWriter {
  /** Null where the message leaves none: it was one itself, or said that its subject is deleted. */
  markerFor(record: StoredRecord, config: StreamConfig): MessageBytes | null;
  marked(sequence: number): void;
}

interface StoredOfBatch extends StagedMessage {
  readonly sequence: number;
  readonly ttl: number;
  readonly isWanted: boolean;
  readonly kept: MessageBytes;
  readonly previous: number;
}

export class StreamMachine {
  readonly log: MessageLog;
  readonly duplicates = new Duplicates();
  readonly expiry: Expiry;
  readonly timetable = new Timetable(this);
  readonly trimming: Trimming;
  readonly rollups = new Rollups(this);
  config: StreamConfig;
  limits: StreamLimits;
  lastMsgId = '';
  /** Null when every message is kept. */
  interest: Interest | null = null;
  purges: Purging | null = null;
  /** Null when nobody is told of messages. */
  listener: StoredListener | null = null;

  constructor(config: StreamConfig, log: MessageLog) {
    this.config = config;
    this.limits = limitsOf(config);
    this.log = log;
    this.expiry = new Expiry(log);
    this.trimming = new Trimming(log);
  }

  /** The command of a published message. `headers` is null where the message has none. */
  publish(
    seconds: number,
    nanos: number,
    message: MessageBytes,
    headers: PublishHeaders | null,
    verdict: PublishVerdict,
  ): void {
    if (this.config.sealed) {
      verdict.refused(apiError(10109));
      return;
    }
    verdict.counterValue = '';
    if (headers === null) this.publishPlain(seconds, nanos, message, verdict);
    else this.publishExamined(seconds, nanos, message, headers, verdict);
  }

  private publishPlain(seconds: number, nanos: number, message: MessageBytes, verdict: PublishVerdict): void {
    if (this.config.allowMsgCounter) {
      verdict.refused(apiError(10169));
      return;
    }
    this.store(seconds, nanos, 0, 0, message, false, verdict);
    if (verdict.error === null) this.lastMsgId = '';
  }

  private publishExamined(
    seconds: number,
    nanos: number,
    message: MessageBytes,
    headers: PublishHeaders,
    verdict: PublishVerdict,
  ): void {
    const bytes = message.bytes as Buffer;
    const now = millisecondsOf(seconds, nanos);
    const early = headers.mask === 0 ? null : checkExpectations(this, message, bytes, headers, now);
    if (early !== null) {
      verdict.refused(early);
      return;
    }
    const id = headers.text(bytes, MSG_ID);
    const known = id === '' || this.limits.duplicateWindowMs === 0 ? 0 : this.duplicates.find(id);
    if (known !== 0) {
      verdict.duplicate(known);
      return;
    }
    const problem = headers.mask === 0 ? null : checkNew(this, bytes, headers);
    if (problem !== null) {
      verdict.refused(problem);
      return;
    }
    this.storeExamined(seconds, nanos, message, headers, id, verdict);
  }

  private storeExamined(
    seconds: number,
    nanos: number,
    message: MessageBytes,
    headers: PublishHeaders,
    id: string,
    verdict: PublishVerdict,
  ): void {
    const bytes = message.bytes as Buffer;
    const counted = this.counted(message, headers);
    if (counted !== null && 'number' in counted) {
      verdict.refused(counted);
      return;
    }
    const isSchedule = headers.has(SCHEDULE);
    const kept = counted?.message ?? (isSchedule ? asSchedule(message, headers) : message);
    if (kept.bodyStart - kept.headerStart > HEADER_BYTES_MAX) {
      verdict.refused(apiError(10097));
      return;
    }
    const ttl = headers.has(TTL) ? parseTtl(headers.text(bytes, TTL)) : 0;
    if (ttl === null) {
      verdict.refused(apiError(10165));
      return;
    }
    const rollup = isSchedule ? 'sub' : headers.text(bytes, ROLLUP).toLowerCase();
    const least = this.leastTtl(ttl);
    const flags = ttl === 0 ? 0 : ttl === NEVER ? IS_ETERNAL : HAS_TTL;
    const stored = least === ttl ? kept : withTtl(kept, least);
    this.store(seconds, nanos, flags, least, stored, rollup !== '', verdict);
    if (verdict.error !== null) return;
    verdict.counterValue = counted?.value ?? '';
    this.lastMsgId = id;
    if (id !== '' && this.limits.duplicateWindowMs > 0) {
      this.duplicates.add(id, verdict.sequence, millisecondsOf(seconds, nanos));
    }
    if (rollup !== '') this.rollups.begin(message, rollup, verdict.sequence);
    if (this.config.allowMsgSchedules)
      this.timetable.note(message, headers, verdict.sequence, millisecondsOf(seconds, nanos));
  }

  /** Stores a message that was made here, under the limits of all others. 0 where it is not kept. */
  storeMade(seconds: number, nanos: number, message: MessageBytes): number {
    const headers = new PublishHeaders();
    scanPublishHeaders(message.bytes, message.headerStart, message.bodyStart - message.headerStart, headers);
    const verdict = new PublishVerdict();
    const ttl = this.ttlOf(message, headers);
    this.store(seconds, nanos, ttl === 0 ? 0 : ttl === NEVER ? IS_ETERNAL : HAS_TTL, ttl, message, false, verdict);
    if (verdict.kind !== STORED) return 0;
    if (headers.has(ROLLUP)) this.rollups.begin(message, 'sub', verdict.sequence);
    return verdict.sequence;
  }

  /** The command of a message that another stream has: the same sequence, the same time. False when it can not be stored. */
  mirror(sequence: number, seconds: number, nanos: number, message: MessageBytes, headers: PublishHeaders): boolean {
    const { log, limits } = this;
    if (sequence <= log.last) return true;
    if (limits.discardsNew && roomProblem(this, message, false) !== null) return false;
    const ttl = this.ttlOf(message, headers);
    const flags = ttl === 0 ? 0 : ttl === NEVER ? IS_ETERNAL : HAS_TTL;
    const previous = this.beforeIt(message);
    if (log.appendAt(sequence, seconds, nanos, flags, message) < 0) return false;
    this.listener?.tell(message, sequence, { seconds, nanos }, previous);
    if (ttl > 0) this.expiry.add(millisecondsOf(seconds, nanos) + ttl * 1000, sequence);
    this.trimming.stored(sequence, this.limits);
    return true;
  }

  /** The command of a message that was taken from another stream. What its publisher was not allowed there is not asked again. */
  publishSourced(
    seconds: number,
    nanos: number,
    message: MessageBytes,
    headers: PublishHeaders,
    verdict: PublishVerdict,
  ): void {
    const bytes = message.bytes as Buffer;
    const id = headers.text(bytes, MSG_ID);
    const known = id === '' || this.limits.duplicateWindowMs === 0 ? 0 : this.duplicates.find(id);
    if (known !== 0) {
      verdict.duplicate(known);
      return;
    }
    const counted = this.counted(message, headers);
    if (counted !== null && 'number' in counted) {
      verdict.refused(counted);
      return;
    }
    const kept = counted?.message ?? message;
    if (counted !== null && kept.bodyStart - kept.headerStart > HEADER_BYTES_MAX) {
      verdict.refused(apiError(10097));
      return;
    }
    const ttl = this.ttlOf(message, headers);
    const flags = ttl === 0 ? 0 : ttl === NEVER ? IS_ETERNAL : HAS_TTL;
    const rollup = this.config.allowRollup ? headers.text(bytes, ROLLUP).toLowerCase() : '';
    this.store(seconds, nanos, flags, ttl, kept, rollup !== '', verdict);
    if (verdict.error !== null) return;
    this.lastMsgId = id;
    if (id !== '' && this.limits.duplicateWindowMs > 0) {
      this.duplicates.add(id, verdict.sequence, millisecondsOf(seconds, nanos));
    }
    if (rollup === 'sub' || rollup === 'all') this.rollups.begin(message, rollup, verdict.sequence);
  }

  /** Counts only where the stream allows it. */
  private ttlOf(message: MessageBytes, headers: PublishHeaders): number {
    if (!this.config.allowMsgTtl || !headers.has(TTL)) return 0;
    return parseTtl(headers.text(message.bytes as Buffer, TTL)) ?? 0;
  }

  /** The command of a complete batch: all of it is stored, or nothing. */
  publishBatch(seconds: number, nanos: number, all: readonly StagedMessage[], verdict: PublishVerdict): void {
    verdict.counterValue = '';
    const batch = all.map(withSchedule);
    const problem = this.config.sealed ? apiError(10109) : checkBatch(this, batch, millisecondsOf(seconds, nanos));
    if (problem !== null) {
      verdict.refused(problem);
      return;
    }
    const { log } = this;
    const kept: StoredOfBatch[] = [];
    log.begin();
    const before = log.last;
    for (const staged of batch) {
      const one = this.appendStaged(seconds, nanos, before + kept.length + 1, staged);
      if ('number' in one) {
        log.abort();
        verdict.refused(one);
        return;
      }
      kept.push(one);
    }
    log.spend(before + kept.length, seconds, nanos);
    const ticket = log.commit();
    if (ticket < 0) {
      verdict.refused(refusalOf(ticket));
      return;
    }
    for (const one of kept) this.finishStaged(seconds, nanos, one);
    verdict.stored(kept.at(-1)!.sequence);
  }

  /** Only adds: what is to be removed waits until all is there. */
  private appendStaged(
    seconds: number,
    nanos: number,
    sequence: number,
    { message, headers }: StagedMessage,
  ): StoredOfBatch | ApiError {
    const { log } = this;
    const counted = this.counted(message, headers);
    if (counted !== null && 'number' in counted) return counted;
    const asked = headers.has(TTL) ? (parseTtl(headers.text(message.bytes as Buffer, TTL)) ?? 0) : 0;
    const ttl = this.leastTtl(asked);
    const own = counted?.message ?? message;
    const kept = ttl === asked ? own : withTtl(own, ttl);
    if (kept.bodyEnd - kept.headerStart > this.limits.maxMsgSize) return apiError(10054);
    const flags = ttl === 0 ? 0 : ttl === NEVER ? IS_ETERNAL : HAS_TTL;
    const isWanted = this.interest === null || sequence > SEQUENCE_MAX || this.interest.wants(message);
    const previous = this.beforeIt(message);
    const written = isWanted ? log.appendAt(sequence, seconds, nanos, flags, kept) : 0;
    if (written < 0) return refusalOf(written);
    return { message, headers, sequence, ttl, isWanted, kept, previous };
  }

  private finishStaged(
    seconds: number,
    nanos: number,
    { message, headers, sequence, ttl, isWanted, kept, previous }: StoredOfBatch,
  ): void {
    if (isWanted) this.listener?.tell(kept, sequence, { seconds, nanos }, previous);
    const bytes = message.bytes as Buffer;
    const now = millisecondsOf(seconds, nanos);
    if (ttl > 0) this.expiry.add(now + ttl * 1000, sequence);
    if (isWanted) this.trimming.stored(sequence, this.limits);
    this.lastMsgId = headers.text(bytes, MSG_ID);
    if (this.lastMsgId !== '' && this.limits.duplicateWindowMs > 0) this.duplicates.add(this.lastMsgId, sequence, now);
    if (headers.has(ROLLUP)) this.rollups.begin(message, headers.text(bytes, ROLLUP).toLowerCase(), sequence);
    if (this.config.allowMsgSchedules && isWanted) this.timetable.note(message, headers, sequence, now);
  }

  /** Null for messages that do not count. */
  private counted(message: MessageBytes, headers: PublishHeaders): Counted | ApiError | null {
    if (!this.config.allowMsgCounter) return null;
    if (!headers.has(INCREMENT)) return apiError(10169);
    return count(this.log, message, message.bytes as Buffer, headers);
  }

  /** A message lives at least as long as the marker that takes its place, where an older one may come to light again. */
  private leastTtl(ttl: number): number {
    const { markerTtlMs, maxMsgsPerSubject } = this.limits;
    if (ttl <= 0 || maxMsgsPerSubject === 1) return ttl;
    return Math.max(ttl, Math.floor(markerTtlMs / 1000));
  }

  private store(
    seconds: number,
    nanos: number,
    flags: number,
    ttl: number,
    message: MessageBytes,
    isRollup: boolean,
    verdict: PublishVerdict,
  ): void {
    const { log, limits } = this;
    if (message.bodyEnd - message.headerStart > limits.maxMsgSize) {
      verdict.refused(apiError(10054));
      return;
    }
    if (this.interest !== null && log.last < SEQUENCE_MAX && !this.interest.wants(message)) {
      log.skip(seconds, nanos);
      verdict.unwanted(log.last);
      return;
    }
    const problem = limits.discardsNew ? roomProblem(this, message, isRollup) : null;
    if (problem !== null) {
      verdict.refused(problem);
      return;
    }
    const previous = this.beforeIt(message);
    const ticket = log.append(seconds, nanos, flags, message);
    if (ticket < 0) {
      verdict.refused(refusalOf(ticket));
      return;
    }
    const sequence = log.last;
    this.listener?.tell(message, sequence, { seconds, nanos }, previous);
    if (flags === HAS_TTL) this.expiry.add(millisecondsOf(seconds, nanos) + ttl * 1000, sequence);
    this.trimming.stored(sequence, this.limits);
    verdict.stored(sequence);
  }

  /** Asked for only where somebody is told of it. */
  private beforeIt(message: MessageBytes): number {
    return this.listener === null ? 0 : this.log.lastOf(this.log.nodeOf(message));
  }

  private atOnce(command: PurgeCommand, purge: () => number): number {
    return this.purges === null ? purge() : this.purges.purging(this.extentOf(command), purge);
  }

  extentOf(command: PurgeCommand): PurgeExtent {
    return purgeExtent(this.log, this.config.storage === 'memory', command);
  }

  /**
   * The command of time that has passed. Answers whether more is due. A subject whose last message goes may get a marker in its
   * place; `mark` makes its header.
   */
  expire(seconds: number, nanos: number, mark: MarkerWriter): boolean {
    const now = millisecondsOf(seconds, nanos);
    this.duplicates.expire(now, this.limits.duplicateWindowMs);
    return this.expiry.run(now, this.limits.maxAgeMs, (sequence) => this.expireOne(sequence, seconds, nanos, mark));
  }

  /** False when it has to be fetched first, because it may leave a marker. */
  private expireOne(sequence: number, seconds: number, nanos: number, mark: MarkerWriter): boolean {
    const { log, limits } = this;
    const node = log.nodeAt(sequence);
    const isLast = limits.markerTtlMs > 0 && log.countOf(node) === 1;
    const record = isLast ? log.read(sequence) : null;
    if (isLast && record === null && log.isCold(sequence)) return false;
    const marker = record === null ? null : mark.markerFor(record, this.config);
    if (marker !== null) {
      // Before the message goes: whoever looks finds the one or the other.
      if (log.append(seconds, nanos, HAS_TTL, marker) >= 0) {
        this.listener?.tell(marker, log.last, { seconds, nanos }, sequence);
        this.expiry.add(millisecondsOf(seconds, nanos) + limits.markerTtlMs, log.last);
        mark.marked(log.last);
      }
    }
    if (sequence === log.first) log.removeOldest();
    else log.remove(sequence);
    return true;
  }

  /** When something is due next, in milliseconds; Infinity for never. */
  get nextDue(): number {
    const expires = Math.min(this.expiry.nextDue(this.limits.maxAgeMs), this.nextForgotten);
    return Math.min(expires, this.timetable.nextDue);
  }

  /** When the next id is forgotten. */
  get nextForgotten(): number {
    return this.duplicates.nextExpiry(this.limits.duplicateWindowMs);
  }

  /** What a message says of the time before a restart. */
  recall(record: StoredRecord): void {
    const { seq, seconds, nanos, flags, bytes, headerStart, bodyStart } = record;
    const time = millisecondsOf(seconds, nanos);
    const header = (bytes as Buffer).subarray(headerStart, bodyStart);
    const id = fieldOf(header, 'Nats-Msg-Id') ?? '';
    this.lastMsgId = id;
    if (id !== '' && this.limits.duplicateWindowMs > 0) this.duplicates.add(id, seq, time);
    const ttl = (flags & HAS_TTL) === 0 ? null : parseTtl(fieldOf(header, 'Nats-TTL') ?? '');
    if (ttl !== null && ttl > 0) this.expiry.add(time + ttl * 1000, seq);
    if (this.config.allowMsgSchedules) this.timetable.recall(record);
  }

  /** The command of a request to delete one message. False when it is not there. */
  remove(sequence: number, isErased: boolean): boolean {
    return this.log.remove(sequence, isErased);
  }

  /** The command of a request to purge. Answers how many messages went. */
  purge(command: PurgeCommand): number {
    return this.atOnce(command, () => this.purgeNow(command));
  }

  private purgeNow(command: PurgeCommand): number {
    const purge = this.beginPurge(command);
    while (!purge.step(Number.POSITIVE_INFINITY));
    return purge.removed;
  }

  /** The command of a purge that takes several: what comes from here on stays. */
  beginPurge(command: PurgeCommand): Purge {
    return new Purge(this.log, command);
  }

  /** The command of some of it. True when none is left to go. */
  stepPurge(purge: Purge, most: number): boolean {
    return purge.step(most);
  }

  /** The command of some of what was rolled up. True when none is left to go. */
  rollUpMore(most: number): boolean {
    return this.rollups.step(most);
  }

  /** The command of a changed configuration. What it does not allow goes, some of it with `trimMore`. */
  update(config: StreamConfig): void {
    const before = this.limits;
    this.config = config;
    this.limits = limitsOf(config);
    this.trimming.begin(before, this.limits);
    this.trimMore(TRIMMED_AT_ONCE);
  }

  /** The command of some of what is not allowed any more. True when none is left to go. */
  trimMore(most: number): boolean {
    return this.trimming.step(this.limits, most);
  }
}
