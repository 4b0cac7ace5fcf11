/** Whether there is room for a message, where nothing is thrown away for what comes new, except the oldest of a subject that is full. */
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import type { StreamLimits } from './limits.ts';
import type { MessageLog } from './message-log.ts';

export interface HasRoom {
  readonly config: StreamConfig;
  readonly limits: StreamLimits;
  readonly log: MessageLog;
}

/** Null where there is. */
export function roomProblem(
  { log, limits, config }: HasRoom,
  message: MessageBytes,
  isRollup: boolean,
): ApiError | null {
  const node = Number.isFinite(limits.maxMsgsPerSubject) ? log.nodeOf(message) : 0;
  const isFull = node !== 0 && log.countOf(node) >= limits.maxMsgsPerSubject;
  if (isFull && config.discardNewPerSubject && !isRollup) return full('maximum messages per subject exceeded');
  if (log.count >= limits.maxMsgs && !isFull) return full('maximum messages exceeded');
  const size = log.accounted(message);
  if (log.bytes + size <= limits.maxBytes) return null;
  const isReplaced = isFull && log.sizeAt(log.firstOf(node)) >= size;
  return isReplaced ? null : full('maximum bytes exceeded');
}

function full(text: string): ApiError {
  return apiError(10077, { err: text });
}
