/** Gathers the records of one block. */
import type { Buffer } from 'node:buffer';
import { encodeMessage, encodeSpent } from '../../../protocols/nats-files/message-block.ts';
import type { StoredRecord } from '../../../storage-drivers/contract.ts';
import { nanosOf } from '../stream/moment.ts';
import { hashOf } from './stored-definition.ts';

/**
 * So many sequences without a message have a record that says so; what is beyond is left out. Servers before 2.10 find nothing behind a
 * sequence that is left out, and 2.10 does not count those at the end.
 */
const SPENT_MAX = 10_000;

export class BlockGatherer {
  readonly records: Buffer[] = [];
  bytes = 0;
  private readonly hash: ReturnType<typeof hashOf>;
  private last = 0;
  private spent = 0;

  constructor(stream: string, number: number) {
    this.hash = hashOf(`${stream}-${number}`);
  }

  /** Answers how long the record is. */
  add(record: StoredRecord): number {
    const { seq, subjectBytes, subjectStart, subjectEnd, bytes, headerStart, bodyStart, bodyEnd } = record;
    const time = nanosOf(record.seconds, record.nanos);
    if (this.last > 0) this.spend(this.last + 1, seq - 1, time);
    const encoded = encodeMessage(this.hash, {
      sequence: seq,
      time,
      subject: subjectBytes.subarray(subjectStart, subjectEnd),
      header: bytes.subarray(headerStart, bodyStart),
      body: bytes.subarray(bodyStart, bodyEnd),
    });
    this.last = seq;
    this.put(encoded);
    return encoded.length;
  }

  /** Up to there sequences were given out; `after` is the newest message of all blocks. */
  end(after: number, last: number, time: bigint): void {
    if (after > 0) this.spend(after + 1, last - 1, time);
    if (after < last) this.put(encodeSpent(this.hash, last, time));
  }

  private spend(from: number, to: number, time: bigint): void {
    for (let seq = from; seq <= to && this.spent < SPENT_MAX; seq++, this.spent++) {
      this.put(encodeSpent(this.hash, seq, time));
    }
  }

  private put(record: Buffer): void {
    this.records.push(record);
    this.bytes += record.length;
  }
}
