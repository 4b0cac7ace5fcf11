import type { StoredRecord } from '../contract.ts';

const NOTHING = new Uint8Array(0);

/** What was read last. There is one for each reader, filled again and again. */
export class RecordView implements StoredRecord {
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
}
