/** What of a consumer may change while it is there. */
import { type ApiError, apiError } from './api-error.ts';
import type { ConsumerConfig } from './consumer-config.ts';
import { formatTime } from './timestamp.ts';

type Change = (before: ConsumerConfig, after: ConsumerConfig) => boolean;

const FIXED: readonly (readonly [what: string, isChanged: Change])[] = [
  ['deliver policy', (before, after) => before.deliverPolicy !== after.deliverPolicy],
  ['storage type', (before, after) => before.memoryStorage !== after.memoryStorage],
  ['direct', (before, after) => before.direct !== after.direct],
  ['sourcing', (before, after) => before.sourcing !== after.sourcing],
  ['start sequence', (before, after) => before.optStartSeq !== after.optStartSeq],
  ['start time', (before, after) => startText(before) !== startText(after)],
  ['ack policy', (before, after) => before.ackPolicy !== after.ackPolicy],
  ['replay policy', (before, after) => before.replayPolicy !== after.replayPolicy],
  ['heart beats', (before, after) => before.heartbeat !== after.heartbeat],
  ['flow control', (before, after) => before.flowControl !== after.flowControl],
];

/** Why the change is refused; null where it is not. `isBound`: somebody listens on the deliver subject. */
export function checkConsumerUpdate(before: ConsumerConfig, after: ConsumerConfig, isBound: boolean): ApiError | null {
  const fixed = FIXED.find(([, isChanged]) => isChanged(before, after));
  if (fixed !== undefined) return refused(`${fixed[0]} can not be updated`);
  if (before.deliverSubject !== after.deliverSubject) {
    if (before.deliverSubject === '') return refused('can not update pull consumer to push based');
    if (after.deliverSubject === '') return refused('can not update push consumer to pull based');
    if (isBound) return apiError(10013);
  }
  if (before.maxWaiting !== after.maxWaiting) return refused('max waiting can not be updated');
  const { backoff, maxDeliver } = after;
  return backoff.length > 0 && maxDeliver !== -1 && backoff.length > maxDeliver ? apiError(10116) : null;
}

function startText({ optStartTime }: ConsumerConfig): string {
  return optStartTime === null ? '' : formatTime(optStartTime);
}

function refused(text: string): ApiError {
  return apiError(10012, { err: text });
}
