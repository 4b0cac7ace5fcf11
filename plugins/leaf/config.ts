/** The block `leafnodes`. */
import {
  asInteger,
  type ConfigNode,
  type ConfigSources,
  compressionField,
  defineSchema,
  type FieldUse,
  fields,
  GLOBAL_ACCOUNT,
  mismatchText,
  type OptionsOf,
  type Problems,
  quotedText,
  typeName,
} from '../../kernel/plugin-api.ts';
import { authorizationSchema, conflictIn, type LeafUser } from './config/authorization-options.ts';
import { type RemoteOptions, readRemotes } from './config/remote-options.ts';

const SECOND = 1000;
/** Accounts that are there without being written down. */
const BUILT_IN = new Set([GLOBAL_ACCOUNT, '$SYS']);
/** Older ones speak in a way that nobody understands any more. */
const OLDEST = [2, 8, 0] as const;

export const leafSchema = defineSchema(
  {
    listen: fields.listen('listen', { doc: 'Where leafs connect: a port, or host:port.' }),
    host: fields.string('host', { default: '', aliases: ['net'], doc: 'The address to listen on.' }),
    port: fields.integer('port', { default: 0, maximum: 65_535, doc: 'The port. -1 picks a free one; 0 is off.' }),
    advertise: fields.string('leafnode_advertise', {
      default: '',
      aliases: ['advertise'],
      doc: 'host:port under which leafs reach this server.',
    }),
    isAdvertised: fields.boolean('no_advertise', {
      default: true,
      isInverted: true,
      doc: 'Leafs are not told of other servers of the cluster.',
    }),
    authorization: fields.block('authorization', authorizationSchema, {
      doc: 'Who leafs have to be, in place of the users of the server.',
    }),
    tls: fields.node('tls', { default: null, live: 'yes', doc: 'As the block `tls` of the client port.' }),
    reconnectMs: fields.duration('reconnect', {
      default: SECOND,
      aliases: ['reconnect_delay', 'reconnect_interval'],
      zeroIsDefault: true,
      doc: 'How long after the end of a connection the next one is tried.',
    }),
    dialTimeoutMs: fields.duration('dial_timeout', {
      default: SECOND,
      zeroIsDefault: true,
      doc: 'How long connecting may take.',
    }),
    minVersion: fields.custom('min_version', 'version', readMinVersion, {
      default: '',
      aliases: ['minimum_version'],
      doc: 'The oldest version of a leaf that is let in.',
    }),
    compression: compressionField('s2_auto'),
    isIsolated: fields.boolean('isolate_leafnode_interest', {
      default: false,
      aliases: ['isolate'],
      doc: 'Leafs are not told of interest of other leafs.',
    }),
    writeDeadlineMs: fields.duration('write_deadline', { default: 0, doc: 'How long one write may take.' }),
    writeTimeout: fields.oneOf('write_timeout', ['default', 'close', 'retry'], {
      default: 'default',
      doc: 'Whether a line that is slow, but moves, is closed. The default is to go on.',
    }),
    repliesMax: fields.integer('max_routed_replies', {
      default: 65_536,
      minimum: 1,
      doc: 'How many answers to requests that came through gateways are waited for. Beyond it the oldest are forgotten.',
    }),
    replyMs: fields.duration('routed_reply_timeout', {
      default: 60 * SECOND,
      zeroIsDefault: true,
      doc: 'How long such an answer is waited for.',
    }),
    remotes: fields.custom('remotes', 'array of remotes', readRemotes, {
      default: [] as readonly RemoteOptions[],
      live: 'yes',
      print: (remotes) => `${remotes.length} remotes`,
      doc: 'Servers this one is a leaf of.',
    }),
  },
  { notMap: (node) => `Expected map to define a leafnode, got ${typeName(node)}` },
);

type Block = OptionsOf<typeof leafSchema.fields>;

export interface LeafAuthorization {
  readonly users: readonly LeafUser[];
  /** They stand in a list, and not alone: then certificates may say which one a leaf is. */
  readonly isList: boolean;
  /** Empty where there is none. */
  readonly nkey: string;
  readonly account: string;
  readonly isProxyRequired: boolean;
}

