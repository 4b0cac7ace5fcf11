/** The block `cluster`. */
import {
  asArray,
  type ConfigChange,
  type ConfigNode,
  type ConfigSources,
  compressionField,
  defineSchema,
  type FieldUse,
  fields,
  type OptionsOf,
  type Problems,
  printed,
  quotedText,
  type ReloadAnswer,
  readDurationText,
  readPermissions,
  type SubjectRules,
  subjectFromText,
  typeName,
  UNRESTRICTED,
} from '../../kernel/plugin-api.ts';
import { haveSameAddress, parseRouteUrl, type RouteUrl } from './route-url.ts';

const SECOND = 1000;
/** Lines between servers are asked at least this often. */
export const PING_INTERVAL_MAX_MS = 30 * SECOND;

/** What this server asks others for, and what they may ask it for. */
export interface RoutePermissions {
  readonly imports: SubjectRules;
  readonly exports: SubjectRules;
}

const authorizationSchema = defineSchema({
  user: fields.string('user', { default: '', aliases: ['username'], doc: 'Whom other servers log in as.' }),
  password: fields.string('pass', { default: '', aliases: ['password'], doc: 'With which password.' }),
  timeoutMs: fields.custom<'timeout', number | null>('timeout', 'seconds or duration', readTimeout, {
    default: null,
    doc: 'How long another server may take to log in.',
  }),
  token: refused('token', 'Cluster authorization does not support tokens'),
  users: refused('users', 'Cluster authorization does not allow multiple users'),
  callout: refused('auth_callout', 'Cluster authorization does not support callouts'),
  permissions: permissionsField('Deprecated here: `permissions` of the cluster.', (node, use) =>
    use.problems.warning(node, 'setting "permissions" within cluster authorization block is deprecated'),
  ),
});

export const clusterSchema = defineSchema(
  {
    name: fields.string('name', {
      default: '',
      live: 'yes',
      check: (name) => (/\s/.test(name) ? 'cluster name cannot contain spaces' : null),
      doc: 'What the cluster is called; all its servers say the same. Made up where it is absent.',
    }),
    listen: fields.listen('listen', { doc: 'Where other servers connect: a port, or host:port.' }),
    host: fields.string('host', { default: '', aliases: ['net'], doc: 'The address to listen on.' }),
    port: fields.integer('port', { default: 0, maximum: 65_535, doc: 'The port. -1 picks a free one; 0 is off.' }),
    advertise: fields.string('cluster_advertise', {
      default: '',
      aliases: ['advertise'],
      live: 'yes',
      doc: 'host:port under which other servers reach this one.',
    }),
    isAdvertised: fields.boolean('no_advertise', {
      default: true,
      isInverted: true,
      live: 'yes',
      doc: 'Clients are not told of other servers, nor are those told where clients reach this one.',
    }),
    routes: fields.custom('routes', 'array of URLs', readRoutes, {
      default: [] as readonly RouteUrl[],
      live: 'yes',
      print: (routes) => `[${routes.map(({ host, port }) => `${host}:${port}`).join(' ')}]`,
      doc: 'Servers to form a cluster with; the others are heard of from these.',
    }),
    authorization: fields.block('authorization', authorizationSchema, {
      aliases: ['authentication'],
      live: 'yes',
      doc: 'What other servers have to show.',
    }),
    permissions: permissionsField('What this server asks others for (`import`), and they may ask it for (`export`).'),
    tls: fields.node('tls', { default: null, live: 'yes', doc: 'As the block `tls` of the client port.' }),
    connectRetries: fields.integer('connect_retries', {
      default: 0,
      minimum: 0,
      live: 'yes',
      doc: 'How often a server that others told of is tried again.',
    }),
    backsOff: fields.boolean('connect_backoff', {
      default: false,
      live: 'yes',
      doc: 'The time between attempts doubles from 1 s up to 30 s.',
    }),
    poolSize: fields.integer('pool_size', {
      default: 3,
      maximum: 1000,
      live: 'yes',
      zeroIsDefault: true,
      doc: 'Connections to each server. Negative: one, as very old servers have it.',
    }),
    accounts: fields.stringList('accounts', {
      default: [],
      live: 'yes',
      clean: (names) => names.map(subjectFromText),
      doc: 'Accounts with a connection of their own to each server. The system account always has one.',
    }),
    compression: compressionField('accept'),
    pingIntervalMs: fields.duration('ping_interval', {
      default: 0,
      live: 'yes',
      doc: 'How often other servers are asked whether they are there; 30 s at most.',
    }),
    pingMax: fields.integer('ping_max', { default: 0, minimum: 0, live: 'yes', doc: 'Unanswered pings allowed.' }),
    writeDeadlineMs: fields.duration('write_deadline', {
      default: 0,
      live: 'new',
      doc: 'How long one write may take.',
    }),
    writeTimeout: fields.oneOf('write_timeout', ['default', 'close', 'retry'], {
      default: 'default',
      live: 'new',
      doc: 'Whether a line that is slow, but moves, is closed. The default is to go on.',
    }),
  },
  { notMap: (node) => `Expected map to define cluster, got ${typeName(node)}` },
);

