/** The kernel's own options: every key of the top level that belongs to no plugin. */
import type { MappingRule } from '../accounts/mapping-rule.ts';
import { outcomeOf } from '../ports/steps.ts';
import { type AccountOptions, readAccounts } from './account-options.ts';
import type { Claims } from './claims.ts';
import { formatDuration } from './duration.ts';
import {
  boolean,
  custom,
  duration,
  integer,
  listen,
  oneOf,
  printMap,
  readMapOf,
  size,
  string,
  stringList,
  stringMap,
} from './fields.ts';
import { type ConfigNode, typeName } from './grammar/node.ts';
import { readMappingRules } from './mapping-options.ts';
import type { PlainValue } from './plain.ts';
import { type PluginList, readPluginList } from './plugin-list.ts';
import { defineSchema, type FieldUse, type OptionsOf, type PlainOptions } from './schema.ts';

export const DEFAULT_HOST = '0.0.0.0';
export const DEFAULT_PORT = 4222;
export const DEFAULT_SYSTEM_ACCOUNT = '$SYS';

const INT32_MAX = 2 ** 31 - 1;
const MEBIBYTE = 2 ** 20;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** What a client's write that takes too long leads to. */
const WRITE_POLICIES = ['default', 'close', 'retry'] as const;

/** The schema, given who owns the keys inside accounts. */
export function coreSchema(claims: Claims) {
  return defineSchema({
    ...LISTENING,
    ...LOGGING,
    ...FILES,
    ...LIMITS,
    ...TIMES,
    ...BEHAVIOUR,
    accounts: custom<'accounts', readonly AccountOptions[]>(
      'accounts',
      'array of names or map of accounts',
      (node, use) => outcomeOf(readAccounts(node, claims, use.problems)),
      {
        default: [],
        live: 'yes',
        doc: 'Accounts: names, or a map from names to blocks.',
        print: printAccounts,
        readInSteps: (node, use) => readAccounts(node, claims, use.problems),
      },
    ),
  });
}

export type CoreFields = ReturnType<typeof coreSchema>['fields'];
/** What the kernel runs by. Durations are milliseconds, sizes bytes. */
export type CoreOptions = OptionsOf<CoreFields>;
/** What a program hands over: the keys of the file, with the kernel's own ones typed. */
export type CoreInput = PlainOptions<CoreFields>;

const LISTENING = {
  listen: listen('listen', {
    zeroPort: DEFAULT_PORT,
    emptyHost: DEFAULT_HOST,
    doc: 'Where clients connect: a port, or host:port.',
  }),
  host: string('host', {
    default: DEFAULT_HOST,
    emptyIsDefault: true,
    aliases: ['net'],
    doc: 'The interface clients connect to.',
  }),
  port: integer('port', {
    default: DEFAULT_PORT,
    zeroIsDefault: true,
    doc: 'The port clients connect to. -1 picks a free one.',
  }),
  clientAdvertise: string('client_advertise', {
    default: '',
    live: 'yes',
    doc: 'The host:port clients and other servers are told to connect to.',
  }),
  serverName: string('server_name', {
    default: '',
    doc: 'The name of this server; its id when empty. No spaces.',
    check: (name) => (name.includes(' ') ? 'server name cannot contain spaces' : null),
  }),
  speaksProxyProtocol: boolean('proxy_protocol', {
    default: false,
    internalName: 'ProxyProtocol',
    doc: 'Clients come through a proxy that announces them.',
  }),
};

const LOGGING = {
  debug: boolean('debug', { default: false, live: 'yes', doc: 'Log what helps to find faults.' }),
  trace: boolean('trace', { default: false, live: 'yes', doc: 'Log the protocol.' }),
  traceVerbose: boolean('trace_verbose', {
    default: false,
    live: 'yes',
    also: ['trace'],
    doc: 'Log the protocol, as `trace`, to which it gives the same value.',
  }),
  traceHeaders: boolean('trace_headers', {
    default: false,
    live: 'yes',
    also: ['trace'],
    doc: 'Log the protocol with the headers of messages only; sets `trace` to the same value.',
  }),
  logTime: boolean('logtime', { default: true, live: 'yes', doc: 'Begin log lines with the time.' }),
  logTimeUtc: boolean('logtime_utc', { default: false, live: 'yes', doc: 'Log times in UTC.' }),
  logFile: string('log_file', {
    default: '',
    aliases: ['logfile'],
    live: 'yes',
    doc: 'The file to log to; standard error when empty.',
  }),
  logFileBytesMax: size('log_size_limit', {
    default: 0,
    aliases: ['logfile_size_limit'],
    internalName: 'LogSizeLimit',
    doc: 'The size at which a new log file is begun. 0: never.',
  }),
  logFilesMax: integer('log_max_num', {
    default: 0,
    aliases: ['logfile_max_num'],
    internalName: 'LogMaxFiles',
    doc: 'How many log files are kept, the current one included. 0: all.',
  }),
  syslog: boolean('syslog', { default: false, live: 'yes', doc: 'Log to the system log.' }),
  remoteSyslog: string('remote_syslog', {
    default: '',
    live: 'yes',
    doc: 'Log to another machine: udp://host:port or tcp://host:port.',
  }),
  tracedMessageBytesMax: integer('max_traced_msg_len', {
    default: 0,
    live: 'yes',
    doc: 'How much of a payload a trace line shows. 0: all.',
  }),
  connectErrorReports: integer('connect_error_reports', {
    default: 3600,
    zeroIsDefault: true,
    live: 'yes',
    doc: 'Every how many failed first connects to another server one is logged.',
  }),
  reconnectErrorReports: integer('reconnect_error_reports', {
    default: 1,
    zeroIsDefault: true,
    live: 'yes',
    doc: 'The same for reconnects.',
  }),
};

