/** Finds the tokens in what clients say, and has them judged by those whose tokens they claim to be. */
import { type Connection, type Identity, isClient, isRefusal, refuse } from '../../kernel/plugin-api.ts';
import type { AuthDesk, Authenticator, AuthView, LoginAttempt, Verdict } from '../auth/contract.ts';
import type { OidcConfig } from './config.ts';
import type { Figures } from './figures.ts';
import { type Provider, refused } from './provider.ts';
import { looksLikeToken, readTokenHead, type TokenHead } from './token/token-head.ts';

export interface Directory {
  readonly config: OidcConfig;
  /** By issuer. */
  readonly providers: ReadonlyMap<string, Provider>;
}

interface Found {
  readonly token: string;
  readonly head: TokenHead;
  readonly provider: Provider;
}

export class OidcAuthenticator implements Authenticator {
  readonly needsNonce = false;
  /** Null until somebody asks us who clients are. */
  desk: AuthDesk | null = null;
  directory: Directory;
  private readonly figures: Figures;
  private readonly patienceMs: () => number;
  /** Whom we let in, by whose word. */
  private readonly issuers = new WeakMap<Identity, string>();
  private pending = 0;

  /** `patienceMs` is how long a login may take. */
  constructor(directory: Directory, figures: Figures, patienceMs: () => number) {
    this.directory = directory;
    this.figures = figures;
    this.patienceMs = patienceMs;
  }

  get isLoginRequired(): boolean {
    return this.directory.providers.size > 0;
  }

  configured(_view: AuthView, desk: AuthDesk): void {
    this.desk = desk;
  }

  letIn(connection: Connection): boolean {
    return this.issuerOf(connection) !== undefined;
  }

  /** By the word of somebody who is no longer believed. */
  isOrphan(connection: Connection): boolean {
    const issuer = this.issuerOf(connection);
    return issuer !== undefined && !this.directory.providers.has(issuer);
  }

  private issuerOf(connection: Connection): string | undefined {
    return isClient(connection) && connection.identity !== null ? this.issuers.get(connection.identity) : undefined;
  }

  async authenticate(attempt: LoginAttempt): Promise<Verdict | undefined> {
    if (attempt.isImplicit || !this.isLoginRequired) return undefined;
    const { counts } = this.figures;
    const verdict = await this.judge(attempt);
    if (verdict === undefined) return undefined;
    if (isRefusal(verdict)) counts.refused++;
    else counts.accepted++;
    return verdict;
  }

  /** Never answers by a configuration that was replaced meanwhile. */
  private async judge(attempt: LoginAttempt): Promise<Verdict | undefined> {
    let directory: Directory;
    let verdict: Verdict | undefined;
    do {
      directory = this.directory;
      const found = this.find(attempt);
      verdict = found !== null && 'provider' in found ? await this.judgeToken(attempt, found) : (found ?? undefined);
    } while (directory !== this.directory);
    return verdict;
  }

  private async judgeToken(attempt: LoginAttempt, found: Found): Promise<Verdict> {
    const { loginsMax } = this.directory.config;
    // A reload asks all at once who are in already: they have waited, and are no crowd at the door.
    if (isIn(attempt.connection)) return this.verdictOf(attempt, found, null);
    if (this.pending >= loginsMax) {
      this.figures.counts.turned_away++;
      return refused(found.head, `${loginsMax} logins are under way already, by "max_pending_logins"`);
    }
    this.pending++;
    try {
      return await this.verdictOf(attempt, found, this.patienceMs());
    } finally {
      this.pending--;
    }
  }

  private async verdictOf(attempt: LoginAttempt, found: Found, patienceMs: number | null): Promise<Verdict> {
    const { provider, token, head } = found;
    const verdict = await provider.judge(attempt, token, head, patienceMs);
    if (!isRefusal(verdict)) this.issuers.set(verdict, head.issuer);
    return verdict;
  }

  /** The first token of an issuer we know. */
  private find({ credentials }: LoginAttempt): Found | Verdict | null {
    const { config, providers } = this.directory;
    for (const field of config.tokenFields) {
      const token = credentials[field];
      if (token === '') continue;
      if (token.length > config.tokenBytesMax) {
        if (looksLikeToken(token)) return this.refuseLong(token.length);
        continue;
      }
      const head = readTokenHead(token);
      const provider = head === null ? undefined : providers.get(head.issuer);
      if (provider !== undefined) return { token, head: head!, provider };
    }
    return null;
  }

  private refuseLong(length: number): Verdict {
    this.figures.counts.oversized_tokens++;
    return refuse(`OIDC token: it has ${length} bytes, more than "max_token_size" allows`);
  }
}

function isIn(connection: Connection): boolean {
  return isClient(connection) && connection.identity !== null;
}
