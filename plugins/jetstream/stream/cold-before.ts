/** What a message adds to, or ends, where that has to be fetched first. */
import type { Message } from '../../../kernel/plugin-api.ts';
import { subjectFromText } from '../../../kernel/plugin-api.ts';
import {
  BATCH_ID,
  INCREMENT,
  PublishHeaders,
  SCHEDULER,
  scanPublishHeaders,
} from '../../../protocols/jetstream/publish-headers.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import type { MessageLog } from './message-log.ts';
import type { PublishedBatches } from './published-batches.ts';

/** The stream that the messages are for. */
export interface AddedTo {
  readonly config: StreamConfig;
  readonly log: MessageLog;
  /** The message under the subject it will be stored under. */
  transformed(message: MessageBytes): MessageBytes;
  readonly batches: Pick<PublishedBatches, 'staged'>;
}

const headers = new PublishHeaders();

/** A sequence; 0 for nothing. */
export function coldForPublished(stream: AddedTo, message: Message): number {
  const { config, log } = stream;
  if (message.headerLength === 0) return 0;
  scanPublishHeaders(message.bytes, message.headerStart, message.headerLength, headers);
  if (config.allowMsgCounter && headers.has(INCREMENT)) {
    const cold = coldBefore(log, stream.transformed(message));
    if (cold !== 0) return cold;
    for (const staged of stream.batches.staged(headers.text(message.bytes, BATCH_ID))) {
      const before = coldBefore(log, staged.message);
      if (before !== 0) return before;
    }
  }
  if (!config.allowMsgSchedules || !headers.has(SCHEDULER)) return 0;
  const { last } = log.records.subjectState(subjectFromText(headers.text(message.bytes, SCHEDULER)));
  return last !== 0 && log.isCold(last) ? last : 0;
}

/** The last message of a subject, where it has to be fetched. */
export function coldBefore(log: MessageLog, message: MessageBytes): number {
  const last = log.lastOf(log.nodeOf(message));
  return last !== 0 && log.isCold(last) ? last : 0;
}
