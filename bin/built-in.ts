/**
 * The plugins of this build, and those that other builds may have.
 *
 * What a plugin owns stands here as data, so that a broker learns which plugins it needs without loading any. A test
 * holds the table against what the plugins say of themselves.
 */
import type { PluginDefinition } from '../kernel/host/plugin-definition.ts';

export interface KnownPlugin {
  readonly name: string;
  /** Absent: the plugin is not in this build. */
  readonly load?: () => Promise<PluginDefinition>;
  /** Top-level keys. */
  readonly keys?: readonly string[];
  /** Other names of keys. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Keys inside the block of another plugin that ask for this one, as `block.key`. */
  readonly innerKeys?: readonly string[];
  /** Keys inside every account, and inside its limits as `limits.<key>`. */
  readonly accountKeys?: readonly string[];
  /** Capabilities it provides: for the advice in errors. */
  readonly provides?: readonly string[];
  /** Left out although its blocks are there, it would let in whom they keep out: that is no mere warning. */
  readonly isGuard?: boolean;
  /** Runs in every broker that lists no plugins. */
  readonly isUsual?: boolean;
  /** Runs whenever one of these does, where no plugins are listed: they need what it provides. */
  readonly alongside?: readonly string[];
  /** The same for keys that belong to others. */
  readonly alongsideKeys?: readonly string[];
}

/** Plugins of others that `gnatlet build` put in; the package itself does not know the name. */
declare const GNATLET_ADDED: readonly KnownPlugin[] | undefined;

