/** Whose word about accounts counts. */
import type { AccountClaims } from '../../protocols/jwt/account-claims.ts';
import type { Failure } from '../../protocols/jwt/token.ts';
import { problemsOf, timeProblemOf } from './account-validation.ts';
import type { OperatorConfig } from './config.ts';
import { genuineClaims, type KeyCache } from './genuine-token.ts';
import { laboriousProblems } from './share-validation.ts';

type TrustOptions = Pick<OperatorConfig, 'operators' | 'trustedKeys' | 'isStrict'>;

export interface TrustParts {
  readonly keys: KeyCache;
  /** Seconds since 1970. */
  readonly now: () => number;
  /** Lets others have their turn. */
  readonly pause: () => Promise<void>;
}

export class Trust {
  /** Account keys may not sign users: only the account's signing keys may. */
  readonly isStrict: boolean;
  private readonly trusted: ReadonlySet<string>;
  private readonly identities: ReadonlySet<string>;
  private readonly keys: KeyCache;
  private readonly now: () => number;
  private readonly pause: () => Promise<void>;

  constructor({ operators, trustedKeys, isStrict }: TrustOptions, { keys, now, pause }: TrustParts) {
    this.isStrict = isStrict;
    this.trusted = new Set(trustedKeys);
    this.identities = new Set(operators.map(({ claims }) => claims.subject));
    this.keys = keys;
    this.now = now;
    this.pause = pause;
  }

  /** An operator's own key, or one it signs with. */
  isTrusted(issuer: string): boolean {
    return this.trusted.has(issuer);
  }

  /** The claims of an account in whose favour a trusted operator has spoken, and which are in force now. */
  async account(token: string): Promise<AccountClaims | Failure> {
    const claims = await this.stored(token);
    if ('failure' in claims) return claims;
    const failure = timeProblemOf(claims, this.now());
    return failure === null ? claims : { failure };
  }

  /** The same for a token that is kept: whether its time has come is for those who use it. */
  async stored(token: string): Promise<AccountClaims | Failure> {
    const claims = await genuineClaims('account', token, this.keys);
    if ('failure' in claims) return claims;
    const untrusted = this.untrustedText(claims.issuer);
    if (untrusted !== null) return { failure: untrusted };
    const problems = [...problemsOf(claims), ...(await laboriousProblems(claims, this.pause))];
    return problems.length === 0 ? claims : { failure: `validation errors: [${problems.join(' ')}]` };
  }

  private untrustedText(issuer: string): string | null {
    if (this.trusted.has(issuer)) return null;
    return this.identities.has(issuer) ? 'operator requires issuer to be a signing key' : 'not trusted';
  }
}
