/**
 * The capability `auth.authenticator`, a chain: whoever has another way to tell who a client is provides one.
 *
 * `authenticate` is asked in the order of the chain before the configured users are looked up, and the first answer
 * counts. What is decided then goes past every `review`, which may replace it: a callout that overrides everything.
 */
import type { ClientOptions, Connection, Identity, Permissions, Refusal } from '../../kernel/plugin-api.ts';
import type { ConnectionType } from '../../protocols/jwt/connection-types.ts';
import type { CalloutOptions } from './config/callout-options.ts';
import type { KnownUser } from './user-directory.ts';

export type { CalloutOptions, Connection, ConnectionType, Identity, KnownUser };

/** What the client said in CONNECT. */
export type Credentials = Readonly<ClientOptions>;

export const AUTHENTICATOR = 'auth.authenticator';

/**
 * A capability (one): how long clients may take to log in where the configuration does not say, in milliseconds, or null for the
 * broker's own time. Whoever makes logging in take longer, with handshakes for instance, provides a `LoginTime`.
 */
export const LOGIN_TIME = 'auth.loginTime';
export type LoginTime = () => number | null;

export type Verdict = Identity | Refusal;

/** Somebody wants in. */
export interface LoginAttempt {
  readonly connection: Connection;
  readonly credentials: Credentials;
  readonly connectionType: ConnectionType;
  /** What the client had to sign; empty where it was not asked to. */
  readonly nonce: string;
  /** The client sent something else first than CONNECT. */
  readonly isImplicit: boolean;
  /** The public key of the trusted proxy it came through; empty without one. */
  readonly proxyKey: string;
  /** Whom clients are that bring nothing (`no_auth_user`); null where they are refused. */
  readonly nobody: KnownUser | null;
  /** A configured user by name or public key. */
  findUser(name: string): KnownUser | undefined;
  /** A configured user by name alone. */
  findNamed(name: string): KnownUser | undefined;
  /** Some users are known by keys: where a client brings one, names do not matter. */
  readonly hasKeyUsers: boolean;
  userNames(): Iterable<string>;
  /**
   * Lets the client in as a configured user, if this user may come in this way: for those who know the name from
   * elsewhere, such as a certificate. With `withPassword` the password of CONNECT must be the user's.
   */
  admit(user: KnownUser, options?: { withPassword?: boolean }): Promise<Verdict>;
  /** Whether a secret is the stored one, plain or as bcrypt. */
  isRight(stored: string, given: string): Promise<boolean>;
  /** A refusal that tells the log who it was. */
  refuse(): Refusal;
}

/** What of auth's configuration matters to others; each reload makes another. */
export interface AuthView {
  /** The block `auth_callout`; null where there is none. */
  readonly callout: CalloutOptions | null;
  find(name: string): KnownUser | undefined;
  /** What those users of an account may do that bring no permissions of their own; null for everything. */
  defaultPermissions(account: string): Permissions | null;
}

/** Who is configured to log in. */
export interface ConfiguredUsers {
  /** There is a list of users, or an account with some. */
  readonly hasUsers: boolean;
  findUser(name: string): KnownUser | undefined;
}

/** What an authenticator may want of those who ask it. */
export interface AuthDesk {
  /**
   * Its rules are others now: whether anybody has to log in is looked at anew, and clients that are logged in and
   * concerned are asked again, as by a reload.
   */
  reconsider(isConcerned: (connection: Connection) => boolean): void;
}

export interface Authenticator {
  /** Clients have to log in even if no user is configured. */
  readonly isLoginRequired: boolean;
  /** Clients are sent a nonce to sign. */
  readonly needsNonce: boolean;
  /** Acts on the block `auth_callout`: without anybody who does, a configuration that has the block is refused. */
  readonly takesCallouts?: boolean;
  /** Before anybody is judged, and again with each reload. Never called: nobody asks, and everybody is let in. */
  configured?(view: AuthView, desk: AuthDesk): void;
  /** It has to be asked though nobody else need log in: some clients do. */
  readonly isAsked?: boolean;
  /** Why it cannot work with these users; empty when it can. Asked at the start and by each reload. */
  checkUsers?(users: ConfiguredUsers): string;
  /** Undefined: not mine. */
  authenticate?(attempt: LoginAttempt): Verdict | undefined | Promise<Verdict | undefined>;
  /** Undefined: leave it as it is. */
  review?(attempt: LoginAttempt, verdict: Verdict): Verdict | undefined | Promise<Verdict | undefined>;
}
