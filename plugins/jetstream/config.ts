/** The block `jetstream`, at the top and in accounts. */
import {
  asBoolean,
  asInteger,
  asString,
  type ConfigNode,
  type ConfigSchema,
  type ConfigSources,
  defineSchema,
  type FieldUse,
  fields,
  type MapNode,
  type Problems,
  quotedText,
  wasGiven,
} from '../../kernel/plugin-api.ts';
import { type TierLimits, UNLIMITED_TIER } from '../../protocols/jetstream/account-limits.ts';
import type { BackupFormat } from './backup/backup-writer.ts';
import { type DefaultDomains, readDefaultDomains } from './default-domains.ts';

export interface JetStreamConfig {
  readonly isEnabled: boolean;
  readonly options: ServerOptions;
  /** Of the block or from beside it; empty for none. */
  readonly storeDirectory: string;
  /** By account; those that are not here have no streams. */
  readonly accounts: ReadonlyMap<string, TierLimits>;
  /** All accounts of the configuration. Where there are none but the system's, the global one has streams. */
  readonly accountNames: readonly string[];
  /** In accounts without streams here: the domain of requests that name none. */
  readonly defaultDomains: DefaultDomains;
}

const NO_LIMIT = -1;
const REQUESTS_MAX = 10_000;
export const CONSUMERS_USUAL_MAX = 1_000;
/** Every server would answer the requests of all. */
const NO_CLUSTER =
  'streams are kept by one server alone: "cluster" and "jetstream" do not go together; take one of them out';

export type CipherName = 'chacha' | 'aes';
const CIPHERS: ReadonlyMap<string, CipherName> = new Map([
  ['chacha', 'chacha'],
  ['chachapoly', 'chacha'],
  ['aes', 'aes'],
]);

/** What is tuned by it is not here, or tunes itself: accepted, so that a configuration need not be changed. */
function idle<Key extends string>(key: Key, aliases: readonly string[] = []) {
  return fields.node(key, { default: null, aliases, doc: 'Accepted; changes nothing here.' });
}

const limitsSchema = defineSchema({
  maxAckPending: fields.integer('max_ack_pending', {
    default: 0,
    doc: 'The most a consumer may ask for; 0 for no cap.',
  }),
  maxRequestBatch: fields.integer('max_request_batch', { default: 0, doc: 'The largest batch of a pull request.' }),
  defaultMaxConsumers: fields.integer('default_max_consumers', {
    default: CONSUMERS_USUAL_MAX,
    minimum: 1,
    doc: 'Consumers of a stream where neither it nor its account says how many.',
  }),
  replicatedMax: idle('max_ha_assets'),
  batches: idle('batch'),
  duplicateWindowMs: fields.duration('duplicate_window', { default: 0, doc: 'The longest duplicate window.' }),
});

const serverSchema = defineSchema({
  domain: fields.string('domain', {
    default: '',
    check: (text) => (/[\s.*>]/.test(text) ? 'domain name may not contain spaces, ".", "*" or ">"' : null),
    doc: 'A name under which these streams are reached from elsewhere.',
  }),
  maxMemory: storeSize('max_memory_store', 'max_mem_store', {
    aliases: ['max_mem', 'max_mem_store'],
    doc: 'Bytes that streams in memory may take together; -1 for three quarters of what the machine has.',
  }),
  maxStorage: storeSize('max_file_store', 'max_file_store', {
    aliases: ['max_file'],
    doc: 'Bytes that streams on disk may take together; -1 for three quarters of what is free there.',
  }),
  storeDirectory: fields.string('store_dir', {
    default: '',
    aliases: ['store', 'storedir'],
    doc: 'Where files are kept: in a folder `jetstream` of it.',
  }),
  syncIntervalMs: fields.custom('sync_interval', 'duration | always', readSyncInterval, {
    default: 0,
    aliases: ['sync'],
    doc: 'How often files are synced; always means before anything is acknowledged.',
  }),
  key: secret('key', ['ek', 'encryption_key'], 'What files are encrypted under.'),
  previousKey: secret('prev_key', ['prev_ek', 'prev_encryption_key'], 'What older files are encrypted under.'),
  cipher: fields.custom('cipher', 'chacha | aes', readCipher, {
    default: 'chacha' as CipherName,
    doc: 'How files are encrypted.',
  }),
  quarantineKeepMs: fields.duration('quarantine_keep', {
    default: 0,
    doc: 'How long files are kept that were set aside; 0 until somebody removes them.',
  }),
  tpm: fields.custom('tpm', 'map', refuseTpm, { default: null, doc: 'Keys in a chip: refused.' }),
  enabled: fields.boolean('enabled', { default: true, aliases: ['enable'], doc: 'Whether any of it is on.' }),
  isStrict: fields.boolean('strict', { default: true, doc: 'Refuse requests with unknown fields.' }),
  backupFormat: fields.custom('backup_format', 'v1 | v2', readBackupFormat, {
    default: 'v2' as BackupFormat,
    doc: 'What backups are sent as: v2 is read by nats-server from 2.15 on, v1 by all.',
  }),
  requestsMax: fields.integer('request_queue_limit', {
    default: REQUESTS_MAX,
    minimum: 1,
    doc: 'Requests of an account that may wait; beyond it they are dropped.',
  }),
  limits: fields.block('limits', limitsSchema, { doc: 'Caps for all accounts.' }),
  isExtended: fields.custom('extension_hint', 'will_extend | no_extend', readExtensionHint, {
    default: false,
    doc: 'Whether a server without streams of its own belongs to the domain of its hub.',
  }),
  uniqueTag: idle('unique_tag'),
  outstandingCatchupMax: idle('max_outstanding_catchup'),
  bufferedBytesMax: idle('max_buffered_size'),
  bufferedMessagesMax: idle('max_buffered_msgs'),
  infoQueueMax: idle('info_queue_limit'),
  metaCompact: idle('meta_compact'),
  metaCompactBytes: idle('meta_compact_size'),
  metaCompactSync: idle('meta_compact_sync'),
  concurrentReadsMax: idle('max_concurrent_io'),
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
    const beside = sources.also('store_dir') as ConfigNode | undefined;
    const accounts = readAccounts(problems, sources);
    // Where nothing is said at all, somebody put the plugin into the list.
    const defaults = sources.also('default_js_domain') as ConfigNode | undefined;
    const isSilent = beside === undefined && defaults === undefined && !isInAccounts(sources);
    const isEnabled = given === undefined ? isSilent : isOn(given, problems);
    const options = serverSchema.read(given?.kind === 'map' ? given : undefined, problems);
    const cluster = sources.elsewhere?.('cluster') as ConfigNode | undefined;
    if (isEnabled && cluster !== undefined) problems.error(cluster, NO_CLUSTER);
    const storeDirectory = readStoreDirectory(beside, options, problems);
    const defaultDomains = readDefaultDomains(defaults, accounts, { problems, sources });
    const accountNames = [...sources.accounts.keys()];
    return { isEnabled, options, storeDirectory, accounts, accountNames, defaultDomains };
  },
};

