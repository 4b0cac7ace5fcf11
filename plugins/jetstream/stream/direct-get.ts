/** Messages that are read without the API: whole, as they are stored, and as many as asked for. */
import { Buffer } from 'node:buffer';
import {
  type Message,
  SERVICE_SINK,
  type ServiceSink,
  Subscription,
  subjectFromText,
  textFromSubject,
} from '../../../kernel/plugin-api.ts';
import { DIRECT_GET_QUEUE, directGetSubjects } from '../../../protocols/jetstream/api-subject.ts';
import {
  batchFields,
  fieldOf,
  type HeaderFields,
  placeFields,
  withFields,
} from '../../../protocols/jetstream/message-header.ts';
import {
  checkApiLevel,
  decodeRequest,
  isBlank,
  isEmptyBody,
  type MessageGetRequest,
  messageGetRequest,
  REQUIRED_LEVEL_HEADER,
} from '../../../protocols/jetstream/requests.ts';
import {
  BAD_DIRECT_REQUEST,
  EMPTY_REQUEST,
  END_OF_BATCH,
  MALFORMED_REQUEST,
  MESSAGE_NOT_FOUND,
  NO_RESULTS,
  REQUIRED_API_LEVEL,
  type Status,
  statusBlock,
  TOO_MANY_RESULTS,
} from '../../../protocols/jetstream/status.ts';
import type { StoredRecord } from '../../../storage-drivers/contract.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import { findMessage } from './find-message.ts';
import { momentOf, nanosOf } from './moment.ts';
import type { Stream } from './stream.ts';

const SUBJECTS_MAX = 1024;
const NO_BYTES = Buffer.alloc(0);

type Shown = Pick<MessageGetRequest, 'noHeaders'>;
/** The last messages of many subjects are told apart by their headers alone. */
const ALWAYS_WHOLE: Shown = { noHeaders: false };

/** Messages that are on their way to one who asked for many. */
interface BatchJob {
  readonly reply: string;
  readonly request: MessageGetRequest;
  readonly filters: FilterSet;
  /** The next, and the last that counts. */
  seq: number;
  readonly end: number;
  left: number;
  bytes: number;
  pending: number;
  /** The last that was sent. */
  last: number;
}

interface LastOnesJob {
  readonly reply: string;
  readonly wanted: readonly number[];
  at: number;
  readonly left: number;
  bytes: number;
  readonly upTo: number;
}

export class DirectGet implements ServiceSink {
  readonly kind = SERVICE_SINK;
  private readonly stream: Stream;
  private readonly subscriptions: readonly Subscription[];
  private readonly prefixLength: number;

  /** `asked` is the name that is asked for: the stream's own, or that of the origin it mirrors. */
  constructor(stream: Stream, asked: string) {
    this.stream = stream;
    const subjects = directGetSubjects(subjectFromText(asked));
    this.prefixLength = subjects[0].length + 1;
    this.subscriptions = subjects.map((subject) => new Subscription(this, subject, DIRECT_GET_QUEUE, ''));
    for (const subscription of this.subscriptions) stream.account.sublist.insert(subscription);
  }

  close(): void {
    this.stream.account.sublist.removeAll(this.subscriptions);
  }

  deliver(message: Message): boolean {
    if (!message.hasReply) return true;
    const { reply, subject } = message;
    const level = message.headerLength === 0 ? null : fieldOf(message.header, REQUIRED_LEVEL_HEADER);
    if (level !== null && checkApiLevel(level, this.stream.of.server.level) !== null) {
      this.say(reply, REQUIRED_API_LEVEL);
      return true;
    }
    if (subject.length > this.prefixLength) {
      this.answerSubject(reply, textFromSubject(subject.slice(this.prefixLength)), message.body);
    } else this.answer(reply, message.body);
    return true;
  }

  /** False where a crash may still take what is to be shown: it is asked for again when none can. */
  private mayShow(seq: number, again: () => void): boolean {
    if (this.stream.log.isDurable(seq)) return true;
    this.stream.whenDurable(again);
    return false;
  }