const FILES = {
  pidFile: string('pid_file', {
    default: '',
    aliases: ['pidfile'],
    live: 'yes',
    doc: 'The file to write the process id to.',
  }),
  portsFileDirectory: string('ports_file_dir', {
    default: '',
    live: 'yes',
    doc: 'The directory for a file that tells on which ports the server listens.',
  }),
  profilePort: integer('prof_port', { default: 0, doc: 'The port for profiling over HTTP. 0: none.' }),
  profileBlockRate: integer('prof_block_rate', {
    default: 0,
    live: 'yes',
    doc: 'Accepted for compatibility; there are no blocking events to sample.',
  }),
};

const LIMITS = {
  controlLineBytesMax: size('max_control_line', {
    default: 4096,
    maximum: INT32_MAX,
    zeroIsDefault: true,
    live: 'yes',
    doc: 'The longest line of the protocol.',
  }),
  payloadBytesMax: size('max_payload', {
    default: MEBIBYTE,
    maximum: INT32_MAX,
    zeroIsDefault: true,
    live: 'yes',
    doc: 'The largest message, headers included. -1: no limit. Not above max_pending.',
  }),
  pendingBytesMax: size('max_pending', {
    default: 64 * MEBIBYTE,
    zeroIsDefault: true,
    internalName: 'MaxPending',
    doc: 'How much may wait to be sent to one connection.',
  }),
  outboundBytesMax: size('max_outbound', {
    default: 512 * MEBIBYTE,
    zeroIsDefault: true,
    live: 'yes',
    doc: 'How much may wait to be sent to all connections together.',
  }),
  connectionsMax: integer('max_connections', {
    default: 65_536,
    aliases: ['max_conn'],
    live: 'yes',
    print: (count) => String(count <= 0 ? -1 : count),
    doc: 'How many clients may be connected. 0 or less refuses them all.',
  }),
  subscriptionsMax: integer('max_subscriptions', {
    default: 0,
    aliases: ['max_subs'],
    internalName: 'MaxSubs',
    doc: 'How many subscriptions a connection may have. 0 or less: no limit.',
  }),
  subscriptionTokensMax: integer('max_sub_tokens', {
    default: 0,
    aliases: ['max_subscription_tokens'],
    minimum: 1,
    maximum: 255,
    tooSmall: (key) => `${key} value can not be negative`,
    internalName: 'MaxSubTokens',
    doc: 'How many tokens the subject of a subscription may have, 1 to 255. No limit when absent.',
  }),
  closedClientsMax: integer('max_closed_clients', {
    default: 10_000,
    zeroIsDefault: true,
    doc: 'How many closed connections are remembered for the monitor.',
  }),
};

const TIMES = {
  pingIntervalMs: duration('ping_interval', {
    default: 2 * MINUTE,
    zeroIsDefault: true,
    live: 'yes',
    doc: 'How often a silent client is pinged.',
  }),
  pingsOutMax: integer('ping_max', {
    default: 2,
    zeroIsDefault: true,
    live: 'yes',
    doc: 'How many pings may stay unanswered before the connection counts as stale.',
  }),
  writeDeadlineMs: duration('write_deadline', {
    default: 10 * SECOND,
    zeroIsDefault: true,
    live: 'new',
    doc: 'How long one write to a connection may take.',
  }),
  writeTimeout: oneOf('write_timeout', WRITE_POLICIES, {
    default: 'default',
    refusal: "write_timeout must be 'default', 'close' or 'retry'",
    doc: 'What a client gets whose write takes too long: `close` (also `default`) or `retry`.',
  }),
  lameDuckDurationMs: duration('lame_duck_duration', {
    default: 2 * MINUTE,
    isStringOnly: true,
    doc: 'Over how long clients are sent away in lame duck mode; at least 30s.',
    check: (ms) =>
      ms < 30 * SECOND ? `invalid lame_duck_duration of ${formatDuration(ms)}, minimum is 30 seconds` : null,
  }),
  lameDuckGraceMs: duration('lame_duck_grace_period', {
    default: 10 * SECOND,
    isStringOnly: true,
    zeroIsDefault: true,
    doc: 'How long clients may stay before that begins; shorter than the duration.',
    check: (ms) => (ms < 0 ? 'invalid lame_duck_grace_period, needs to be positive' : null),
  }),
};

