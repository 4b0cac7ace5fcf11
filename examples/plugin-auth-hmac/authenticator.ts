/** Looks at the tokens of clients. */
import type { AuthDesk, Authenticator, AuthView, LoginAttempt, Verdict } from 'gnatlet/contracts';
import { type Connection, type Identity, isClient, refuse } from 'gnatlet/plugin';
import type { Config } from './config.ts';
import { readToken } from './token.ts';

// Made once: a refusal is given often when somebody guesses. The log shows these, the client does not see them.
const BAD_TOKEN = refuse('the token was not signed with our secret');
const EXPIRED = refuse('the token has expired');
const UNKNOWN_ROLE = refuse('the token has a role that "roles" does not know');

export class HmacAuthenticator implements Authenticator {
  readonly isLoginRequired = true;
  readonly needsNonce = false;
  /** Null: the plugin `auth` does not run, and nobody asks us anything. */
  desk: AuthDesk | null = null;
  private config: Config;
  private readonly now: () => number;
  private readonly letIn = new WeakSet<Identity>();

  constructor(config: Config, now: () => number) {
    this.config = config;
    this.now = now;
  }

  configured(_view: AuthView, desk: AuthDesk): void {
    this.desk = desk;
  }

  /** Whom we let in shows its token again, and is judged by the new secret and the new roles. */
  change(config: Config): void {
    this.config = config;
    this.desk?.reconsider((connection) => this.isOurs(connection));
  }

  authenticate({ credentials }: LoginAttempt): Verdict | undefined {
    const { secret, account, roles } = this.config;
    // Somebody without a token may be a configured user, or known to another plugin.
    if (credentials.auth_token === '') return undefined;
    const claims = readToken(secret, credentials.auth_token);
    if (claims === null) return BAD_TOKEN;
    if (!(claims.expiresAt > this.now())) return EXPIRED;
    const permissions = Object.hasOwn(roles, claims.role) ? roles[claims.role] : undefined;
    if (permissions === undefined) return UNKNOWN_ROLE;
    // The broker ends the connection at `expiresAt`.
    const identity: Identity = { account, user: claims.user, permissions, expiresAt: claims.expiresAt };
    this.letIn.add(identity);
    return identity;
  }

  private isOurs(connection: Connection): boolean {
    return isClient(connection) && connection.identity !== null && this.letIn.has(connection.identity);
  }
}
