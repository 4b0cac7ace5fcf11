/** Writes the archive of nats-server 2.15. */
import { Buffer } from 'node:buffer';
import {
  ARCHIVE_MAGIC,
  CONSUMER_ENTRIES,
  encodeEnd,
  encodeEntry,
  STATE_ENTRY,
} from '../../../protocols/jetstream/archive.ts';
import { streamState } from '../../../protocols/jetstream/stream-info.ts';
import type { StoredRecord } from '../../../storage-drivers/contract.ts';
import { stateOf } from '../api/stream-facts.ts';
import { momentNow, nanosOf } from '../stream/moment.ts';
import type { BackedUp, BackupWriter } from './backup-writer.ts';
import { printConsumerEntry } from './consumer-entry.ts';

const NO_BYTES = Buffer.alloc(0);

export class ArchiveWriter implements BackupWriter {
  private readonly of: BackedUp;
  private parts: Buffer[] = [];

  constructor(of: BackedUp) {
    this.of = of;
  }

  /** What the stream is, and its consumers. */
  opening(): Buffer {
    const { stream, consumers } = this.of;
    const time = momentNow(stream.of.clock);
    const state = { ...stateOf(stream), consumerCount: consumers.length };
    const named = (name: string, payload: Uint8Array): Buffer =>
      encodeEntry({ name, time, sequence: 0, header: NO_BYTES, payload });
    return Buffer.concat([
      ARCHIVE_MAGIC,
      named(STATE_ENTRY, Buffer.from(streamState.print(state))),
      ...consumers.map((consumer) => named(CONSUMER_ENTRIES + consumer.name, printConsumerEntry(consumer))),
    ]);
  }

  add(record: StoredRecord): number {
    const part = entryOf(record);
    this.parts.push(part);
    return part.length;
  }

  taken(): Buffer {
    const bytes = Buffer.concat(this.parts);
    this.parts = [];
    return bytes;
  }

  closing(): Buffer {
    return encodeEnd();
  }
}

function entryOf(record: StoredRecord): Buffer {
  const { seq, seconds, nanos, subjectBytes, subjectStart, subjectEnd, bytes, headerStart, bodyStart, bodyEnd } =
    record;
  return encodeEntry({
    name: Buffer.from(subjectBytes.subarray(subjectStart, subjectEnd)).toString('latin1'),
    time: nanosOf(seconds, nanos),
    sequence: seq,
    header: bytes.subarray(headerStart, bodyStart),
    payload: bytes.subarray(bodyStart, bodyEnd),
  });
}
