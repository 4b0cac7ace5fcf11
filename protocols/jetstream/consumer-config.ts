/** What a consumer is told to be: every field as it stands in requests and answers, in its order on the wire. */
import type { ValueOf } from './json/codec.ts';
import { always, given, list, optional, struct, textMap } from './json/composites.ts';
import { duration, flag, int, text, uint64, word } from './json/scalars.ts';
import { withoutStamps } from './stream-config.ts';
import { isZeroTime, time } from './timestamp.ts';

const DELIVER_POLICIES = ['all', 'last', 'new', 'by_start_sequence', 'by_start_time', 'last_per_subject'] as const;

export const consumerConfig = struct('server.ConsumerConfig', {
  durableName: given('durable_name', text),
  name: given('name', text),
  description: given('description', text),
  deliverPolicy: always('deliver_policy', word(DELIVER_POLICIES)),
  optStartSeq: given('opt_start_seq', uint64),
  optStartTime: given('opt_start_time', optional(time)),
  ackPolicy: always('ack_policy', word(['none', 'all', 'explicit', 'flow_control'])),
  ackWait: given('ack_wait', duration),
  maxDeliver: given('max_deliver', int),
  backoff: given('backoff', list(duration)),
  filterSubject: given('filter_subject', text),
  filterSubjects: given('filter_subjects', list(text)),
  replayPolicy: always('replay_policy', word(['instant', 'original'])),
  rateLimit: given('rate_limit_bps', uint64),
  sampleFrequency: given('sample_freq', text),
  maxWaiting: given('max_waiting', int),
  maxAckPending: given('max_ack_pending', int),
  flowControl: given('flow_control', flag),
  headersOnly: given('headers_only', flag),
  maxBatch: given('max_batch', int),
  maxExpires: given('max_expires', duration),
  maxBytes: given('max_bytes', int),
  deliverSubject: given('deliver_subject', text),
  deliverGroup: given('deliver_group', text),
  heartbeat: given('idle_heartbeat', duration),
  inactiveThreshold: given('inactive_threshold', duration),
  replicas: always('num_replicas', int),
  memoryStorage: given('mem_storage', flag),
  direct: given('direct', flag),
  sourcing: given('sourcing', flag),
  metadata: given('metadata', textMap),
  pauseUntil: given('pause_until', optional(time)),
  priorityGroups: given('priority_groups', list(text)),
  priorityPolicy: given(
    'priority_policy',
    word(['none', 'overflow', 'pinned_client', 'prioritized'], {
      aliases: { '': 'none' },
      unknown: (written) => `unknown priority policy: ${written}`,
    }),
  ),
  priorityTimeout: given('priority_timeout', duration),
});
export type ConsumerConfig = ValueOf<typeof consumerConfig>;

export const createConsumerRequest = struct('server.CreateConsumerRequest', {
  stream: always('stream_name', text),
  config: always('config', consumerConfig),
  action: always(
    'action',
    word(['', 'create', 'update'], { unknown: (written) => `unknown consumer action: ${written}` }),
  ),
  pedantic: given('pedantic', flag),
});
export type CreateConsumerRequest = ValueOf<typeof createConsumerRequest>;

export function isSameConsumerConfig(one: ConsumerConfig, other: ConsumerConfig): boolean {
  return printWithoutStamps(one) === printWithoutStamps(other);
}

function printWithoutStamps(config: ConsumerConfig): string {
  return consumerConfig.print({ ...config, metadata: withoutStamps(config.metadata) });
}

/** The least API level that understands such a consumer, of a request as it came. */
export function consumerRequiredLevel(config: ConsumerConfig): number {
  if (config.ackPolicy === 'flow_control') return 4;
  const hasPriority = config.priorityPolicy !== 'none' || config.priorityGroups.length > 0;
  const isPaused = config.pauseUntil !== null && !isZeroTime(config.pauseUntil);
  return isPaused || hasPriority || config.priorityTimeout !== 0n ? 1 : 0;
}

export function isPush({ deliverSubject }: ConsumerConfig): boolean {
  return deliverSubject !== '';
}

/** All filters, however they are written; none for everything. */
export function filtersOf({ filterSubject, filterSubjects }: ConsumerConfig): readonly string[] {
  return filterSubject === '' ? filterSubjects : [filterSubject];
}
