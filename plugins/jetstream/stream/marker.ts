/** What stands in the place of a subject's last message when time has taken it. */
import { Buffer } from 'node:buffer';
import { formatDurationText } from '../../../protocols/jetstream/duration-text.ts';
import { fieldOf, markerFields, withFields } from '../../../protocols/jetstream/message-header.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import type { MessageBytes, StoredRecord } from '../../../storage-drivers/contract.ts';
import type { MarkerWriter } from './stream-machine.ts';

const NO_BYTES = Buffer.alloc(0);

export class Markers implements MarkerWriter {
  private readonly onMarked: (sequence: number) => void;

  constructor(onMarked: (sequence: number) => void) {
    this.onMarked = onMarked;
  }

  markerFor(record: StoredRecord, config: StreamConfig): MessageBytes | null {
    const header = record.bytes.subarray(record.headerStart, record.bodyStart);
    if (fieldOf(header, 'Nats-Marker-Reason') !== null || fieldOf(header, 'KV-Operation') === 'PURGE') return null;
    const subject = Buffer.from(record.subjectBytes.subarray(record.subjectStart, record.subjectEnd));
    return messageOf(subject, markerHeader(config));
  }

  marked(sequence: number): void {
    this.onMarked(sequence);
  }
}

function markerHeader(config: StreamConfig): Buffer {
  return withFields(NO_BYTES, markerFields('MaxAge', formatDurationText(config.subjectDeleteMarkerTtl)));
}

/** A message made here, without a payload. */
function messageOf(subject: Buffer, header: Buffer): MessageBytes {
  return {
    subjectBytes: subject,
    subjectStart: 0,
    subjectEnd: subject.length,
    bytes: header,
    headerStart: 0,
    bodyStart: header.length,
    bodyEnd: header.length,
  };
}
