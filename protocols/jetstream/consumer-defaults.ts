/** What a consumer is where it was not told. */
import { type ApiError, pedanticError } from './api-error.ts';
import { isPush } from './consumer-config.ts';
import type { ConsumerDraft, ConsumerSurroundings } from './consumer-rules.ts';

const SECOND = 1_000_000_000n;
const ACK_WAIT = 30n * SECOND;
const EPHEMERAL_THRESHOLD = 5n * SECOND;
const PIN_TIMEOUT = 120n * SECOND;
const MAX_WAITING = 512;
const MAX_ACK_PENDING = 1000;
const FLOW_HEARTBEAT = SECOND;

export function fillConsumer(draft: ConsumerDraft, surroundings: ConsumerSurroundings): ApiError | null {
  const problem = surroundings.isPedantic ? silentChange(draft, surroundings) : null;
  if (problem !== null) return problem;
  raiseNegatives(draft);
  if (draft.maxDeliver === 0) draft.maxDeliver = -1;
  fillFlowPolicy(draft, surroundings);
  fillWaits(draft);
  fillFromStream(draft, surroundings);
  if (!isPush(draft) && draft.maxWaiting === 0) draft.maxWaiting = MAX_WAITING;
  if (draft.priorityPolicy === 'pinned_client' && draft.priorityTimeout === 0n) draft.priorityTimeout = PIN_TIMEOUT;
  const batchCap = surroundings.caps.maxRequestBatch;
  if (!isPush(draft) && batchCap > 0 && draft.maxBatch === 0) draft.maxBatch = batchCap;
  return null;
}

/** Values that would be changed without a word, in the order they are looked at. */
function silentChange(draft: ConsumerDraft, { stream, caps }: ConsumerSurroundings): ApiError | null {
  if (draft.maxDeliver < -1) return pedanticError('max_deliver must be set to -1');
  if (draft.maxWaiting < 0) return pedanticError('max_waiting must not be negative');
  if (draft.maxAckPending < -1) return pedanticError('max_ack_pending must be set to -1');
  const negative = negativeField(draft);
  if (negative !== '') return pedanticError(`${negative} must not be negative`);
  if (draft.backoff.length > 0 && draft.ackWait !== draft.backoff[0]) {
    return pedanticError('first backoff value has to equal batch AckWait');
  }
  const limits = stream.consumerLimits;
  if (draft.maxAckPending === 0 && limits.maxAckPending > 0) {
    return pedanticError("max_ack_pending must be set if it's configured in stream limits");
  }
  if (draft.inactiveThreshold === 0n && limits.inactiveThreshold > 0n) {
    return pedanticError("inactive_threshold must be set if it's configured in stream limits");
  }
  if (!isPush(draft) && caps.maxRequestBatch > 0 && draft.maxBatch === 0) {
    return pedanticError("max_request_batch must be set if it's JetStream limits are set");
  }
  return null;
}

function negativeField(draft: ConsumerDraft): string {
  if (draft.maxBatch < 0) return 'max_batch';
  if (draft.maxExpires < 0n) return 'max_expires';
  if (draft.maxBytes < 0) return 'max_bytes';
  if (draft.heartbeat < 0n) return 'idle_heartbeat';
  if (draft.inactiveThreshold < 0n) return 'inactive_threshold';
  return draft.priorityTimeout < 0n ? 'priority_timeout' : '';
}

function raiseNegatives(draft: ConsumerDraft): void {
  draft.maxDeliver = Math.max(draft.maxDeliver, -1);
  draft.maxAckPending = Math.max(draft.maxAckPending, -1);
  draft.maxWaiting = Math.max(draft.maxWaiting, 0);
  draft.maxBatch = Math.max(draft.maxBatch, 0);
  draft.maxBytes = Math.max(draft.maxBytes, 0);
  if (draft.maxExpires < 0n) draft.maxExpires = 0n;
  if (draft.heartbeat < 0n) draft.heartbeat = 0n;
  if (draft.inactiveThreshold < 0n) draft.inactiveThreshold = 0n;
  if (draft.priorityTimeout < 0n) draft.priorityTimeout = 0n;
}

function fillFlowPolicy(draft: ConsumerDraft, { isPedantic }: ConsumerSurroundings): void {
  if (draft.ackPolicy !== 'flow_control' || isPedantic) return;
  draft.flowControl = true;
  draft.heartbeat = FLOW_HEARTBEAT;
}

function fillWaits(draft: ConsumerDraft): void {
  const isAwaited = draft.ackPolicy === 'explicit' || draft.ackPolicy === 'all';
  if (isAwaited && draft.ackWait === 0n) draft.ackWait = ACK_WAIT;
  if (draft.backoff.length > 0) draft.ackWait = draft.backoff[0]!;
}

function fillFromStream(draft: ConsumerDraft, { stream, caps, limits }: ConsumerSurroundings): void {
  const { maxAckPending, inactiveThreshold } = stream.consumerLimits;
  if (draft.maxAckPending === 0 && maxAckPending > 0) draft.maxAckPending = maxAckPending;
  if (draft.maxAckPending === 0 && draft.ackPolicy !== 'none') {
    const least = [caps.maxAckPending, limits.maxAckPending].filter((cap) => cap > 0);
    draft.maxAckPending = Math.min(MAX_ACK_PENDING, ...least);
  }
  if (draft.inactiveThreshold !== 0n) return;
  if (inactiveThreshold > 0n) draft.inactiveThreshold = inactiveThreshold;
  else if (draft.durableName === '') draft.inactiveThreshold = EPHEMERAL_THRESHOLD;
}