/** A build that lacks a plugin has nothing in the place of its `load`: see build/bundler-rules.ts. */
const TABLE: readonly KnownPlugin[] = [
  {
    name: 'auth',
    load: async () => (await import('../plugins/auth/index.ts')).plugin,
    keys: ['authorization', 'no_auth_user', 'proxies'],
    accountKeys: ['users', 'default_permissions'],
    isGuard: true,
    alongside: ['operator', 'websocket', 'oidc', 'leaf'],
  },
  {
    name: 'oidc',
    load: async () => (await import('../plugins/oidc/index.ts')).plugin,
    keys: ['oidc'],
    provides: ['auth.authenticator'],
    isGuard: true,
  },
  {
    name: 'auth-callout',
    load: async () => (await import('../plugins/auth-callout/index.ts')).plugin,
    innerKeys: ['authorization.auth_callout', 'authorization.auth_hook'],
    provides: ['auth.authenticator'],
    isGuard: true,
    alongside: ['operator'],
  },
  {
    name: 'tls',
    load: async () => (await import('../plugins/tls/index.ts')).plugin,
    keys: ['tls', 'allow_non_tls'],
    alongsideKeys: ['resolver_tls'],
    isGuard: true,
    provides: ['tls.contexts', 'monitor.section', 'auth.authenticator', 'auth.loginTime'],
    alongside: ['websocket', 'route', 'leaf'],
  },
  { name: 'proxy-protocol', load: async () => (await import('../plugins/proxy-protocol/index.ts')).plugin },
  {
    name: 'monitoring',
    load: async () => (await import('../plugins/monitoring/index.ts')).plugin,
    provides: ['monitor.address', 'monitor.endpoints'],
    alongside: ['system-events', 'dashboard'],
    keys: ['http', 'https', 'http_port', 'https_port', 'http_base_path', 'http_max_connections'],
    aliases: { monitor_port: 'http_port' },
  },
  {
    name: 'metrics',
    load: async () => (await import('../plugins/metrics/index.ts')).plugin,
    keys: ['metrics'],
    alongside: ['monitoring'],
  },
  {
    name: 'dashboard',
    load: async () => (await import('../plugins/dashboard/index.ts')).plugin,
    keys: ['dashboard'],
  },
  {
    name: 'system-events',
    load: async () => (await import('../plugins/system-events/index.ts')).plugin,
    provides: ['server.stamp', 'monitor.section'],
    isUsual: true,
  },
  {
    name: 'message-trace',
    load: async () => (await import('../plugins/message-trace/index.ts')).plugin,
    isUsual: true,
  },
  {
    name: 'resolver-memory',
    load: async () => (await import('../plugins/resolver-memory/index.ts')).plugin,
    provides: ['account.resolver'],
    alongside: ['operator'],
  },
  {
    name: 'resolver-url',
    load: async () => (await import('../plugins/resolver-url/index.ts')).plugin,
    provides: ['account.resolver'],
    alongside: ['operator'],
  },
  {
    name: 'resolver-directory',
    load: async () => (await import('../plugins/resolver-directory/index.ts')).plugin,
    provides: ['account.resolver'],
    alongside: ['operator'],
  },
  {
    name: 'ocsp',
    load: async () => (await import('../plugins/ocsp/index.ts')).plugin,
    keys: ['ocsp', 'ocsp_cache'],
    provides: ['tls.statuses', 'monitor.section'],
    alongside: ['tls', 'websocket'],
  },
  {
    name: 'account-sharing',
    load: async () => (await import('../plugins/account-sharing/index.ts')).plugin,
    keys: ['account_sharing'],
    accountKeys: ['exports', 'imports'],
    provides: ['account.sharing', 'monitor.section', 'service.measures'],
    alongside: ['operator'],
  },
  {
    name: 'operator',
    load: async () => (await import('../plugins/operator/index.ts')).plugin,
    isGuard: true,
    provides: ['auth.authenticator', 'operator.users', 'account.allowances', 'monitor.section'],
    keys: [
      'operator',
      'resolver',
      'resolver_tls',
      'resolver_preload',
      'resolver_pinned_accounts',
      'trusted_keys',
      'default_sentinel',
    ],
    aliases: {
      operators: 'operator',
      root: 'operator',
      roots: 'operator',
      root_operator: 'operator',
      root_operators: 'operator',
      account_resolver: 'resolver',
      accounts_resolver: 'resolver',
      trusted: 'trusted_keys',
    },
  },
  {
    name: 'route',
    load: async () => (await import('../plugins/route/index.ts')).plugin,
    keys: ['cluster'],
    provides: ['server.peers', 'server.cluster', 'cluster.address', 'cluster.notes', 'monitor.section'],
  },
  { name: 'gateway', keys: ['gateway'] },
  {
    name: 'leaf',
    load: async () => (await import('../plugins/leaf/index.ts')).plugin,
    provides: ['auth.authenticator', 'leaf.address', 'monitor.section'],
    keys: ['leafnodes'],
    aliases: { leaf: 'leafnodes' },
    accountKeys: ['limits.max_leafnodes', 'limits.max_leafs'],
  },
  {
    name: 'websocket',
    load: async () => (await import('../plugins/websocket/index.ts')).plugin,
    keys: ['websocket'],
    aliases: { ws: 'websocket' },
    provides: ['websocket.paths', 'websocket.address', 'websocket.dialer', 'auth.authenticator', 'monitor.section'],
    alongside: ['leaf'],
  },
  { name: 'mqtt', keys: ['mqtt'] },
  {
    name: 'storage-memory',
    load: async () => (await import('../storage-drivers/memory/plugin.ts')).plugin,
    provides: ['storage.driver'],
    alongside: ['jetstream'],
  },
  {
    name: 'storage-file',
    load: async () => (await import('../storage-drivers/file/plugin.ts')).plugin,
    provides: ['storage.opener'],
    alongside: ['jetstream'],
  },
  {
    name: 'jetstream',
    load: async () => (await import('../plugins/jetstream/index.ts')).plugin,
    provides: ['monitor.section', 'stream.domain'],
    keys: ['jetstream', 'store_dir', 'default_js_domain'],
    aliases: { storedir: 'store_dir' },
    accountKeys: ['jetstream'],
  },
];

export const KNOWN_PLUGINS: readonly KnownPlugin[] =
  typeof GNATLET_ADDED === 'undefined' ? TABLE : [...TABLE, ...GNATLET_ADDED];

/** What the list of plugins may name without anything being installed. */
export function builtInLoaders(): ReadonlyMap<string, () => Promise<PluginDefinition>> {
  return new Map(KNOWN_PLUGINS.flatMap(({ name, load }) => (load === undefined ? [] : [[name, load]])));
}

/** By capability, who would provide it. */
export function knownProviders(): ReadonlyMap<string, readonly string[]> {
  const providers = new Map<string, string[]>();
  for (const { name, provides = [] } of KNOWN_PLUGINS) {
    for (const capability of provides) providers.set(capability, [...(providers.get(capability) ?? []), name]);
  }
  return providers;
}
