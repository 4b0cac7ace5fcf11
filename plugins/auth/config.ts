/** The configuration of who may log in: `authorization`, the users of accounts, `no_auth_user` and `proxies`. */
import {
  asString,
  type ConfigChange,
  type ConfigNode,
  type ConfigSources,
  defineSchema,
  fields,
  GLOBAL_ACCOUNT,
  type OptionsOf,
  outcomeOf,
  type PermissionRules,
  type Place,
  type Problems,
  quotedText,
  type ReloadAnswer,
  readDurationText,
  readPermissions,
  type Steps,
} from '../../kernel/plugin-api.ts';
import { type CalloutOptions, printedCallout, readCallout } from './config/callout-options.ts';
import { readTrustedProxies } from './config/proxy-options.ts';
import { type ListedUser, readUsers, type UserOptions, uniqueUsers, withDefaults } from './config/user-options.ts';

export interface AuthConfig {
  /** There is an `authorization` block. */
  readonly isAuthorizationGiven: boolean;
  /** The one user of a block without a list; empty for none. */
  readonly user: string;
  readonly password: string;
  /** The one token; empty for none. */
  readonly token: string;
  readonly isProxyRequired: boolean;
  /** Null: the broker's own. */
  readonly timeoutMs: number | null;
  readonly users: readonly UserOptions[];
  /** All accounts of the configuration. */
  readonly accounts: readonly string[];
  readonly noAuthUser: string;
  /** Public keys. */
  readonly trustedProxies: readonly string[];
  readonly failedLoginsMax: number;
  readonly failedLoginWindowMs: number;
  /** Whom a service lets in; null where none is asked. */
  readonly callout: CalloutOptions | null;
  /** By account, what those of its users may do that bring no permissions of their own. */
  readonly accountDefaults: ReadonlyMap<string, PermissionRules>;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HIGH_TIMEOUT_MS = MINUTE;
/** What is said of it stands alone. */
const NOWHERE: Place = { file: '', line: 0, column: 0 };

export const authorizationSchema = defineSchema({
  user: fields.string('user', { default: '', aliases: ['username'], live: 'yes', doc: 'The one user.' }),
  password: fields.string('pass', {
    default: '',
    aliases: ['password'],
    live: 'yes',
    doc: 'The password of the one user, plain or as bcrypt.',
  }),
  token: fields.string('token', { default: '', live: 'yes', doc: 'What all clients show, plain or as bcrypt.' }),
  timeoutMs: fields.custom<'timeout', number | null>('timeout', 'seconds or duration', readTimeout, {
    default: null,
    live: 'yes',
    doc: 'How long a client may take to log in.',
  }),
  users: fields.custom<'users', readonly ListedUser[] | null>(
    'users',
    'array of users',
    (node, { problems }) => outcomeOf(readUsers(node, GLOBAL_ACCOUNT, problems)),
    {
      default: null,
      live: 'yes',
      doc: 'The users of the account $G.',
      readInSteps: (node, { problems }) => readUsers(node, GLOBAL_ACCOUNT, problems),
    },
  ),
  defaultPermissions: fields.custom<'default_permissions', PermissionRules | null>(
    'default_permissions',
    'permissions',
    (node, { problems }) => readPermissions(node, problems),
    {
      default: null,
      aliases: ['default_permission', 'permissions'],
      live: 'yes',
      doc: 'The permissions of users in `users` that have none of their own.',
    },
  ),
  callout: fields.custom<'auth_callout', CalloutOptions | null>(
    'auth_callout',
    'map',
    (node, { problems }) => readCallout(node, problems),
    { default: null, aliases: ['auth_hook'], doc: 'A service that says who may log in.' },
  ),
  isProxyRequired: fields.boolean('proxy_required', {
    default: false,
    doc: 'The one user, or whoever shows the token, must come through a trusted proxy.',
  }),
  failedLoginsMax: fields.integer('max_failed_logins', {
    default: 1000,
    live: 'yes',
    doc: 'How often one address may fail to log in within a window before its attempts are refused unseen. 0: as often as it likes.',
  }),
  failedLoginWindowMs: fields.duration('failed_login_window', {
    default: MINUTE,
    isStringOnly: true,
    zeroIsDefault: true,
    live: 'yes',
    doc: 'How long failed logins of an address are counted together.',
  }),
});

type Authorization = OptionsOf<typeof authorizationSchema.fields>;

export const authSchema = {
  read(node: unknown, problems: Problems, sources: ConfigSources): AuthConfig {
    return outcomeOf(authSchema.readInSteps(node, problems, sources));
  },

  *readInSteps(node: unknown, problems: Problems, sources: ConfigSources): Steps<AuthConfig> {
    const block = node as ConfigNode | undefined;
    const options = yield* authorizationSchema.readInSteps(block, problems);
    const accountDefaults = readAccountDefaults(sources, problems);
    const ofAccounts = yield* readAccountUsers(sources, accountDefaults, problems);
    const ownUsers = withDefaults(options.users ?? [], options.defaultPermissions);
    if (block !== undefined) checkConflicts(options, ofAccounts, block, problems);
    const users = yield* uniqueUsers([...ownUsers, ...ofAccounts], problems);
    if (options.callout !== null) checkAllowedAccounts(options.callout, sources, problems);
    return Object.freeze({
      isAuthorizationGiven: block !== undefined,
      user: options.user,
      password: options.password,
      token: options.token,
      isProxyRequired: options.isProxyRequired,
      timeoutMs: options.timeoutMs,
      users: Object.freeze(users),
      accounts: Object.freeze([...sources.accounts.keys()]),
      noAuthUser: readNoAuthUser(sources.also('no_auth_user') as ConfigNode | undefined, users, problems),
      trustedProxies: readTrustedProxies(sources.also('proxies') as ConfigNode | undefined, problems),
      failedLoginsMax: options.failedLoginsMax,
      failedLoginWindowMs: options.failedLoginWindowMs,
      callout: options.callout,
      accountDefaults,
    });
  },
};

function readAccountDefaults({ accounts }: ConfigSources, problems: Problems): Map<string, PermissionRules> {
  const defaults = new Map<string, PermissionRules>();
  for (const [account, blocks] of accounts) {
    const node = blocks.get('default_permissions') as ConfigNode | undefined;
    const rules = node === undefined ? undefined : readPermissions(node, problems);
    if (rules !== undefined) defaults.set(account, rules);
  }
  return defaults;
}

function* readAccountUsers(
  { accounts }: ConfigSources,
  defaults: ReadonlyMap<string, PermissionRules>,
  problems: Problems,
): Steps<ListedUser[]> {
  const all: ListedUser[] = [];
  for (const [account, blocks] of accounts) {
    yield;
    const node = blocks.get('users') as ConfigNode | undefined;
    if (node === undefined) continue;
    const users = yield* readUsers(node, account, problems);
    for (const user of withDefaults(users, defaults.get(account) ?? null)) all.push(user);
  }
  return all;
}

function checkAllowedAccounts({ allowedAccounts }: CalloutOptions, { accounts }: ConfigSources, problems: Problems) {
  for (const account of allowedAccounts) {
    if (accounts.has(account)) continue;
    const text = `auth_callout allowed account ${quotedText(account)} not found in configured accounts`;
    problems.bareError(NOWHERE, text);
  }
}

/** Either one user, or one token, or a list. An empty list counts as one here, though it asks nobody to log in. */
function checkConflicts(
  { user, password, token, users }: Authorization,
  ofAccounts: readonly ListedUser[],
  block: ConfigNode,
  problems: Problems,
): void {
  const isSingle = user !== '' || password !== '';
  if (isSingle && token !== '') problems.error(block, 'Cannot have a user/pass and token');
  if (isSingle && users !== null) problems.error(block, 'Can not have a single user/pass and a users array');
  if (token !== '' && users !== null) problems.error(block, 'Can not have a token and a users array');
  if (ofAccounts.length === 0) return;
  const { place } = ofAccounts[0]!;
  if (isSingle) problems.error(place, 'Can not have a single user/pass and accounts');
  if (token !== '') problems.error(place, 'Can not have a token and accounts');
}

function readNoAuthUser(node: ConfigNode | undefined, users: readonly UserOptions[], problems: Problems): string {
  if (node === undefined) return '';
  const name = asString(node, problems) ?? '';
  const subject = `no_auth_user: ${quotedText(name)}`;
  if (name !== '' && users.length === 0) {
    problems.bareError(node, `${subject} present, but users/nkeys are not defined`);
  } else if (name !== '' && !users.some((user) => user.user === name || user.nkey === name)) {
    problems.bareError(node, `${subject} not present as user or nkey in authorization block or account configuration`);
  }
  return name;
}

function readTimeout(node: ConfigNode, { problems }: { problems: Problems }): number | undefined {
  const ms = timeoutIn(node, problems);
  if (ms === undefined) return undefined;
  if (ms > HIGH_TIMEOUT_MS) {
    const high = `timeout of ${String((node as { value: unknown }).value)} (${(ms / SECOND).toFixed(6)} seconds) is high`;
    const advice = "possibly caused by unquoted duration; use '1m' instead of 1m, for example";
    problems.misuse(node, 'timeout', `${high}, consider keeping it under 60 seconds. ${advice}`);
  }
  return ms;
}

function timeoutIn(node: ConfigNode, problems: Problems): number | undefined {
  if (node.kind === 'integer' || node.kind === 'float') return Number(node.value) * SECOND;
  const prefix = "error parsing authorization config, 'timeout' ";
  if (node.kind === 'string') return readDurationText(node, prefix, problems);
  problems.error(node, `${prefix}wrong type`);
  return undefined;
}

/** Users, passwords and permissions change under way; what clients were told in INFO does not. */
export function reloadAnswer({ before, after }: ConfigChange<AuthConfig>): ReloadAnswer {
  if (before.noAuthUser !== after.noAuthUser && !isGone(before.noAuthUser, after)) {
    return { refuse: unsupported('NoAuthUser', before.noAuthUser, after.noAuthUser) };
  }
  if (before.isProxyRequired !== after.isProxyRequired) {
    return { refuse: unsupported('ProxyRequired', before.isProxyRequired, after.isProxyRequired) };
  }
  const callouts = [before.callout, after.callout].map(printedCallout);
  if (callouts[0] !== callouts[1]) return { refuse: unsupported('AuthCallout', callouts[0], callouts[1]) };
  return 'live';
}

/** It may be taken back together with the user it names. */
function isGone(name: string, after: AuthConfig): boolean {
  return (
    name !== '' && after.noAuthUser === '' && !after.users.some(({ user, nkey }) => user === name || nkey === name)
  );
}

function unsupported(option: string, before: unknown, after: unknown): string {
  return `config reload not supported for ${option}: old=${before}, new=${after}`;
}

/** What the log says of a block that changed, in the words of a NATS server. */
export function reloadLines(before: AuthConfig, after: AuthConfig): string[] {
  const lines: string[] = [];
  if (before.user !== after.user) lines.push('Reloaded: authorization username');
  if (before.password !== after.password) lines.push('Reloaded: authorization password');
  if (before.token !== after.token) lines.push('Reloaded: authorization token');
  return lines;
}