  private answerSubject(reply: string, subject: string, body: Uint8Array): void {
    const request = isEmptyBody(body) ? messageGetRequest.zero() : decodeRequest(body, messageGetRequest, false);
    if ('number' in request) {
      this.say(reply, MALFORMED_REQUEST);
      return;
    }
    const { noHeaders, ...rest } = request;
    if (!messageGetRequest.isZero({ ...rest, noHeaders: false })) {
      this.say(reply, BAD_DIRECT_REQUEST);
      return;
    }
    this.single(reply, { ...request, lastFor: subject });
  }

  private answer(reply: string, body: Uint8Array): void {
    if (isEmptyBody(body)) {
      this.say(reply, EMPTY_REQUEST);
      return;
    }
    const request = decodeRequest(body, messageGetRequest, false);
    if ('number' in request || isBlank(body)) {
      this.say(reply, MALFORMED_REQUEST);
      return;
    }
    const refusal = refusalOf(request);
    if (refusal !== null) this.say(reply, refusal);
    else this.begin(reply, request);
  }

  /** With the places in time known that it names. */
  private begin(reply: string, request: MessageGetRequest): void {
    const { log } = this.stream;
    const isUnknown = [request.startTime, request.upToTime].some(
      (time) => time !== null && log.at(momentOf(time.nanos)) < 0,
    );
    if (isUnknown) log.whenLoaded(log.records.store.coldSequence, () => this.begin(reply, request));
    else if (request.multiLastFor.length > 0) this.several(reply, request);
    else if (request.batch !== 0) this.batch(reply, request);
    else this.single(reply, request);
  }

  private single(reply: string, request: MessageGetRequest): void {
    const { log } = this.stream;
    const record = findMessage(log, request);
    if (record === null && log.isCold(log.asked)) log.whenLoaded(log.asked, () => this.single(reply, request));
    else if (record === null) this.say(reply, MESSAGE_NOT_FOUND);
    else if (this.mayShow(record.seq, () => this.single(reply, request))) this.show(reply, record, request, []);
  }

  /** Messages one after the other, from a place on. */
  private batch(reply: string, request: MessageGetRequest): void {
    const { log } = this.stream;
    const filters = new FilterSet(request.nextFor === '' ? [] : [subjectFromText(request.nextFor)]);
    const start = request.startTime === null ? Number(request.sequence) : log.at(momentOf(request.startTime.nanos));
    const seq = log.next(filters, start);
    if (seq === Number.POSITIVE_INFINITY) {
      this.say(reply, MESSAGE_NOT_FOUND);
      return;
    }
    const bytes = this.bytesFor(request);
    const pending = log.countFrom(filters, seq);
    // What comes meanwhile does not belong to it.
    this.goOn({ reply, request, filters, seq, end: log.last, left: request.batch, bytes, pending, last: 0 });
  }

  /** As far as it is at hand; what has to be fetched is not all held at once. */
  private goOn(job: BatchJob): void {
    const { log } = this.stream;
    const again = (): void => this.goOn(job);
    while (job.left > 0 && job.seq <= job.end && job.bytes > 0) {
      const record = log.read(job.seq);
      if (record === null && log.isCold(job.seq)) {
        log.whenLoaded(job.seq, again);
        return;
      }
      if (record !== null && !this.mayShow(job.seq, again)) return;
      if (record !== null) this.showNext(job, record);
      job.seq = log.next(job.filters, job.seq + 1);
    }
    this.say(job.reply, END_OF_BATCH, batchFields(job.pending, job.last));
  }

  private showNext(job: BatchJob, record: StoredRecord): void {
    // Where no headers are shown, nothing is counted in them.
    if (!job.request.noHeaders) job.pending--;
    job.left--;
    job.bytes -= this.show(job.reply, record, job.request, batchFields(job.pending, job.last));
    job.last = job.seq;
  }

  private bytesFor({ maxBytes }: MessageGetRequest): number {
    return maxBytes === 0 ? this.stream.of.broker.options.maxPending : maxBytes;
  }

