import type { StoredRecord } from 'gnatlet/contracts';
import type { Row } from './sqlite-module.ts';

const NOTHING = new Uint8Array(0);

/** What was read last, where the row has it. */
export class RowView implements StoredRecord {
  seq = 0;
  seconds = 0;
  nanos = 0;
  flags = 0;
  subjectBytes: Uint8Array = NOTHING;
  subjectStart = 0;
  subjectEnd = 0;
  bytes: Uint8Array = NOTHING;
  headerStart = 0;
  bodyStart = 0;
  bodyEnd = 0;

  show(row: Row): this {
    this.seq = Number(row.seq);
    this.seconds = Number(row.seconds);
    this.nanos = Number(row.nanos);
    this.flags = Number(row.flags);
    this.bytes = row.content as Uint8Array;
    this.subjectBytes = this.bytes;
    this.subjectEnd = Number(row.subject);
    this.headerStart = this.subjectEnd;
    this.bodyStart = this.headerStart + Number(row.header);
    this.bodyEnd = this.bytes.length;
    return this;
  }
}
