/** An account as its token has it, beside the broker's account of that name. */
import { type Account, PermissionSet, rulesFromText } from '../../kernel/plugin-api.ts';
import type { AccountClaims, SigningKeyClaims } from '../../protocols/jwt/account-claims.ts';
import { isUnsaid } from '../../protocols/jwt/permission-claims.ts';

export type Scope = SigningKeyClaims['scope'];

/** What a user of the account is judged by. Replaced as a whole when the account's token is. */
export interface Terms {
  readonly token: string;
  readonly claims: AccountClaims;
  /** Who may sign users, and of which kind. */
  readonly signers: ReadonlyMap<string, Scope>;
  /** Of users without permissions of their own; null: everything. */
  readonly defaultPermissions: PermissionSet | null;
}

export class OperatorAccount {
  readonly key: string;
  readonly account: Account;
  /** Milliseconds since 1970, when the terms came. */
  updatedAt: number;
  private current: Terms;
  /** Its time is over, or it was deleted: nobody is let in until there is a new token. */
  isExpired = false;
  /** The change of the token that is under way, and all before it. */
  changing: Promise<unknown> = Promise.resolve();
  /** Monotonic milliseconds, when the token was last asked for. */
  askedAt: number;
  private stopTimer: () => void = () => {};

  constructor(account: Account, terms: Terms, askedAt: number, now: number) {
    this.key = account.name;
    this.account = account;
    this.current = terms;
    this.askedAt = askedAt;
    this.updatedAt = now;
    this.account.title = terms.claims.name;
  }

  get terms(): Terms {
    return this.current;
  }

  /** Goes by these from now on. */
  agree(terms: Terms, now: number): void {
    this.current = terms;
    this.updatedAt = now;
    this.account.title = terms.claims.name;
  }

  get name(): string {
    return this.terms.claims.name || this.key;
  }

  /** When the timer of before is of no more use. */
  replaceTimer(stop: () => void): void {
    this.stopTimer();
    this.stopTimer = stop;
  }
}

/** With `isStrict` the account's own key signs nobody. */
export function termsOf(token: string, claims: AccountClaims, isStrict: boolean): Terms {
  const { defaultPermissions, signingKeys, subject } = claims;
  const listed = signingKeys.map(({ key, scope }) => [key, scope] as const);
  return {
    token,
    claims,
    signers: new Map(isStrict ? listed : [[subject, null] as const, ...listed]),
    defaultPermissions: isUnsaid(defaultPermissions) ? null : new PermissionSet(rulesFromText(defaultPermissions)),
  };
}
