/** The block `jetstream`, at the top and in accounts. */
import {
  asBoolean,
  type ConfigNode,
  type ConfigSchema,
  type ConfigSources,
  defineSchema,
  fields,
  type MapNode,
  type Problems,
} from '../../kernel/plugin-api.ts';
import { type TierLimits, UNLIMITED_TIER } from '../../protocols/jetstream/account-limits.ts';

export interface JetStreamConfig {
  readonly isEnabled: boolean;
  readonly options: ServerOptions;
  /** By account; those that are not here have no streams. Null: no account says anything, so the global one has. */
  readonly accounts: ReadonlyMap<string, TierLimits> | null;
}

const NO_LIMIT = -1;
const REQUESTS_MAX = 10_000;

const limitsSchema = defineSchema({
  maxAckPending: fields.integer('max_ack_pending', {
    default: 0,
    doc: 'The most a consumer may ask for; 0 for no cap.',
  }),
  maxRequestBatch: fields.integer('max_request_batch', { default: 0, doc: 'The largest batch of a pull request.' }),
  duplicateWindowMs: fields.duration('duplicate_window', { default: 0, doc: 'The longest duplicate window.' }),
});

const serverSchema = defineSchema({
  domain: fields.string('domain', {
    default: '',
    check: (text) => (/[\s.*>]/.test(text) ? 'domain name may not contain spaces, ".", "*" or ">"' : null),
    doc: 'A name under which these streams are reached from elsewhere.',
  }),
  maxMemory: fields.size('max_memory_store', {
    default: NO_LIMIT,
    aliases: ['max_mem', 'max_mem_store'],
    doc: 'Bytes that streams in memory may take together; -1 for what the machine has.',
  }),
  maxStorage: fields.size('max_file_store', {
    default: NO_LIMIT,
    aliases: ['max_file'],
    doc: 'Bytes that streams on disk may take together.',
  }),
  storeDirectory: fields.string('store_dir', { default: '', aliases: ['storedir'], doc: 'Where files are kept.' }),
  isStrict: fields.boolean('strict', { default: true, doc: 'Refuse requests with unknown fields.' }),
  requestsMax: fields.integer('request_queue_limit', {
    default: REQUESTS_MAX,
    minimum: 1,
    doc: 'Requests of an account that may wait; beyond it they are dropped.',
  }),
  limits: fields.block('limits', limitsSchema, { doc: 'Caps for all accounts.' }),
});
export type ServerOptions = ReturnType<typeof serverSchema.read>;

const accountSchema = defineSchema({
  maxMemory: fields.size('max_mem', { default: NO_LIMIT, aliases: ['max_memory', 'mem'], doc: 'Bytes in memory.' }),
  maxStorage: fields.size('max_file', {
    default: NO_LIMIT,
    aliases: ['max_store', 'store', 'disk'],
    doc: 'Bytes on disk.',
  }),
  maxStreams: fields.integer('max_streams', { default: NO_LIMIT, aliases: ['streams'], doc: 'Streams.' }),
  maxConsumers: fields.integer('max_consumers', { default: NO_LIMIT, aliases: ['consumers'], doc: 'Consumers.' }),
  maxAckPending: fields.integer('max_ack_pending', {
    default: NO_LIMIT,
    doc: 'Unacknowledged messages of a consumer.',
  }),
  memoryMaxStreamBytes: fields.size('mem_max_stream_bytes', {
    default: NO_LIMIT,
    aliases: ['memory_max_stream_bytes'],
    doc: 'Bytes of one stream in memory.',
  }),
  storageMaxStreamBytes: fields.size('disk_max_stream_bytes', {
    default: NO_LIMIT,
    aliases: ['store_max_stream_bytes'],
    doc: 'Bytes of one stream on disk.',
  }),
  maxBytesRequired: fields.boolean('max_bytes_required', {
    default: false,
    aliases: ['max_stream_bytes', 'max_bytes'],
    doc: 'Streams have to say how much they may take.',
  }),
});

export const jetstreamSchema: ConfigSchema<JetStreamConfig> = {
  read(node: unknown, problems: Problems, sources: ConfigSources): JetStreamConfig {
    const given = node as ConfigNode | undefined;
    const isEnabled = given !== undefined && isOn(given, problems);
    const options = serverSchema.read(given?.kind === 'map' ? given : undefined, problems);
    return { isEnabled, options, accounts: readAccounts(problems, sources) };
  },
};

function readAccounts(problems: Problems, sources: ConfigSources): ReadonlyMap<string, TierLimits> | null {
  const accounts = new Map<string, TierLimits>();
  for (const [name, keys] of sources.accounts) {
    const given = keys.get('jetstream') as ConfigNode | undefined;
    if (given === undefined || !isOn(given, problems)) continue;
    accounts.set(name, given.kind === 'map' ? accountSchema.read(given, problems) : UNLIMITED_TIER);
  }
  return sources.accounts.size === 0 ? null : accounts;
}

/** A word, a flag, or a block, which turns it on unless it says otherwise. */
function isOn(given: ConfigNode, problems: Problems): boolean {
  if (given.kind === 'map') return !isSwitchedOff(given, problems);
  if (given.kind === 'string') {
    const word = given.value.toLowerCase();
    if (word === 'enabled' || word === 'enable') return true;
    if (word === 'disabled' || word === 'disable') return false;
    problems.error(given, `Expected 'enabled' or 'disabled' for string value, got '${given.value}'`);
    return false;
  }
  return asBoolean(given, problems) ?? false;
}

function isSwitchedOff({ value }: MapNode, problems: Problems): boolean {
  const enabled = value.get('enabled')?.value ?? value.get('enable')?.value;
  return enabled !== undefined && asBoolean(enabled, problems) === false;
}
