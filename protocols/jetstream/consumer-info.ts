/** What is told of consumers. */
import { consumerConfig } from './consumer-config.ts';
import type { ValueOf } from './json/codec.ts';
import { always, given, list, optional, struct } from './json/composites.ts';
import { duration, flag, int, text } from './json/scalars.ts';
import { clusterInfo, count } from './stream-info.ts';
import { nanosTime } from './timestamp.ts';

const sequenceInfo = struct('server.SequenceInfo', {
  consumerSequence: always('consumer_seq', count),
  streamSequence: always('stream_seq', count),
  lastActive: given('last_active', nanosTime),
});
export type SequenceInfo = ValueOf<typeof sequenceInfo>;

const priorityGroup = struct('server.PriorityGroupState', {
  group: always('group', text),
  pinnedClientId: given('pinned_client_id', text),
  pinnedTime: always('pinned_ts', nanosTime),
});

export const CONSUMER_INFO_FIELDS = {
  stream: always('stream_name', text),
  name: always('name', text),
  created: always('created', nanosTime),
  config: always('config', consumerConfig),
  delivered: always('delivered', sequenceInfo),
  ackFloor: always('ack_floor', sequenceInfo),
  ackPending: always('num_ack_pending', int),
  redelivered: always('num_redelivered', int),
  waiting: always('num_waiting', int),
  pending: always('num_pending', count),
  cluster: given('cluster', optional(clusterInfo)),
  isPushBound: given('push_bound', flag),
  isPaused: given('paused', flag),
  pauseRemaining: given('pause_remaining', duration),
  time: always('ts', nanosTime),
  priorityGroups: given('priority_groups', list(priorityGroup)),
};

export const consumerInfo = struct('server.ConsumerInfo', CONSUMER_INFO_FIELDS);
export type ConsumerInfo = ValueOf<typeof consumerInfo>;