function isInAccounts({ accounts }: ConfigSources): boolean {
  return [...accounts.values()].some((keys) => keys.has('jetstream'));
}

function readStoreDirectory(beside: ConfigNode | undefined, options: ServerOptions, problems: Problems): string {
  if (beside === undefined) return options.storeDirectory;
  if (wasGiven(options, 'storeDirectory')) problems.error(beside, "Duplicate 'store_dir' configuration");
  return asString(beside, problems) ?? '';
}

function readSyncInterval(node: ConfigNode, use: FieldUse): number | undefined {
  if (node.kind === 'string' && node.value.toLowerCase() === 'always') return 0;
  return fields.readDuration(node, use);
}

function readBackupFormat(node: ConfigNode, { problems }: FieldUse): BackupFormat | undefined {
  const word = asString(node, problems);
  if (word === undefined || word === 'v1' || word === 'v2') return word;
  problems.error(node, `'backup_format' is 'v1' or 'v2', not ${quotedText(word)}`);
  return undefined;
}

function readExtensionHint(node: ConfigNode, { problems }: FieldUse): boolean | undefined {
  const word = asString(node, problems);
  if (word === undefined || word === 'will_extend') return word === undefined ? undefined : true;
  if (word !== '' && word !== 'no_extend') {
    problems.error(node, `expected 'no_extend' for string value, got ${quotedText(word).replaceAll('"', "'")}`);
  }
  return false;
}

/** Bytes, as a number with a suffix, or as a text that ends in one letter; -1 for what there is. */
function storeSize<Key extends string>(
  key: Key,
  shownAs: string,
  settings: { readonly aliases: readonly string[]; readonly doc: string },
) {
  const read = (node: ConfigNode, { problems }: FieldUse): number | undefined =>
    node.kind === 'string' ? sizeOfText(node, shownAs, problems) : asInteger(node, problems);
  return fields.custom(key, 'size', read, { default: NO_LIMIT, ...settings });
}

const TEXT_SUFFIXES = 'KMGT';

/** Here the letters count 1024, as they do in a NATS server; empty is nothing at all. */
function sizeOfText(
  node: ConfigNode & { readonly kind: 'string' },
  key: string,
  problems: Problems,
): number | undefined {
  const text = node.value;
  if (text === '') return 0;
  const digits = text.slice(0, -1);
  const exponent = TEXT_SUFFIXES.indexOf(text.at(-1)!) + 1;
  const isNumber = /^[-+]?\d+$/.test(digits);
  if (isNumber && exponent > 0) return Number(digits) * 1024 ** exponent;
  const problem = isNumber
    ? 'sizes defined as strings must end in K, M, G, T'
    : `strconv.ParseInt: parsing ${quotedText(digits)}: invalid syntax`;
  problems.error(node, `${key} ${problem}`);
  return undefined;
}

function readCipher(node: ConfigNode, { problems }: FieldUse): CipherName | undefined {
  const word = asString(node, problems);
  if (word === undefined) return undefined;
  const cipher = CIPHERS.get(word.toLowerCase());
  if (cipher === undefined) problems.error(node, `Unknown cipher type: ${quotedText(word)}`);
  return cipher;
}

/** It stays out of what is said about a change. */
function secret<Key extends string>(key: Key, aliases: readonly string[], doc: string) {
  return fields.string(key, { default: '', aliases, doc, print: () => '[REDACTED]' });
}

function refuseTpm(node: ConfigNode, { problems }: FieldUse): null {
  problems.error(node, '"tpm" is not supported: this broker takes its key from "key", which may be a variable');
  return null;
}

function readAccounts(problems: Problems, sources: ConfigSources): ReadonlyMap<string, TierLimits> {
  const accounts = new Map<string, TierLimits>();
  for (const [name, keys] of sources.accounts) {
    const given = keys.get('jetstream') as ConfigNode | undefined;
    if (given === undefined || !isOn(given, problems)) continue;
    accounts.set(name, given.kind === 'map' ? accountSchema.read(given, problems) : UNLIMITED_TIER);
  }
  return accounts;
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
