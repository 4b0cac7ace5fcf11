/**
 * Who a client is by the token it shows. The checks stand in the order in which a NATS server makes them; what fails is
 * said in its words, in the log only.
 */

import {
  CloseReason,
  decodeSignature,
  type Identity,
  isSigned,
  type Refusal,
  refuse,
} from '../../kernel/plugin-api.ts';
import { admitsConnectionType } from '../../protocols/jwt/connection-types.ts';
import { type Outline, openTokenOf } from '../../protocols/jwt/token.ts';
import type { Authenticator, LoginAttempt, Verdict } from '../auth/contract.ts';
import type { AccountLoader } from './account-loader.ts';
import { timeProblemOf } from './account-validation.ts';
import { admissionEnd, admissionProblem } from './admission.ts';
import type { Doorkeeper } from './genuine-token.ts';
import type { OperatorAccount } from './operator-account.ts';
import { isRevoked } from './revocation.ts';
import type { Trust } from './trust.ts';
import { type Grants, permissionsOf } from './user-grants.ts';
import type { UserToken, UserTokens } from './user-token.ts';

const SECOND = 1000;

export interface LoginParts {
  readonly trust: Trust;
  readonly loader: AccountLoader;
  readonly tokens: UserTokens;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly settings: () => { readonly pinnedAccounts: ReadonlySet<string> | null; readonly defaultSentinel: string };
}

/** Why somebody is not let in. */
export interface Denial {
  readonly failure: string;
  readonly closeReason?: CloseReason;
  /** Whose genuine token it was; left out where it was none. */
  readonly subject?: string;
  /** Whose account it would have been; left out where that is unknown. */
  readonly accountKey?: string;
}

/** A genuine token of somebody whose account is loaded. */
export interface Shown {
  readonly token: UserToken;
  readonly account: OperatorAccount;
}

/** Who was let in by which token: whom a change of the account concerns. */
export interface JwtUser extends Shown {
  readonly grants: Grants;
}

export class UserLogin implements Authenticator {
  readonly isLoginRequired = true;
  readonly needsNonce = true;
  private readonly parts: LoginParts;
  private readonly users = new WeakMap<Identity, JwtUser>();

  constructor(parts: LoginParts) {
    this.parts = parts;
  }

  userOf(identity: Identity): JwtUser | undefined {
    return this.users.get(identity);
  }

  /** Nobody comes in any other way. */
  async authenticate(attempt: LoginAttempt): Promise<Verdict> {
    const text = attempt.isImplicit ? '' : this.tokenOf(attempt);
    if (text === '') return refuse('Authentication requires a user JWT');
    const token = await this.genuine(text, attempt);
    if ('failure' in token) return refusalOf(token);
    const outcome = await this.withAccount(token, attempt);
    if (!('failure' in outcome)) return outcome;
    return refusalOf({ ...outcome, subject: token.claims.subject, accountKey: token.accountKey });
  }

  /** The token of the client, or that of those who show none. */
  tokenOf({ credentials, connectionType }: LoginAttempt): string {
    const isOverMqtt = connectionType === 'MQTT' || connectionType === 'MQTT_WS';
    const shown = isOverMqtt ? tokenIn(credentials.pass) : credentials.jwt;
    return shown || this.parts.settings().defaultSentinel;
  }

  /** Signature and time of a token, and whether its holder came through a proxy if it has to. */
  genuine(text: string, attempt: LoginAttempt): Promise<UserToken | Denial> {
    return this.genuineBehind((outline) => this.strangerProblem(outline), text, attempt);
  }

  /** The same of a token that no stranger has sent. */
  genuineOfFriend(text: string, attempt: LoginAttempt): Promise<UserToken | Denial> {
    return this.genuineBehind(async () => null, text, attempt);
  }

  private async genuineBehind(
    doorkeeper: Doorkeeper<Turned>,
    text: string,
    { proxyKey }: LoginAttempt,
  ): Promise<UserToken | Denial> {
    const token = await this.parts.tokens.read(text, doorkeeper);
    if ('denial' in token) return token.denial;
    if ('failure' in token) return { failure: `User JWT not valid: ${token.failure}` };
    const { claims } = token;
    if (claims.isProxyRequired && proxyKey === '') return PROXY_REQUIRED;
    const problem = timeProblemOf(claims, this.parts.now() / SECOND) ?? token.problem;
    return problem === null ? token : { failure: `User JWT no longer valid: ${problem}` };
  }

  /** Anybody can sign a megabyte with a key of their own: it is read once it is known that there is such an account. */
  private async strangerProblem(outline: Outline): Promise<Turned | null> {
    const { subject, issuer, issuerAccount } = outline;
    const problem = timeProblemOf(outline, this.parts.now() / SECOND);
    if (problem !== null) return turned({ failure: `User JWT no longer valid: ${problem}` });
    const account = await this.accountOf({ accountKey: issuerAccount || issuer });
    return 'failure' in account ? turned({ ...account, subject }) : null;
  }

