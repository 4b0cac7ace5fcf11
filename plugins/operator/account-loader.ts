/** The accounts this server knows of, loaded from the resolver when somebody asks for them. */
import type { AccountClaims } from '../../protocols/jwt/account-claims.ts';
import type { Failure } from '../../protocols/jwt/token.ts';
import { decodePublicKey, NkeyKind } from '../../protocols/nkeys/nkey-text.ts';
import type { AccountResolver } from './contract.ts';
import type { OperatorAccount } from './operator-account.ts';
import type { Trust } from './trust.ts';

export const MISSING = 'account missing';
export const EXPIRED = 'account expired';
const TIMED_OUT = 'fetching jwt timed out';

/** How long an account that could not be had is not asked for again. */
const FAILURE_MS = 1000;
const FAILURES_MAX = 1000;
/** How often the token of an account whose time is over may be asked for again. */
const REFRESH_MS = 1000;

export interface LoaderParts {
  readonly trust: Trust;
  /** How long the resolver may take. */
  readonly timeoutMs: () => number;
  readonly monotonic: () => number;
  /** A timer; the answer cancels it. */
  readonly after: (ms: number, run: () => void) => () => void;
  readonly warn: (text: string) => void;
  /** Makes the account known to the broker. */
  readonly install: (token: string, claims: AccountClaims) => Promise<OperatorAccount>;
  /** Has the account go by another token. Null, or what is wrong. */
  readonly renew: (account: OperatorAccount, token: string) => Promise<string | null>;
}

type Outcome = OperatorAccount | Failure;

export class AccountLoader {
  readonly accounts = new Map<string, OperatorAccount>();
  resolver: AccountResolver | null = null;
  private readonly parts: LoaderParts;
  /** Of those who ask for one account at the same time, the first asks the resolver. */
  private readonly underWay = new Map<string, Promise<Outcome>>();
  private readonly failures = new Map<string, { readonly failure: string; readonly until: number }>();

  constructor(parts: LoaderParts) {
    this.parts = parts;
  }

  /** Never rejects, and never takes longer than a fetch may. */
  load(key: string): Promise<Outcome> {
    const known = this.accounts.get(key);
    if (known !== undefined && !known.isExpired) return Promise.resolve(known);
    const running = this.underWay.get(key);
    if (running !== undefined) return running;
    const loading = (known === undefined ? this.find(key) : this.refresh(known))
      .catch((error: unknown): Failure => ({ failure: textOf(error) }))
      .finally(() => this.underWay.delete(key));
    this.underWay.set(key, loading);
    return loading;
  }

  /** There may be something new: it is asked for again at once. */
  forgetFailure(key: string): void {
    this.failures.delete(key);
  }

  /** Everything may be otherwise now. */
  forgetFailures(): void {
    this.failures.clear();
  }

  private async find(key: string): Promise<Outcome> {
    // What is no key must not become part of a path.
    if (decodePublicKey(key)?.kind !== NkeyKind.account) return { failure: MISSING };
    const recent = this.recentFailure(key);
    if (recent !== null) return { failure: recent };
    const outcome = await this.fetchAndInstall(key);
    if ('failure' in outcome) this.remember(key, outcome.failure);
    return outcome;
  }

  private async fetchAndInstall(key: string): Promise<Outcome> {
    const token = await this.fetch(key);
    if (typeof token !== 'string') return token;
    const claims = await this.parts.trust.account(token);
    const failure = 'failure' in claims ? claims.failure : claims.subject === key ? null : 'subject does not match';
    if (failure === null) return this.parts.install(token, claims as AccountClaims);
    this.parts.warn(`Account [${key}] was found, but cannot be used: ${failure}`);
    return { failure: `account validation failed: ${failure}` };
  }

  /** Its time is over, or it was deleted: perhaps there is a new token. */
  private async refresh(known: OperatorAccount): Promise<Outcome> {
    const now = this.parts.monotonic();
    if (now - known.askedAt < REFRESH_MS) return { failure: EXPIRED };
    known.askedAt = now;
    const token = await this.fetch(known.key);
    if (typeof token !== 'string') return { failure: EXPIRED };
    // The token it had already would bring nothing.
    if (token === known.terms.token) return { failure: EXPIRED };
    const failure = await this.parts.renew(known, token);
    return failure === null ? known : { failure: EXPIRED };
  }

  private async fetch(key: string): Promise<string | Failure> {
    if (this.resolver === null) return { failure: 'no account resolver' };
    try {
      const token = await this.withinTimeout(this.resolver.fetch(key));
      return token ?? { failure: MISSING };
    } catch (error) {
      this.parts.warn(`Account [${key}] fetch failed: ${textOf(error)}`);
      return { failure: textOf(error) };
    }
  }

  private withinTimeout(fetching: Promise<string | null>): Promise<string | null> {
    return new Promise((resolve, reject) => {
      const cancel = this.parts.after(this.parts.timeoutMs(), () => reject(new Error(TIMED_OUT)));
      fetching.then(resolve, reject).finally(cancel);
    });
  }

  private recentFailure(key: string): string | null {
    const known = this.failures.get(key);
    if (known === undefined) return null;
    if (this.parts.monotonic() < known.until) return known.failure;
    this.failures.delete(key);
    return null;
  }

  private remember(key: string, failure: string): void {
    if (this.failures.size >= FAILURES_MAX) this.failures.delete(this.failures.keys().next().value!);
    this.failures.set(key, { failure, until: this.parts.monotonic() + FAILURE_MS });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
