/** Tells others in the account of every message that is stored. */

import type { Account } from '../../../kernel/plugin-api.ts';
import {
  compileTransform,
  isValidLiteral,
  type SubjectTransform,
  subjectFromText,
  TransformProblem,
} from '../../../kernel/plugin-api.ts';
import { type HeaderFields, withFields } from '../../../protocols/jetstream/message-header.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import { formatNanos } from '../../../protocols/jetstream/timestamp.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import type { Surroundings } from '../surroundings.ts';
import { type Moment, nanosOf } from './moment.ts';
import { subjectOf } from './subject-change.ts';

export class Republisher {
  private readonly of: Surroundings;
  private readonly account: Account;
  private readonly stream: string;
  private readonly transform: SubjectTransform;
  private readonly isHeadersOnly: boolean;

  private constructor(of: Surroundings, account: Account, stream: string, transform: SubjectTransform, only: boolean) {
    this.of = of;
    this.account = account;
    this.stream = stream;
    this.transform = transform;
    this.isHeadersOnly = only;
  }

  /** Null for streams that tell nobody. */
  static of(of: Surroundings, account: Account, { name, republish }: StreamConfig): Republisher | null {
    if (republish === null) return null;
    const destination = republish.dest === '' ? '>' : republish.dest;
    const transform = compileSubjects(of, republish.src, destination);
    return transform === null ? null : new Republisher(of, account, name, transform, republish.headersOnly);
  }

  /** `previous` is the sequence of the message before it on the same subject; 0 for none. */
  tell(message: MessageBytes, sequence: number, { seconds, nanos }: Moment, previous: number): void {
    const subject = subjectOf(message);
    const destination = this.transform.transform(subject);
    if (destination === null || !isValidLiteral(destination)) return;
    const { bytes, headerStart, bodyStart, bodyEnd } = message;
    const fields: [string, string][] = [
      ['Nats-Stream', this.stream],
      ['Nats-Subject', subject],
      ['Nats-Sequence', String(sequence)],
      ['Nats-Time-Stamp', formatNanos(nanosOf(seconds, nanos))],
      ['Nats-Last-Sequence', String(previous)],
    ];
    if (this.isHeadersOnly) fields.push(['Nats-Msg-Size', String(bodyEnd - bodyStart)]);
    const header = withFields(bytes.subarray(headerStart, bodyStart), fields satisfies HeaderFields);
    const body = this.isHeadersOnly ? '' : bytes.subarray(bodyStart, bodyEnd);
    this.of.outbox.send(this.account, destination, body, header);
  }
}

/** The transform of two texts; null where they make none. */
export function compileSubjects(of: Surroundings, source: string, destination: string): SubjectTransform | null {
  const transform = compileTransform(subjectFromText(source), subjectFromText(destination), { random: of.random });
  return transform instanceof TransformProblem ? null : transform;
}