  async accountOf({ accountKey }: Pick<UserToken, 'accountKey'>): Promise<OperatorAccount | Denial> {
    const { pinnedAccounts } = this.parts.settings();
    if (pinnedAccounts !== null && !pinnedAccounts.has(accountKey)) {
      return { failure: `Account ${accountKey} not listed as operator pinned account` };
    }
    const account = await this.parts.loader.load(accountKey);
    return 'failure' in account ? { failure: `Account JWT lookup error: ${account.failure}` } : account;
  }

  private async withAccount(token: UserToken, attempt: LoginAttempt): Promise<Identity | Denial> {
    const account = await this.accountOf(token);
    if ('failure' in account) return account;
    const grants = this.grantsFor({ token, account }, attempt);
    if ('failure' in grants) return grants;
    const unproven = grants.limits.isBearer ? null : await unprovenText(token, attempt);
    if (unproven !== null) return { failure: unproven };
    return this.admit({ token, account, grants }, attempt);
  }

  /** What the user may do in the account, if it may come in this way. */
  grantsFor({ token, account }: Shown, attempt: LoginAttempt): Grants | Denial {
    if (!this.parts.trust.isTrusted(account.terms.claims.issuer)) {
      return { failure: 'Account JWT not signed by trusted operator' };
    }
    const grants = token.grantsIn(account);
    if ('failure' in grants) return grants;
    const { isBearer, isProxyRequired, connectionTypes } = grants.limits;
    if (isProxyRequired && attempt.proxyKey === '') return PROXY_REQUIRED;
    if (account.isExpired) return { failure: 'Account JWT has expired' };
    if (isBearer && account.terms.claims.limits.isBearerDisallowed) {
      return { failure: 'Account does not allow bearer tokens' };
    }
    return admitsConnectionType(connectionTypes, attempt.connectionType)
      ? grants
      : { failure: 'Connection type not allowed' };
  }

  /** The last checks: what may be different at each login. */
  admit(user: JwtUser, { connection, credentials }: LoginAttempt): Identity | Denial {
    const { claims } = user.token;
    if (isRevoked(user.account.terms.claims.revocations, claims.subject, claims.issuedAt)) {
      return { failure: 'User authentication revoked' };
    }
    const now = this.parts.now();
    const problem = admissionProblem(user.grants.admission, connection.clientIp, now);
    if (problem !== null) return { failure: problem };
    const identity = identityOf(user, admissionEnd(user.grants.admission, now), credentials.jwt);
    this.users.set(identity, user);
    return identity;
  }

  /** The same user by the account's new terms. */
  renewed(identity: Identity, user: JwtUser, grants: Grants): Identity {
    const after = { ...identity, permissions: permissionsOf(grants) };
    this.users.set(after, { ...user, grants });
    return after;
  }
}

/** A password may be a token. One that is not says nothing here. */
function tokenIn(password: string): string {
  return 'failure' in openTokenOf('user', password) ? '' : password;
}

const PROXY_REQUIRED: Denial = Object.freeze({ failure: 'proxy required', closeReason: CloseReason.proxyRequired });

/** Turned away before the claims were read. */
interface Turned {
  readonly failure: string;
  readonly denial: Denial;
}

function turned(denial: Denial): Turned {
  return { failure: denial.failure, denial };
}

function refusalOf({ failure, closeReason, subject, accountKey }: Denial): Refusal {
  const label = subject === undefined ? '' : `JWT User ${JSON.stringify(subject)} - `;
  const concern = accountKey === undefined ? null : { account: accountKey, text: '' };
  return refuse(label + failure, null, closeReason ?? null, concern);
}

/** Why the client has not shown that the token is its own; null when it has. */
async function unprovenText(token: UserToken, { credentials, nonce }: LoginAttempt): Promise<string | null> {
  if (credentials.sig === '') return 'Signature missing';
  const signature = decodeSignature(credentials.sig, true);
  if (signature === null) return 'Signature not valid base64';
  const key = token.readKey();
  if (key === null) return 'User nkey not valid';
  return (await isSigned(nonce, key, signature)) ? null : 'Signature not verified';
}

function identityOf({ token, account, grants }: JwtUser, windowEnd: number | null, jwt: string): Identity {
  const { claims } = token;
  const ends = [windowEnd, claims.expiresAt === 0 ? null : claims.expiresAt * SECOND].filter((end) => end !== null);
  const { limits } = grants;
  return {
    account: account.key,
    user: claims.subject,
    permissions: permissionsOf(grants),
    maxPayload: limits.payloadMax,
    maxSubscriptions: limits.subscriptionsMax,
    ...(ends.length === 0 ? {} : { expiresAt: Math.min(...ends) }),
    details: Object.freeze({
      // Whoever has a bearer token has all it takes to log in.
      jwt: limits.isBearer || jwt === '' ? undefined : jwt,
      issuer_key: claims.issuer,
      name_tag: account.name,
      tags: claims.tags.length === 0 ? undefined : claims.tags,
      user_name: claims.name === '' ? undefined : claims.name,
    }),
  };
}