export type LeafConfig = Omit<Block, 'authorization'> & {
  /** Null: leafs are users of the server. */
  readonly authorization: LeafAuthorization | null;
  /** Null: two seconds, or one more than a TLS handshake may take. */
  readonly authTimeoutMs: number | null;
  /** By account, how many leafs it may have; negative for any number. */
  readonly leafsMax: ReadonlyMap<string, number>;
};

export const leafConfig = {
  read(node: unknown, problems: Problems, sources: ConfigSources): LeafConfig {
    const { accounts } = sources;
    const { authorization, ...options } = leafSchema.read(node as ConfigNode | undefined, problems);
    const conflict = authorization === null ? null : conflictIn(authorization);
    if (conflict !== null) problems.error(node as ConfigNode, conflict);
    for (const missing of accountsMissing(sources, options.remotes, authorization))
      problems.error(node as ConfigNode, missing);
    return Object.freeze({
      ...options,
      authorization: authorization === null ? null : whoMayIn(authorization),
      authTimeoutMs: authorization?.timeoutMs ?? null,
      leafsMax: readLimits(accounts, problems),
    });
  },
};

/** Whose accounts come from elsewhere is not known here, nor where a block is read alone. */
const MAKE_ACCOUNTS = ['operator', 'trusted_keys', 'resolver'];

function* accountsMissing(
  { accounts, elsewhere }: ConfigSources,
  remotes: readonly RemoteOptions[],
  authorization: Block['authorization'],
): Generator<string> {
  if (elsewhere === undefined || MAKE_ACCOUNTS.some((key) => elsewhere(key) !== undefined)) return;
  const isThere = (name: string): boolean => name === '' || BUILT_IN.has(name) || accounts.has(name);
  const used = [authorization?.account ?? '', ...(authorization?.users ?? []).map(({ account }) => account)];
  for (const name of used) {
    if (!isThere(name)) yield `cannot find local account ${quotedText(name)} specified in leafnode authorization`;
  }
  for (const { account } of remotes) {
    if (!isThere(account)) yield `cannot find local account ${quotedText(account)} specified in leafnode remote`;
  }
}

/** Null where the block names nobody. */
function whoMayIn(block: NonNullable<Block['authorization']>): LeafAuthorization | null {
  const { user, password, nkey, account, users, isProxyRequired } = block;
  const single = user === '' ? [] : [{ user, password, account, isProxyRequired }];
  if (nkey === '' && single.length + users.length === 0) return null;
  return { users: [...single, ...users], isList: users.length > 0, nkey, account, isProxyRequired };
}

function readLimits(accounts: ConfigSources['accounts'], problems: Problems): ReadonlyMap<string, number> {
  const limits = new Map<string, number>();
  for (const [name, blocks] of accounts) {
    const node = (blocks.get('limits.max_leafnodes') ?? blocks.get('limits.max_leafs')) as ConfigNode | undefined;
    const max = node === undefined ? undefined : asInteger(node, problems);
    if (max !== undefined) limits.set(name, max);
  }
  return limits;
}

function readMinVersion(node: ConfigNode, { problems }: FieldUse): string | undefined {
  if (node.kind !== 'string') {
    problems.error(node, mismatchText(node, 'string'));
    return undefined;
  }
  const numbers = versionIn(node.value);
  if (numbers === null) problems.error(node, "invalid leafnode's minimum version: invalid semver");
  else if (isOlder(numbers, OLDEST)) problems.error(node, 'the minimum version should be at least 2.8.0');
  else return node.value;
  return undefined;
}

/** Null for what is none. */
export function versionIn(text: string): readonly [number, number, number] | null {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(text);
  return parts === null ? null : [Number(parts[1]), Number(parts[2]), Number(parts[3])];
}

export function isOlder(one: readonly number[], other: readonly number[]): boolean {
  for (let at = 0; at < 3; at++) if (one[at] !== other[at]) return one[at]! < other[at]!;
  return false;
}
