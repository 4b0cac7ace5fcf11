/** Everybody who is configured to log in, ready to be looked up. Made anew by each reload. */
import type { KeyObject } from 'node:crypto';
import {
  GLOBAL_ACCOUNT,
  type PermissionRules,
  PermissionSet,
  type Permissions,
  publicKeyOf,
  type Steps,
} from '../../kernel/plugin-api.ts';
import type { ConnectionType } from '../../protocols/jwt/connection-types.ts';
import type { CalloutOptions } from './config/callout-options.ts';
import type { UserOptions } from './config/user-options.ts';
import type { AuthConfig } from './config.ts';
import type { AuthView } from './contract.ts';
import { isBcrypt } from './credentials/bcrypt.ts';

export interface KnownUser {
  /** A name, or a public key. */
  readonly name: string;
  readonly account: string;
  readonly permissions: Permissions | null;
  /** Empty: any. */
  readonly connectionTypes: readonly ConnectionType[];
  readonly isProxyRequired: boolean;
}

export interface PasswordUser extends KnownUser {
  readonly password: string;
}

export interface KeyUser extends KnownUser {
  readonly key: KeyObject;
}

/** The user that clients are when only the system account has users; nobody can log in under this name. */
const ANONYMOUS = '';

export class UserDirectory implements AuthView {
  readonly byName = new Map<string, PasswordUser>();
  readonly byKey = new Map<string, KeyUser>();
  /** The one user of a configuration without a list. */
  readonly single: PasswordUser | null;
  readonly token: PasswordUser | null;
  /** Who clients without credentials are. */
  nobody: PasswordUser | KeyUser | null = null;
  /** Clients need not know that there is authentication: whoever brings nothing is let in. */
  isHidden = false;
  readonly trustedProxies: ReadonlyMap<string, KeyObject>;
  /** Compared with when there is no such user, so that the answer takes as long as for one. */
  decoy = '';
  readonly callout: CalloutOptions | null;
  private readonly accountDefaults: ReadonlyMap<string, PermissionRules>;
  private readonly shared = new Map<PermissionRules, PermissionSet>();

  /** There may be ten thousand users. */
  static *inSteps(config: AuthConfig, systemAccount: string | null): Steps<UserDirectory> {
    const directory = new UserDirectory(config);
    for (const user of config.users) {
      directory.add(user);
      yield;
    }
    const { noAuthUser } = config;
    const named = directory.byName.get(noAuthUser) ?? directory.byKey.get(noAuthUser) ?? null;
    directory.isHidden = named !== null;
    directory.nobody = named ?? (isForSystemOnly(config, systemAccount) ? openUser(ANONYMOUS, '') : null);
    return directory;
  }

  private constructor(config: AuthConfig) {
    this.callout = config.callout;
    this.accountDefaults = config.accountDefaults;
    const isProxyRequired = config.isProxyRequired;
    this.single = config.user === '' ? null : { ...openUser(config.user, config.password), isProxyRequired };
    this.token = config.token === '' ? null : { ...openUser('', config.token), isProxyRequired };
    this.trustedProxies = new Map(config.trustedProxies.map((nkey) => [nkey, publicKeyOf(nkey)!]));
  }

  /** Clients have to say who they are. */
  get isLoginRequired(): boolean {
    return this.byName.size > 0 || this.byKey.size > 0 || this.single !== null || this.token !== null;
  }

  find(name: string): KnownUser | undefined {
    return this.byName.get(name) ?? this.byKey.get(name);
  }

  defaultPermissions(account: string): PermissionSet | null {
    const rules = this.accountDefaults.get(account);
    return rules === undefined ? null : this.permissionSet(rules);
  }

  private add(user: UserOptions): void {
    if (user.nkey === '') this.byName.set(user.user, this.passwordUser(user));
    else this.byKey.set(user.nkey, this.keyUser(user));
    if (this.decoy === '' && isBcrypt(user.password)) this.decoy = user.password;
  }

  private passwordUser(user: UserOptions): PasswordUser {
    return { name: user.user, password: user.password, ...this.common(user) };
  }

  private keyUser(user: UserOptions): KeyUser {
    return { name: user.nkey, key: publicKeyOf(user.nkey)!, ...this.common(user) };
  }

  private common(user: UserOptions): Omit<KnownUser, 'name'> {
    const { account, connectionTypes, isProxyRequired, permissions } = user;
    return { account, connectionTypes, isProxyRequired, permissions: permissions && this.permissionSet(permissions) };
  }

  /** Users with the same default permissions share one set. */
  private permissionSet(rules: PermissionRules): PermissionSet {
    const set = this.shared.get(rules) ?? new PermissionSet(rules);
    this.shared.set(rules, set);
    return set;
  }
}

function openUser(name: string, password: string): PasswordUser {
  return {
    name,
    password,
    account: GLOBAL_ACCOUNT,
    permissions: null,
    connectionTypes: [],
    isProxyRequired: false,
  };
}

/** Whoever configures nothing but a login for the system account does not mean to lock everybody else out. */
function isForSystemOnly({ isAuthorizationGiven, accounts, users }: AuthConfig, systemAccount: string | null): boolean {
  return !isAuthorizationGiven && users.length > 0 && accounts.every((account) => account === systemAccount);
}

/** Passwords that anybody who sees the configuration can read. */
export function hasPlainPasswords({ users, password }: AuthConfig): boolean {
  const isPlain = (stored: string): boolean => !isBcrypt(stored);
  return (password !== '' && isPlain(password)) || users.some((user) => user.nkey === '' && isPlain(user.password));
}
