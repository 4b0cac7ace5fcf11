/** Deliveries that differ from what is stored. */
import { Buffer } from 'node:buffer';
import { type HeaderFields, sizeField, withFields } from '../../../protocols/jetstream/message-header.ts';
import type { StoredRecord } from '../../../storage-drivers/contract.ts';

/** Without the payload, but with its size. */
export function withoutBody(record: StoredRecord): StoredRecord {
  return shown(record, sizeField(record.bodyEnd - record.bodyStart), false);
}

/** For the one client that is served: it shows the id when it asks again. */
export function withPin(record: StoredRecord, id: string): StoredRecord {
  return shown(record, [['Nats-Pin-Id', id]], true);
}

function shown(record: StoredRecord, fields: HeaderFields, hasBody: boolean): StoredRecord {
  const header = withFields(record.bytes.subarray(record.headerStart, record.bodyStart), fields);
  const { seq, seconds, nanos, flags, subjectBytes, subjectStart, subjectEnd } = record;
  const bodyStart = header.length;
  const body = hasBody ? record.bytes.subarray(record.bodyStart, record.bodyEnd) : record.bytes.subarray(0, 0);
  const bytes = Buffer.concat([header, body]);
  const place = { bytes, headerStart: 0, bodyStart, bodyEnd: bytes.length };
  return { seq, seconds, nanos, flags, subjectBytes, subjectStart, subjectEnd, ...place };
}
