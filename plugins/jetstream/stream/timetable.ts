/** The schedules of one stream: what is sent when, and what comes of it. */
import type { Buffer } from 'node:buffer';
import { subjectFromText, textFromSubject } from '../../../kernel/plugin-api.ts';
import {
  type PublishHeaders,
  SCHEDULE,
  SCHEDULE_NEXT,
  SCHEDULER,
} from '../../../protocols/jetstream/publish-headers.ts';
import { dueText, firstDue, nextDue } from '../../../protocols/jetstream/schedule.ts';
import type { MessageBytes, StoredRecord } from '../../../storage-drivers/contract.ts';
import type { MessageLog } from './message-log.ts';
import { millisecondsOf } from './moment.ts';
import type { PurgeCommand } from './purge.ts';
import { generatedFields, generatedFrom, PURGE, routeOf, scheduleOf } from './schedule-rules.ts';
import { type Scheduled, Schedules } from './schedules.ts';
import { subjectOf, withContent, withSubject } from './subject-change.ts';

/** The stream that the messages go into. */
export interface ScheduledInto {
  readonly log: MessageLog;
  purge(command: PurgeCommand): number;
  storeMade(seconds: number, nanos: number, message: MessageBytes): number;
}

export class Timetable {
  private readonly schedules = new Schedules();
  private readonly stream: ScheduledInto;

  constructor(stream: ScheduledInto) {
    this.stream = stream;
  }

  get nextDue(): number {
    return this.schedules.nextDue;
  }

  /** A schedule begins; any other message on its subject ends it, and one may say that another is to end. */
  note(message: MessageBytes, headers: PublishHeaders, sequence: number, now: number): void {
    const subject = subjectOf(message);
    if (headers.has(SCHEDULE)) this.add(subject, sequence, now);
    else if (!headers.has(SCHEDULER)) this.schedules.cancel(subject);
    if (!headers.has(SCHEDULE_NEXT)) return;
    this.end(subjectFromText(headers.text(message.bytes as Buffer, SCHEDULER)));
  }

  private add(subject: string, sequence: number, now: number): void {
    const record = this.stream.log.read(sequence);
    const schedule = record === null ? null : scheduleOf(record);
    const due = schedule === null ? null : firstDue(schedule, now);
    if (schedule !== null && due !== null) this.schedules.add({ subject, sequence, schedule, due });
  }

  private end(subject: string): void {
    this.stream.purge({ before: 0, filter: subject, keep: 0 });
    this.schedules.cancel(subject);
  }

  /** A message that was there before a restart. */
  recall(record: StoredRecord): void {
    const subject = subjectOf(record);
    const schedule = scheduleOf(record);
    const due = schedule === null ? null : firstDue(schedule, millisecondsOf(record.seconds, record.nanos));
    if (schedule !== null && due !== null) this.schedules.add({ subject, sequence: record.seq, schedule, due });
    else this.schedules.cancel(subject);
  }

  /**
   * The command of schedules whose time has come. Calls `stored` for what comes of them. Answers which message has to be fetched
   * before it can go on; 0 for none.
   */
  fire(seconds: number, nanos: number, stored: (sequence: number) => void): number {
    const { log } = this.stream;
    for (const scheduled of this.schedules.dueAt(millisecondsOf(seconds, nanos))) {
      const record = log.read(scheduled.sequence);
      if (record === null && log.isCold(scheduled.sequence)) return scheduled.sequence;
      if (record === null) this.schedules.cancel(scheduled.subject);
      else {
        const source = this.sourceOf(record);
        if (source !== 0 && log.isCold(source)) return source;
        this.fireOne(seconds, nanos, scheduled, log.read(scheduled.sequence)!, stored);
      }
    }
    return 0;
  }

  /** The message that a schedule's are made of; 0 where that is its own. */
  private sourceOf(record: StoredRecord): number {
    const { source } = routeOf(record);
    return source === '' ? 0 : this.stream.log.records.subjectState(source).last;
  }

  private fireOne(
    seconds: number,
    nanos: number,
    scheduled: Scheduled,
    record: StoredRecord,
    stored: (sequence: number) => void,
  ): void {
    const { subject, schedule } = scheduled;
    const next = nextDue(schedule, millisecondsOf(seconds, nanos));
    const message = this.made(record, subject, next === null ? PURGE : dueText(schedule, next));
    if (next !== null) scheduled.due = next;
    const sequence = this.stream.storeMade(seconds, nanos, message);
    if (sequence !== 0) stored(sequence);
    if (next === null) this.end(subject);
  }

  /** What a schedule sends: its own content, or that of the last message of another subject. */
  private made(record: StoredRecord, subject: string, next: string): MessageBytes {
    const { log } = this.stream;
    const { target } = routeOf(record);
    const source = this.sourceOf(record);
    const fields = generatedFields(record, textFromSubject(subject), next);
    const own = generatedFrom(record, fields);
    const from = source === 0 ? null : log.read(source);
    const { header, body } = from === null ? own : generatedFrom(from, fields);
    return withSubject(withContent(NO_MESSAGE, header, body), target);
  }
}

const NO_BYTES = new Uint8Array(0);
const NO_MESSAGE: MessageBytes = {
  subjectBytes: NO_BYTES,
  subjectStart: 0,
  subjectEnd: 0,
  bytes: NO_BYTES,
  headerStart: 0,
  bodyStart: 0,
  bodyEnd: 0,
};