  /** The last message of each subject, as it was at a time. */
  private several(reply: string, request: MessageGetRequest): void {
    const { log } = this.stream;
    const upTo = this.boundOf(request);
    if (upTo === 0) {
      this.say(reply, NO_RESULTS);
      return;
    }
    const filters = new FilterSet(request.multiLastFor.map(subjectFromText));
    const found: number[] = [];
    let isTooMany = false;
    log.visitSubjects(filters, (subject, _count, node) => {
      if (found.length > SUBJECTS_MAX) isTooMany = true;
      const lastSeq = log.lastOf(node);
      const seq = lastSeq <= upTo ? lastSeq : log.previous(new FilterSet([subject]), upTo);
      if (seq > 0 && !isTooMany) found.push(seq);
    });
    if (isTooMany || found.length > SUBJECTS_MAX) {
      this.say(reply, TOO_MANY_RESULTS);
      return;
    }
    const wanted = found.filter((seq) => seq >= Number(request.sequence)).sort((left, right) => left - right);
    if (found.length === 0) {
      this.say(reply, NO_RESULTS);
      return;
    }
    const left = request.batch === 0 ? wanted.length : Math.min(request.batch, wanted.length);
    this.showAll({ reply, wanted, at: 0, left, bytes: this.bytesFor(request), upTo });
  }

  private showAll(job: LastOnesJob): void {
    const { log } = this.stream;
    const { reply, wanted, upTo } = job;
    const again = (): void => this.showAll(job);
    for (; job.at < job.left && job.bytes > 0; job.at++) {
      const seq = wanted[job.at]!;
      const record = log.read(seq);
      if (record === null && log.isCold(seq)) {
        log.whenLoaded(seq, again);
        return;
      }
      if (record === null) {
        this.say(reply, MESSAGE_NOT_FOUND);
        return;
      }
      if (!this.mayShow(seq, again)) return;
      const fields = batchFields(wanted.length - job.at - 1, wanted[job.at - 1] ?? 0);
      job.bytes -= this.show(reply, record, ALWAYS_WHOLE, fields);
    }
    const bound: HeaderFields = [['Nats-UpTo-Sequence', String(upTo)]];
    this.say(reply, END_OF_BATCH, [...batchFields(wanted.length - job.at, wanted[job.at - 1] ?? 0), ...bound]);
  }

  /** The last sequence that counts; 0 for none. */
  private boundOf({ upToSequence, upToTime }: MessageGetRequest): number {
    const { log } = this.stream;
    if (upToTime !== null) {
      const after = log.at(momentOf(upToTime.nanos));
      return after === Number.POSITIVE_INFINITY ? log.last : after - 1;
    }
    return upToSequence > 0n ? Number(upToSequence) : log.last;
  }

  /** Answers how many bytes that were. */
  private show(reply: string, record: StoredRecord, { noHeaders }: Shown, more: HeaderFields): number {
    const { stream } = this;
    const { bytes, headerStart, bodyStart, bodyEnd, seq: sequence } = record;
    const range = record.subjectBytes.subarray(record.subjectStart, record.subjectEnd);
    const subject = Buffer.from(range.buffer, range.byteOffset, range.length).toString('utf8');
    const time = nanosOf(record.seconds, record.nanos);
    const fields = [...placeFields({ stream: stream.name, subject, sequence, time }), ...more];
    const header = noHeaders ? NO_BYTES : withFields(bytes.subarray(headerStart, bodyStart), fields);
    const body = bytes.subarray(bodyStart, bodyEnd);
    stream.of.outbox.send(stream.account, reply, body, header.length === 0 ? undefined : header);
    return range.length + bodyEnd - headerStart;
  }

  private say(reply: string, status: Status, fields: HeaderFields = []): void {
    this.stream.of.outbox.send(this.stream.account, reply, '', statusBlock(status[0], status[1], fields));
  }
}

/** What contradicts itself, or asks for nothing. */
function refusalOf(request: MessageGetRequest): Status | null {
  const { sequence, lastFor, nextFor, startTime, batch, multiLastFor, upToSequence, upToTime } = request;
  const hasMulti = multiLastFor.length > 0;
  if (sequence === 0n && lastFor === '' && nextFor === '' && startTime === null && !hasMulti) return EMPTY_REQUEST;
  const isContrary =
    (sequence > 0n && (lastFor !== '' || startTime !== null)) ||
    (lastFor !== '' && (startTime !== null || nextFor !== '' || batch > 0 || hasMulti)) ||
    (nextFor !== '' && hasMulti) ||
    (upToSequence > 0n && upToTime !== null);
  return isContrary ? BAD_DIRECT_REQUEST : null;
}
