/** What a stream is told to be: every field as it stands in requests and answers, in its order on the wire. */
import { DecodeFault, type ValueOf } from './json/codec.ts';
import { always, given, list, optional, readOnly, struct, textMap } from './json/composites.ts';
import { duration, flag, int, int32, int64, text, uint64, word } from './json/scalars.ts';
import { time } from './timestamp.ts';

export const subjectTransform = struct('server.SubjectTransformConfig', {
  src: always('src', text),
  dest: always('dest', text),
});
export type SubjectTransformConfig = ValueOf<typeof subjectTransform>;

const externalStream = struct('server.ExternalStream', {
  api: always('api', text),
  deliver: always('deliver', text),
});

const consumerSource = struct('server.StreamConsumerSource', {
  name: given('name', text),
  deliverSubject: given('deliver_subject', text),
});

/** A mirror's origin, or one of several that a stream takes its messages from. */
export const streamSource = struct('server.StreamSource', {
  name: always('name', text),
  optStartSeq: given('opt_start_seq', uint64),
  optStartTime: given('opt_start_time', optional(time)),
  filterSubject: given('filter_subject', text),
  subjectTransforms: given('subject_transforms', list(subjectTransform)),
  external: given('external', optional(externalStream)),
  consumer: given('consumer', optional(consumerSource)),
});
export type StreamSource = ValueOf<typeof streamSource>;

const placement = struct('server.Placement', {
  cluster: given('cluster', text),
  tags: given('tags', list(text)),
  preferred: given('preferred', text),
});

const republish = struct('server.RePublish', {
  src: given('src', text),
  dest: always('dest', text),
  headersOnly: given('headers_only', flag),
});

const consumerLimits = struct('server.StreamConsumerLimits', {
  inactiveThreshold: given('inactive_threshold', duration),
  maxAckPending: given('max_ack_pending', int),
});

const compressionWord = word(['none', 's2'], { unknown: () => 'unknown compression algorithm' });
/** Faults name it as if it stood alone. */
const compression: typeof compressionWord = {
  ...compressionWord,
  read(node, reading) {
    if (node.kind === 'string' || node.kind === 'null') return compressionWord.read(node, reading);
    throw new DecodeFault(`json: cannot unmarshal ${node.kind} into Go value of type string`);
  },
};

const FIELDS = {
  name: always('name', text),
  description: given('description', text),
  subjects: given('subjects', list(text)),
  retention: always('retention', word(['limits', 'interest', 'workqueue'])),
  maxConsumers: always('max_consumers', int),
  maxMsgs: always('max_msgs', int64),
  maxBytes: always('max_bytes', int64),
  maxAge: always('max_age', duration),
  maxMsgsPerSubject: always('max_msgs_per_subject', int64),
  maxMsgSize: given('max_msg_size', int32),
  discard: always('discard', word(['old', 'new'], { ignoresCase: true })),
  storage: always('storage', word(['file', 'memory'])),
  replicas: always('num_replicas', int),
  noAck: given('no_ack', flag),
  duplicateWindow: given('duplicate_window', duration),
  placement: given('placement', optional(placement)),
  mirror: given('mirror', optional(streamSource)),
  sources: given('sources', list(streamSource, { itemName: '*server.StreamSource' })),
  compression: always('compression', compression),
  firstSeq: given('first_seq', uint64),
  subjectTransform: given('subject_transform', optional(subjectTransform)),
  republish: given('republish', optional(republish)),
  allowDirect: always('allow_direct', flag),
  mirrorDirect: always('mirror_direct', flag),
  discardNewPerSubject: given('discard_new_per_subject', flag),
  sealed: always('sealed', flag),
  denyDelete: always('deny_delete', flag),
  denyPurge: always('deny_purge', flag),
  allowRollup: always('allow_rollup_hdrs', flag),
  consumerLimits: always('consumer_limits', consumerLimits),
  allowMsgTtl: always('allow_msg_ttl', flag),
  subjectDeleteMarkerTtl: given('subject_delete_marker_ttl', duration),
  allowMsgCounter: given('allow_msg_counter', flag),
  allowAtomic: given('allow_atomic', flag),
  allowMsgSchedules: given('allow_msg_schedules', flag),
  persistMode: given('persist_mode', word(['default', 'async'], { aliases: { '': 'default' } })),
  allowBatched: given('allow_batched', flag),
  metadata: given('metadata', textMap),
};

export const streamConfig = struct('server.StreamConfig', FIELDS);
export type StreamConfig = ValueOf<typeof streamConfig>;

/** What is sent to create or update one. */
export const streamConfigRequest = struct('server.StreamConfigRequest', {
  ...FIELDS,
  pedantic: readOnly('pedantic', flag),
});
export type StreamConfigRequest = ValueOf<typeof streamConfigRequest>;

export function isSameStreamConfig(one: StreamConfig, other: StreamConfig): boolean {
  return printWithoutStamps(one) === printWithoutStamps(other);
}

function printWithoutStamps(config: StreamConfig): string {
  return streamConfig.print({ ...config, metadata: withoutStamps(config.metadata) });
}

/** Kept with the configuration: the least API level that understands it. */
export const REQUIRED_LEVEL_KEY = '_nats.req.level';
/** Shown in answers only. */
export const SERVER_VERSION_KEY = '_nats.ver';
export const SERVER_LEVEL_KEY = '_nats.level';

/** What the user said of an asset, without what the server adds. */
export function withoutStamps(metadata: ReadonlyMap<string, string> | null): ReadonlyMap<string, string> | null {
  if (metadata === null) return null;
  const kept = new Map(metadata);
  for (const key of [REQUIRED_LEVEL_KEY, SERVER_VERSION_KEY, SERVER_LEVEL_KEY]) kept.delete(key);
  return kept;
}

/** As it is kept: the level it needs is written into it, what an earlier answer showed is taken out. */
export function withRequiredLevel<Config extends { metadata: ReadonlyMap<string, string> | null }>(
  config: Config,
  level: number,
): Config {
  const metadata = new Map(withoutStamps(config.metadata) ?? []);
  metadata.set(REQUIRED_LEVEL_KEY, String(level));
  return { ...config, metadata };
}

/** As an answer shows it. */
export function withServerStamps<Config extends { metadata: ReadonlyMap<string, string> | null }>(
  config: Config,
  server: { readonly version: string; readonly level: number },
): Config {
  const metadata = new Map(config.metadata ?? []);
  metadata.set(SERVER_VERSION_KEY, server.version);
  metadata.set(SERVER_LEVEL_KEY, String(server.level));
  return { ...config, metadata };
}

export function streamRequiredLevel(config: StreamConfig): number {
  if (config.allowBatched) return 4;
  if (config.allowMsgCounter || config.allowAtomic || config.allowMsgSchedules) return 2;
  if (config.persistMode === 'async') return 2;
  return config.allowMsgTtl || config.subjectDeleteMarkerTtl > 0n ? 1 : 0;
}
