/** User tokens that were found genuine. Remembered by digest, so that whoever comes back costs little. */
import type { KeyObject } from 'node:crypto';
import { publicKeyOf } from '../../kernel/plugin-api.ts';
import type { Failure } from '../../protocols/jwt/token.ts';
import type { UserClaims } from '../../protocols/jwt/user-claims.ts';
import { type Doorkeeper, digestOf, genuineClaims, type KeyCache } from './genuine-token.ts';
import type { OperatorAccount } from './operator-account.ts';
import { type Grants, grantsOf } from './user-grants.ts';
import { userProblemOf } from './user-validation.ts';

export class UserToken {
  readonly claims: UserClaims;
  /** What is wrong with the claims at any time; null when nothing is. */
  readonly problem: string | null;
  private grants: Grants | { failure: string } | null = null;

  constructor(claims: UserClaims) {
    this.claims = claims;
    this.problem = userProblemOf(claims);
  }

  /** Who vouches for the user: the account, whose own key or signing key issued the token. */
  get accountKey(): string {
    return this.claims.issuerAccount || this.claims.issuer;
  }

  /** Null: the user's key is none. Read when it is needed: kept, it would take more memory than all else of a user. */
  readKey(): KeyObject | null {
    return publicKeyOf(this.claims.subject);
  }

  /** Worked out once for the terms of the account that are in force. */
  grantsIn(account: OperatorAccount): Grants | { failure: string } {
    const { grants } = this;
    if (grants !== null && 'terms' in grants && grants.terms === account.terms) return grants;
    this.grants = grantsOf(this.claims, account);
    return this.grants;
  }
}

export class UserTokens {
  private readonly known = new Map<string, UserToken>();
  private readonly keys: KeyCache;
  private readonly max: number;

  /** The ones remembered longest are forgotten beyond `max`. */
  constructor(keys: KeyCache, max: number) {
    this.keys = keys;
    this.max = max;
  }

  /** What the doorkeeper turns away is not remembered either: anybody can sign as a stranger. */
  async read<Reason extends Failure>(
    text: string,
    doorkeeper?: Doorkeeper<Reason>,
  ): Promise<UserToken | Failure | Reason> {
    const digest = digestOf(text);
    const known = this.known.get(digest);
    if (known !== undefined) return known;
    const claims = await genuineClaims('user', text, this.keys, doorkeeper);
    if ('failure' in claims) return claims;
    const token = new UserToken(claims);
    if (this.known.size >= this.max) this.known.delete(this.known.keys().next().value!);
    this.known.set(digest, token);
    return token;
  }
}
