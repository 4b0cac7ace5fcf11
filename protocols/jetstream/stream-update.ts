/** What of a stream may change while it is there. */
import { type ApiError, apiError, invalidConfig } from './api-error.ts';
import type { StreamConfig } from './stream-config.ts';
import { streamSource } from './stream-config.ts';
import { checkStream, type StreamSurroundings } from './stream-rules.ts';

/** What of a consumer its stream's limits are about. */
export interface LimitedConsumer {
  readonly name: string;
  readonly inactiveThreshold: bigint;
  readonly maxAckPending: number;
}

/** The configuration a stream will have, or why it can not. `wanted` has passed `checkStream` already; it has to once more, filled in. */
export function checkStreamUpdate(
  before: StreamConfig,
  wanted: StreamConfig,
  consumers: readonly LimitedConsumer[],
  surroundings: StreamSurroundings,
): StreamConfig | ApiError {
  const after = checkStream(wanted, surroundings);
  if ('number' in after) return after;
  const problem = changeRule(before, after) ?? limitsRule(before, after, consumers);
  if (problem !== null) return problem;
  return after.sealed ? sealedConfig(after) : after;
}

const RULES: readonly (readonly [text: string, isBroken: (before: StreamConfig, after: StreamConfig) => boolean])[] = [
  ['stream configuration name must match original', (before, after) => before.name !== after.name],
  ['stream configuration update can not change storage type', (before, after) => before.storage !== after.storage],
  [
    'stream configuration update can not change retention policy to/from workqueue',
    ({ retention: before }, { retention: after }) =>
      before !== after && (before === 'workqueue' || after === 'workqueue'),
  ],
  ['stream configuration update can not unseal a sealed stream', (before, after) => before.sealed && !after.sealed],
  [
    'stream configuration update can not cancel deny message deletes',
    (before, after) => before.denyDelete && !after.denyDelete,
  ],
  ['stream configuration update can not cancel deny purge', (before, after) => before.denyPurge && !after.denyPurge],
];

/** Looked at after the mirror. */
const LATE_RULES: typeof RULES = [
  ['message TTL status can not be disabled', (before, after) => before.allowMsgTtl && !after.allowMsgTtl],
  [
    'stream configuration update can not change message counter setting',
    (before, after) => before.allowMsgCounter !== after.allowMsgCounter,
  ],
  ['message schedules can not be disabled', (before, after) => before.allowMsgSchedules && !after.allowMsgSchedules],
  [
    'stream configuration update can not change persist mode',
    (before, after) => before.persistMode !== after.persistMode,
  ],
];

function changeRule(before: StreamConfig, after: StreamConfig): ApiError | null {
  const early = brokenRule(RULES, before, after);
  if (early !== null) return early;
  return isMirrorChanged(before, after) ? apiError(10055) : brokenRule(LATE_RULES, before, after);
}

function brokenRule(rules: typeof RULES, before: StreamConfig, after: StreamConfig): ApiError | null {
  const broken = rules.find(([, isBroken]) => isBroken(before, after));
  return broken === undefined ? null : invalidConfig(broken[0]);
}

/** A stream may be made with a republish that has nowhere to go, but not be changed to one. Asked last of all. */
export function checkRepublishUpdate(
  { republish }: StreamConfig,
  { transformProblem }: StreamSurroundings,
): ApiError | null {
  if (republish === null || republish.dest !== '') return null;
  const problem = transformProblem(republish.src, '>');
  if (problem === null) return null;
  return apiError(10069, { err: `stream configuration for republish from '${republish.src}' to '>': ${problem}` });
}

/** A mirror may only be taken away. */
function isMirrorChanged(before: StreamConfig, after: StreamConfig): boolean {
  if (after.mirror === null) return false;
  return before.mirror === null || streamSource.print(before.mirror) !== streamSource.print(after.mirror);
}

/** Consumers keep what they were given. */
function limitsRule(
  before: StreamConfig,
  { consumerLimits: after }: StreamConfig,
  consumers: readonly LimitedConsumer[],
): ApiError | null {
  const isThresholdNew = after.inactiveThreshold !== before.consumerLimits.inactiveThreshold;
  const isPendingNew = after.maxAckPending !== before.consumerLimits.maxAckPending;
  const isBroken = ({ inactiveThreshold, maxAckPending }: LimitedConsumer): boolean =>
    (isThresholdNew && after.inactiveThreshold > 0n && inactiveThreshold > after.inactiveThreshold) ||
    (isPendingNew && after.maxAckPending > 0 && maxAckPending > after.maxAckPending);
  const broken = consumers.filter(isBroken).map(({ name }) => name);
  if (broken.length === 0) return null;
  return apiError(10069, { err: `change to limits violates consumers: ${broken.join(', ')}` });
}

/** Nothing comes in any more, and nothing goes. */
export function sealedConfig(config: StreamConfig): StreamConfig {
  return { ...config, maxAge: 0n, discard: 'new', denyDelete: true, denyPurge: true, allowRollup: false };
}
