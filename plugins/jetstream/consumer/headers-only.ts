/** Deliveries without their payload. */
import { sizeField, withFields } from '../../../protocols/jetstream/message-header.ts';
import type { StoredRecord } from '../../../storage-drivers/contract.ts';

export function withoutBody(record: StoredRecord): StoredRecord {
  const header = withFields(
    record.bytes.subarray(record.headerStart, record.bodyStart),
    sizeField(record.bodyEnd - record.bodyStart),
  );
  const { seq, seconds, nanos, flags, subjectBytes, subjectStart, subjectEnd } = record;
  const end = header.length;
  return {
    seq,
    seconds,
    nanos,
    flags,
    subjectBytes,
    subjectStart,
    subjectEnd,
    bytes: header,
    headerStart: 0,
    bodyStart: end,
    bodyEnd: end,
  };
}