type Block = OptionsOf<typeof clusterSchema.fields>;

export type ClusterConfig = Omit<Block, 'permissions' | 'authorization'> & {
  readonly user: string;
  readonly password: string;
  /** Null: two seconds, or one more than a TLS handshake may take. */
  readonly authTimeoutMs: number | null;
  /** Null: everything both ways. */
  readonly permissions: RoutePermissions | null;
};

export const clusterConfig = {
  read(node: unknown, problems: Problems, _sources: ConfigSources): ClusterConfig {
    const block = node as ConfigNode | undefined;
    const { authorization, permissions, ...options } = clusterSchema.read(block, problems);
    if (block !== undefined) check(options, problems, block);
    return Object.freeze({
      ...options,
      user: authorization?.user ?? '',
      password: authorization?.password ?? '',
      authTimeoutMs: authorization?.timeoutMs ?? null,
      permissions: permissions ?? authorization?.permissions ?? null,
    });
  },
};

function check(options: Omit<Block, 'permissions' | 'authorization'>, problems: Problems, block: ConfigNode): void {
  const { accounts, poolSize, pingIntervalMs } = options;
  if (poolSize < 0 && accounts.length > 0) {
    problems.bareError(block, 'pool_size cannot be negative if pinned accounts are specified');
  }
  const twice = accounts.find((name, at) => accounts.indexOf(name) < at);
  if (twice !== undefined) {
    const list = `[${accounts.join(' ')}]`;
    problems.bareError(block, `found duplicate account name ${quotedText(twice)} in pinned accounts list ${list}`);
  }
  if (pingIntervalMs > PING_INTERVAL_MAX_MS) {
    problems.warning(block, "Cluster 'ping_interval' will reset to 30s which is the max for routes");
  }
}

function readRoutes(node: ConfigNode, { problems }: FieldUse): readonly RouteUrl[] | undefined {
  const array = asArray(node, problems);
  if (array === undefined) return undefined;
  const routes: RouteUrl[] = [];
  for (const item of array.value) {
    const url = item.kind === 'string' ? parseRouteUrl(item.value) : null;
    if (url === null) {
      problems.error(
        item,
        `error parsing route url [${item.kind === 'string' ? quotedText(item.value) : printed(item)}]`,
      );
    } else if (routes.some((other) => haveSameAddress(url, other))) {
      problems.warning(item, 'Duplicate route entry detected');
    } else {
      routes.push(url);
    }
  }
  return routes;
}

function permissionsField(doc: string, notice: (node: ConfigNode, use: FieldUse) => void = () => {}) {
  return fields.custom<'permissions', RoutePermissions | null>(
    'permissions',
    'permissions',
    (node, use) => {
      notice(node, use);
      return readRoutePermissions(node, use.problems);
    },
    { default: null, live: 'yes', doc },
  );
}

function readRoutePermissions(node: ConfigNode, problems: Problems): RoutePermissions | undefined {
  const rules = readPermissions(node, problems);
  if (rules === undefined) return undefined;
  if (rules.responses !== null) problems.error(node, 'Cluster permissions do not support dynamic responses');
  return { imports: rules.publish ?? UNRESTRICTED, exports: rules.subscribe ?? UNRESTRICTED };
}

function refused<Key extends string>(key: Key, text: string) {
  return fields.custom<Key, null>(key, 'none', (node, use) => void use.problems.error(node, text), {
    default: null,
    doc: 'Not here.',
  });
}

function readTimeout(node: ConfigNode, { problems }: FieldUse): number | undefined {
  if (node.kind === 'integer' || node.kind === 'float') return Number(node.value) * SECOND;
  if (node.kind === 'string') return readDurationText(node, '', problems);
  problems.error(node, "error parsing cluster authorization config, 'timeout' wrong type");
  return undefined;
}

/** Everything but where it listens can change under way. */
export function reloadAnswer({ before, after }: ConfigChange<ClusterConfig>): ReloadAnswer {
  for (const key of ['host', 'port'] as const) {
    if (before[key] === after[key]) continue;
    return { refuse: `config reload not supported for cluster ${key}: old=${before[key]}, new=${after[key]}` };
  }
  return 'live';
}
