/**
 * The capability `account.resolver`, by name: where the claims of accounts are kept.
 *
 * The name is the type as it stands in the configuration, in lower case: `memory`, `url`, `full`, `cache`, or a stranger's. The
 * operator opens the one that is asked for, and no other.
 */
import type { Account, ConfigNode } from '../../kernel/plugin-api.ts';

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
  /** The `server` member of answers. */
  serverInfo(): object;
}

export interface DeleteRequest {
  readonly subject: string;
  readonly accountKeys: readonly string[];
}
