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
    } else if (subject.length > this.prefixLength) {
      this.answerSubject(reply, textFromSubject(subject.slice(this.prefixLength)), message.body);
    } else this.answer(reply, message.body);
    return true;
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
    if ('number' in request) {
      this.say(reply, MALFORMED_REQUEST);
      return;
    }
    const refusal = refusalOf(request);
    if (refusal !== null) this.say(reply, refusal);
    else if (request.multiLastFor.length > 0) this.several(reply, request);
    else if (request.batch !== 0) this.batch(reply, request);
    else this.single(reply, request);
  }

  private single(reply: string, request: MessageGetRequest): void {
    const { log } = this.stream;
    const record = findMessage(log, request);
    if (record === null && log.isCold(log.asked)) log.whenLoaded(log.asked, () => this.single(reply, request));
    else if (record === null) this.say(reply, MESSAGE_NOT_FOUND);
    else this.show(reply, record, request, []);
  }

  /** Messages one after the other, from a place on. */
  private batch(reply: string, request: MessageGetRequest): void {
    const { log } = this.stream;
    const filters = new FilterSet(request.nextFor === '' ? [] : [subjectFromText(request.nextFor)]);
    const start = request.startTime === null ? Number(request.sequence) : log.at(momentOf(request.startTime.nanos));
    const first = log.next(filters, start);
    const cold = log.isAlwaysWarm ? 0 : this.coldAmong(this.nextOnes(filters, first, request.batch));
    if (cold !== 0) {
      log.whenLoaded(cold, () => this.batch(reply, request));
      return;
    }
    if (first === Number.POSITIVE_INFINITY) {
      this.say(reply, MESSAGE_NOT_FOUND);
      return;
    }
    let pending = log.countFrom(filters, first);
    let last = 0;
    let bytes = request.maxBytes === 0 ? this.stream.of.broker.options.maxPending : request.maxBytes;
    let seq = first;
    for (let sent = 0; sent < request.batch && seq !== Number.POSITIVE_INFINITY && bytes > 0; sent++) {
      const record = log.read(seq);
      if (record === null) break;
      // Where no headers are shown, nothing is counted in them.
      if (!request.noHeaders) pending--;
      bytes -= this.show(reply, record, request, batchFields(pending, last));
      last = seq;
      seq = log.next(filters, seq + 1);
    }
    this.say(reply, END_OF_BATCH, batchFields(pending, last));
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
    const cold = this.coldAmong(wanted);
    if (cold !== 0) log.whenLoaded(cold, () => this.several(reply, request));
    else this.showAll(reply, wanted, request, upTo);
  }

  private showAll(reply: string, wanted: readonly number[], request: MessageGetRequest, upTo: number): void {
    const { log, of } = this.stream;
    let bytes = request.maxBytes === 0 ? of.broker.options.maxPending : request.maxBytes;
    const most = request.batch === 0 ? wanted.length : Math.min(request.batch, wanted.length);
    let last = 0;
    let sent = 0;
    for (; sent < most && bytes > 0; sent++) {
      const record = log.read(wanted[sent]!);
      if (record === null) {
        this.say(reply, MESSAGE_NOT_FOUND);
        return;
      }
      bytes -= this.show(reply, record, ALWAYS_WHOLE, batchFields(wanted.length - sent - 1, last));
      last = wanted[sent]!;
    }
    const bound: HeaderFields = [['Nats-UpTo-Sequence', String(upTo)]];
    this.say(reply, END_OF_BATCH, [...batchFields(wanted.length - sent, last), ...bound]);
  }

  private nextOnes(filters: FilterSet, first: number, most: number): number[] {
    const { log } = this.stream;
    const found: number[] = [];
    for (let seq = first; seq !== Number.POSITIVE_INFINITY && found.length < most; seq = log.next(filters, seq + 1)) {
      found.push(seq);
    }
    return found;
  }

  /** The first that has to be fetched; 0 when all are at hand. */
  private coldAmong(sequences: readonly number[]): number {
    const { log } = this.stream;
    return log.isAlwaysWarm ? 0 : (sequences.find((seq) => log.isCold(seq)) ?? 0);
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