const BEHAVIOUR = {
  stallsFastProducers: boolean('no_fast_producer_stall', {
    default: true,
    isInverted: true,
    live: 'yes',
    doc: 'True: a client that sends faster than others read is never slowed down.',
  }),
  supportsHeaders: boolean('no_header_support', {
    default: true,
    isInverted: true,
    doc: 'True: messages can not have headers.',
  }),
  cachesMatches: boolean('disable_sublist_cache', {
    default: true,
    isInverted: true,
    aliases: ['no_sublist_cache'],
    internalName: 'NoSublistCache',
    doc: 'True: what a subject matches is worked out anew for every message.',
  }),
  mappings: custom<'mappings', readonly MappingRule[], Readonly<Record<string, PlainValue>>>(
    'mappings',
    'map of subjects to destinations',
    (node, use) => readMappingRules(node, use.problems),
    {
      default: [],
      aliases: ['maps'],
      live: 'yes',
      print: (rules) => `[${rules.map((rule) => rule.source).join(' ')}]`,
      doc: 'Subject mappings of the account $G.',
    },
  ),
  systemAccount: custom<'system_account', string, string>('system_account', 'string', readSystemAccount, {
    default: DEFAULT_SYSTEM_ACCOUNT,
    aliases: ['system'],
    doc: 'The account for events and requests about the server itself.',
  }),
  hasSystemAccount: boolean('no_system_account', {
    default: true,
    isInverted: true,
    aliases: ['no_system', 'no_sys_acc'],
    doc: 'True: there is no system account.',
  }),
  serverTags: stringList('server_tags', {
    clean: uniqueTags,
    default: [],
    live: 'yes',
    internalName: 'Tags',
    refusal: (type, isElement) =>
      `error parsing tags: unsupported type ${isElement ? `${type} where string is expected` : type}`,
    doc: 'Words that describe this server.',
  }),
  serverMetadata: stringMap('server_metadata', {
    default: Object.freeze({}),
    live: 'yes',
    internalName: 'Metadata',
    refusal: (type) => `error parsing metadata: unsupported type ${type}`,
    doc: 'Names and values that describe this server.',
  }),
  featureFlags: custom<'feature_flags', Readonly<Record<string, boolean>>, Readonly<Record<string, boolean>>>(
    'feature_flags',
    'map of booleans',
    readFeatureFlags,
    {
      default: Object.freeze({}),
      print: printMap,
      doc: 'Features to turn on or off by name; unknown ones do nothing.',
    },
  ),
  plugins: custom<'plugins', PluginList, PlainValue>(
    'plugins',
    'auto, or array of names and maps',
    (node, use) => readPluginList(node, use.problems),
    {
      default: 'auto',
      live: 'part',
      print: printPlugins,
      doc: 'Which plugins run: `auto` for those whose keys appear, or exactly these.',
    },
  ),
};

function readSystemAccount(node: ConfigNode, use: FieldUse): string | undefined {
  if (node.kind === 'string') return node.value;
  use.problems.error(node, 'system account name must be a string');
  return undefined;
}

/** Tags are compared without regard to case and surrounding space. */
function uniqueTags(tags: readonly string[]): readonly string[] {
  return [...new Set(tags.map((tag) => tag.trim().toLowerCase()))].filter((tag) => tag !== '');
}

function readFeatureFlags(node: ConfigNode, use: FieldUse): Readonly<Record<string, boolean>> | undefined {
  if (node.kind !== 'map') {
    use.problems.error(node, `error parsing feature flags: unsupported type ${typeName(node)}`);
    return undefined;
  }
  return readMapOf(node, use, (value, key) => {
    if (value.kind === 'boolean') return value.value;
    use.problems.error(value, `error parsing feature flag "${key}": expected bool, got ${typeName(value)}`);
    return undefined;
  });
}

function printAccounts(accounts: readonly AccountOptions[]): string {
  return `[${accounts.map((account) => account.name).join(' ')}]`;
}

function printPlugins(list: PluginList): string {
  return list === 'auto' ? list : `[${list.map((request) => request.use).join(' ')}]`;
}
