/** What is told of streams. */
import { errorCodec } from './api-error.ts';
import type { Codec, ValueOf } from './json/codec.ts';
import { always, given, list, optional, printMap, struct } from './json/composites.ts';
import { int, int64, text, uint64 } from './json/scalars.ts';
import { streamConfig, subjectTransform } from './stream-config.ts';
import { nanosTime } from './timestamp.ts';

/** A number the engine counts in; read as it is written. */
export const count: Codec<number | bigint> = {
  ...(uint64 as Codec<number | bigint>),
  zero: () => 0,
  isZero: (value) => Number(value) === 0,
};

/** How many messages there are for each subject. */
const subjectCounts: Codec<ReadonlyMap<string, number>> = {
  typeName: 'map[string]uint64',
  zero: () => new Map(),
  isZero: (value) => value.size === 0,
  read(node, reading) {
    return new Map(node.members.map(({ key, value }) => [key, Number(reading.at(key, value, uint64))]));
  },
  print: (value) => printMap(value, String),
};

const lostData = struct('server.LostStreamData', {
  messages: always('msgs', list(count)),
  bytes: always('bytes', count),
});

export const streamState = struct('server.StreamState', {
  messages: always('messages', count),
  bytes: always('bytes', count),
  firstSequence: always('first_seq', count),
  firstTime: always('first_ts', nanosTime),
  lastSequence: always('last_seq', count),
  lastTime: always('last_ts', nanosTime),
  subjectCount: given('num_subjects', count),
  subjects: given('subjects', subjectCounts),
  deletedCount: given('num_deleted', count),
  deleted: given('deleted', list(count)),
  lost: given('lost', optional(lostData)),
  consumerCount: always('consumer_count', int),
});
export type StreamState = ValueOf<typeof streamState>;

const sourceInfo = struct('server.StreamSourceInfo', {
  name: always('name', text),
  external: given(
    'external',
    optional(struct('server.ExternalStream', { api: always('api', text), deliver: always('deliver', text) })),
  ),
  lag: always('lag', count),
  sequence: given('seq', count),
  active: always('active', int64),
  error: given('error', errorCodec),
  filterSubject: given('filter_subject', text),
  subjectTransforms: given('subject_transforms', list(subjectTransform)),
});
export type StreamSourceInfo = ValueOf<typeof sourceInfo>;

export const clusterInfo = struct('server.ClusterInfo', {
  name: given('name', text),
  raftGroup: given('raft_group', text),
  leader: given('leader', text),
});

export const STREAM_INFO_FIELDS = {
  config: always('config', streamConfig),
  created: always('created', nanosTime),
  state: always('state', streamState),
  domain: given('domain', text),
  cluster: given('cluster', optional(clusterInfo)),
  mirror: given('mirror', optional(sourceInfo)),
  sources: given('sources', list(sourceInfo)),
  time: always('ts', nanosTime),
};

export const streamInfo = struct('server.StreamInfo', STREAM_INFO_FIELDS);
export type StreamInfo = ValueOf<typeof streamInfo>;
