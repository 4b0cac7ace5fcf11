/** What makes a backup of what a stream holds, in one of two layouts. */
import type { Buffer } from 'node:buffer';
import type { StoredRecord } from '../../../storage-drivers/contract.ts';
import type { Consumer } from '../consumer/consumer.ts';
import type { Stream } from '../stream/stream.ts';

export type BackupFormat = 'v1' | 'v2';

/** A stream as it is when its backup begins. */
export interface BackedUp {
  readonly stream: Stream;
  readonly consumers: readonly Consumer[];
}

/** What it gives may be nothing at first, where more has to be known before it can be written. */
export interface BackupWriter {
  opening(): Buffer;
  /** Answers for how much that counts. */
  add(record: StoredRecord): number;
  /** What can be sent of it by now. */
  taken(): Buffer;
  /** All messages were added. */
  closing(): Buffer;
}
