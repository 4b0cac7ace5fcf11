/**
 * The capability `account.resolver`, by name: where the claims of accounts are kept.
 *
 * The name is the type as it stands in the configuration, in lower case: `memory`, `url`, `full`, `cache`, or a stranger's. The
 * operator opens the one that is asked for, and no other.
 */
import type { Account, ConfigNode, Identity, PluginContext } from '../../kernel/plugin-api.ts';
import type { StorageLimitClaims } from '../../protocols/jwt/account-claims.ts';
import type { LoginAttempt } from '../auth/contract.ts';

export const RESOLVER = 'account.resolver';

/** What stands under `resolver`, read. */
export interface ResolverOptions {
  readonly type: string;
  /** Of `URL(...)`; else empty. */
  readonly url: string;
  readonly folder: string;
  readonly allowsDelete: boolean;
  /** Deleted accounts leave no file behind. */
  readonly deletesForGood: boolean;
  /** Accounts kept; 0 for no limit. */
  readonly accountsMax: number;
  /** How often servers compare what they have. */
  readonly syncIntervalMs: number;
  /** How long others may take to answer. */
  readonly timeoutMs: number;
  /** How long an account is kept; 0: as long as its claims say. */
  readonly ttlMs: number;
  /** The block itself, for keys of a stranger's; null where it is text. */
  readonly block: ConfigNode | null;
  /** The block `resolver_tls`; null where there is none. */
  readonly tls: ConfigNode | null;
  /** Account keys and their tokens: stored when the resolver opens, where it stores anything. */
  readonly preloads: ReadonlyMap<string, string>;
}

export interface ResolverKind {
  /** Rejects with a message for the operator when it cannot work. */
  open(options: ResolverOptions, host: ResolverHost): Promise<AccountResolver>;
}

export interface AccountResolver {
  /** The account's token; null when there is none. Rejects when that cannot be found out now. */
  fetch(accountKey: string): Promise<string | null>;
  /** A reload brought other preloads. */
  preload?(preloads: ReadonlyMap<string, string>): Promise<void>;
  close(): Promise<void>;
}

/** What a token that was pushed is about, once it is known to be good. */
export interface CheckedClaims {
  readonly accountKey: string;
  readonly name: string;
  /** Seconds. */
  readonly issuedAt: number;
  /** Seconds; 0 for never. */
  readonly expiresAt: number;
}

/** What the operator does for a resolver. */
export interface ResolverHost {
  /** Where the resolver's requests are served. */
  readonly system: Account;
  /** Whether the account is loaded in this server. */
  isActive(accountKey: string): boolean;
  /** Decodes, and checks signature, issuer and claims. The failure is in a NATS server's words. */
  check(token: string): Promise<CheckedClaims | { readonly failure: string }>;
  /** Has a loaded account go by the new claims; nothing happens to one that is not loaded. Null, or what is wrong. */
  apply(accountKey: string, token: string): Promise<string | null>;
  /** A request to delete accounts: who asks and for which, or why it is refused. */
  checkDelete(token: string): Promise<DeleteRequest | { readonly failure: string }>;
  /** The account is no more: nobody may use it. */
  removed(accountKey: string): void;
  /**
   * For a resolver that keeps nothing: pushes act on accounts in use, until what is answered is called. Served in the name of the
   * plugin whose context it is.
   */
  serveUpdates(ctx: PluginContext): () => Promise<void>;
  /** The `server` member of answers. */
  serverInfo(): object;
}

export interface DeleteRequest {
  readonly subject: string;
  readonly accountKeys: readonly string[];
}

/** The capability `operator.users`, one: for those who let users in by other ways than the token a client shows. */
export const OPERATOR_USERS = 'operator.users';

/** What an account says about a service that decides who may log in: subject, users and keys as the account's token has them. */
export interface AccountCallout {
  /** User keys that log in by their own token and run the service. Never empty. */
  readonly authUsers: readonly string[];
  /** Accounts the service may place users in besides its own; `*` for any. */
  readonly allowedAccounts: readonly string[];
  /** The curve key that requests are sealed to; empty for none. */
  readonly xkey: string;
}

/** The token a client shows (its own, or the default sentinel), once it is known to be genuine and its account is loaded. */
export interface ShownUser {
  readonly userKey: string;
  readonly accountKey: string;
  /** What the account shows as its name; its key where it has none. */
  readonly accountName: string;
  readonly name: string;
  readonly tags: readonly string[];
  /** Null: the account has no such service, and the verdict stands. */
  readonly callout: AccountCallout | null;
}

export interface OperatorUsers {
  /**
   * Who the client says it is. The token is decoded, its signature and its times are right, and its account is loaded; what
   * else speaks against the client (a wrong signature of the nonce, a revocation, ...) is in the verdict. Null where there is
   * no such token or account.
   */
  shownBy(attempt: LoginAttempt): Promise<ShownUser | null>;
  /** Null for an account without one, and where the account cannot be had. */
  calloutOf(accountKey: string): Promise<AccountCallout | null>;
  /** Whether the key may sign for the account, which is loaded if need be: it is the account's own, or a signing key. */
  isIssuer(accountKey: string, signingKey: string): Promise<boolean>;
  /**
   * Makes an identity of a user token as a login does: signature, times, issuer, scoped key with template, default permissions,
   * connection type of the attempt, windows, expiry, revocation. The nonce is not looked at. Account and user of the identity are the
   * token's: whether that account is one the caller accepts is up to the caller. Or why not, in a NATS server's words.
   */
  identityFor(userToken: string, attempt: LoginAttempt): Promise<Identity | { readonly failure: string }>;
}

/** The capability `account.allowances`, one: what the tokens of accounts allow them to keep. */
export const ACCOUNT_ALLOWANCES = 'account.allowances';

/** -1 is no limit. */
export type StorageAllowance = StorageLimitClaims;

export interface StorageAllowances {
  /** Nothing of it, unless memory or disk is not 0. */
  readonly whole: StorageAllowance;
  /** By the name of a tier, as `R1`. */
  readonly tiers: ReadonlyMap<string, StorageAllowance>;
}

export interface AccountAllowances {
  /** Has the account loaded, if there is one of that key: its listeners have heard of it then. */
  load(accountKey: string): Promise<boolean>;
  /**
   * Hears of every account that is loaded, changed, or gone, which is null; of those that are loaded already at once. Nobody is
   * let into the account before the listener is done.
   */
  watch(listener: AllowanceListener): () => void;
}

export type AllowanceListener = (account: Account, allowances: StorageAllowances | null) => Promise<void>;
