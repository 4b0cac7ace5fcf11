/** What a new token of an account means for those who are logged in. */
import { type ClientConnection, CloseReason, type Connection, isClient } from '../../kernel/plugin-api.ts';
import type { OperatorAccount, Terms } from './operator-account.ts';
import { isRevoked } from './revocation.ts';
import type { JwtUser, UserLogin } from './user-login.ts';

/** Lets others have their turn. */
type Pause = () => Promise<void>;

/** Connections dealt with in one go: to close one costs some ten microseconds. */
const SLICE = 128;

/** Everybody is looked at once; who may stay, and whose permissions are the same, notices nothing. */
export async function reviewConnections(account: OperatorAccount, login: UserLogin, pause: Pause): Promise<void> {
  const changes = new Map<Terms, Changes>();
  for (const [at, connection] of [...account.account.connections].entries()) {
    if (at % SLICE === SLICE - 1) await pause();
    const user = userOf(connection, login);
    if (user === undefined || connection.isClosed) continue;
    const { terms } = user.grants;
    const change = changes.get(terms) ?? changesBetween(terms, account.terms);
    changes.set(terms, change);
    review(connection as ClientConnection, user, account, login, change);
  }
  for (const link of [...account.account.links]) link.reconsider();
}

/** Somebody was let in by terms that were replaced before the login was over. */
export function reviewNewcomer(connection: Connection, account: OperatorAccount, login: UserLogin): void {
  const user = userOf(connection, login);
  if (user === undefined || user.grants.terms === account.terms) return;
  review(connection as ClientConnection, user, account, login, changesBetween(user.grants.terms, account.terms));
}

interface Changes {
  /** Keys that sign no more, or otherwise than before. */
  readonly signers: ReadonlySet<string>;
  readonly areDefaultsOther: boolean;
}

function changesBetween(before: Terms, after: Terms): Changes {
  const altered = [...before.signers].filter(([key, scope]) => textOf(scope) !== textOf(after.signers.get(key)));
  return {
    signers: new Set(altered.map(([key]) => key)),
    areDefaultsOther: textOf(before.claims.defaultPermissions) !== textOf(after.claims.defaultPermissions),
  };
}

/** Undefined and null are told apart: no key at all, and a key without a scope. */
function textOf(claims: unknown): string {
  return claims === undefined ? '' : JSON.stringify(claims);
}

function review(
  client: ClientConnection,
  user: JwtUser,
  account: OperatorAccount,
  login: UserLogin,
  { signers, areDefaultsOther }: Changes,
): void {
  if (!mayStay(client, user, account.terms, signers)) return;
  if (!areDefaultsOther || user.grants.ownPermissions !== null) return;
  const grants = user.token.grantsIn(account);
  // Whom the new terms give nothing was sent away above.
  if ('failure' in grants) return;
  client.become(login.renewed(client.identity!, user, grants));
}

/** Nobody may use the account any more, unless it has a new token meanwhile. */
export async function endAll(account: OperatorAccount, pause: Pause): Promise<void> {
  const { connections, links } = account.account;
  for (const [at, connection] of [...connections, ...links].entries()) {
    if (at % SLICE === SLICE - 1) await pause();
    if (!account.isExpired) return;
    connection.expire('Account');
  }
}

function userOf(connection: Connection, login: UserLogin): JwtUser | undefined {
  const identity = isClient(connection) ? connection.identity : null;
  return identity === null ? undefined : login.userOf(identity);
}

/** False when the client is gone. */
function mayStay(client: ClientConnection, user: JwtUser, { claims }: Terms, altered: ReadonlySet<string>): boolean {
  const { subject, issuedAt, issuer, issuerAccount } = user.token.claims;
  if (user.grants.limits.isBearer && claims.limits.isBearerDisallowed) {
    client.sendError('Authorization Violation');
    client.close(CloseReason.authenticationFailure);
  } else if (isRevoked(claims.revocations, subject, issuedAt)) {
    client.sendError('User Authentication Revoked');
    client.close(CloseReason.credentialsRevoked);
  } else if (issuerAccount !== '' && altered.has(issuer)) {
    client.close(CloseReason.authenticationFailure);
  }
  return !client.isClosed;
}
