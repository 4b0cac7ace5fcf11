/** Tells others in the account of every message that is stored, as soon as it is durable, and before whoever published it. */

import { Buffer } from 'node:buffer';
import {
  type Account,
  compileTransform,
  isValidLiteral,
  type SubjectTransform,
  subjectFromText,
  TransformProblem,
  textFromSubject,
} from '../../../kernel/plugin-api.ts';
import { type HeaderFields, withFields } from '../../../protocols/jetstream/message-header.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import { formatNanos } from '../../../protocols/jetstream/timestamp.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import type { Surroundings } from '../surroundings.ts';
import { type Moment, nanosOf } from './moment.ts';
import { subjectOf } from './subject-change.ts';

/** Hears of every message that is stored, as it is stored. It is borrowed. */
export interface StoredListener {
  /** `previous` is the sequence of the message before it on the same subject; 0 for none. */
  tell(message: MessageBytes, sequence: number, time: Moment, previous: number): void;
}

/** The stream whose messages are told of. */
export interface Republished {
  readonly of: Surroundings;
  readonly account: Account;
  readonly config: StreamConfig;
  whenDurable(then: () => void): void;
}

interface Told {
  readonly destination: string;
  readonly header: Uint8Array;
  readonly body: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

export class Republisher implements StoredListener {
  /** Somebody is being told: what comes of it must not be taken before that is over. */
  isTelling = false;
  private readonly stream: Republished;
  private readonly transform: SubjectTransform;
  private readonly isHeadersOnly: boolean;
  /** While the stream is still at work on them. */
  private waiting: Told[] = [];

  private constructor(stream: Republished, transform: SubjectTransform, isHeadersOnly: boolean) {
    this.stream = stream;
    this.transform = transform;
    this.isHeadersOnly = isHeadersOnly;
  }

  /** Null for streams that tell nobody. */
  static of(stream: Republished): Republisher | null {
    const { republish } = stream.config;
    if (republish === null) return null;
    const destination = republish.dest === '' ? '>' : republish.dest;
    const transform = compileSubjects(stream.of, republish.src, destination);
    return transform === null ? null : new Republisher(stream, transform, republish.headersOnly);
  }

  tell(message: MessageBytes, sequence: number, { seconds, nanos }: Moment, previous: number): void {
    const subject = subjectOf(message);
    const destination = this.transform.transform(subject);
    if (destination === null || !isValidLiteral(destination)) return;
    const { bytes, headerStart, bodyStart, bodyEnd } = message;
    const fields: [string, string][] = [
      ['Nats-Stream', this.stream.config.name],
      ['Nats-Subject', textFromSubject(subject)],
      ['Nats-Sequence', String(sequence)],
      ['Nats-Time-Stamp', formatNanos(nanosOf(seconds, nanos))],
      ['Nats-Last-Sequence', String(previous)],
    ];
    if (this.isHeadersOnly) fields.push(['Nats-Msg-Size', String(bodyEnd - bodyStart)]);
    const header = withFields(bytes.subarray(headerStart, bodyStart), fields satisfies HeaderFields);
    const body = this.isHeadersOnly ? NO_BYTES : Buffer.from(bytes.subarray(bodyStart, bodyEnd));
    this.waiting.push({ destination, header, body });
  }

  /** The stream is done with them. */
  flush(): void {
    if (this.waiting.length === 0) return;
    const told = this.waiting;
    this.waiting = [];
    this.stream.whenDurable(() => this.send(told));
  }

  private send(told: readonly Told[]): void {
    const { of, account } = this.stream;
    this.isTelling = true;
    for (const { destination, header, body } of told) of.outbox.send(account, destination, body, header);
    this.isTelling = false;
  }
}

/** The transform of two texts; null where they make none. */
export function compileSubjects(of: Surroundings, source: string, destination: string): SubjectTransform | null {
  const transform = compileTransform(subjectFromText(source), subjectFromText(destination), { random: of.random });
  return transform instanceof TransformProblem ? null : transform;
}
