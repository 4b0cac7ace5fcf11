/** The rules of a callout that the token of an account asks for. */
import { type Broker, isRefusal, quotedText } from '../../kernel/plugin-api.ts';
import type { UserClaims } from '../../protocols/jwt/user-claims.ts';
import type { LoginAttempt } from '../auth/contract.ts';
import type { AccountCallout, OperatorUsers, ShownUser } from '../operator/contract.ts';
import { type Delegation, type Failure, shownUser } from './delegation.ts';

/** No configuration says otherwise. */
const PENDING_MAX = 10_000;
const ANY_ACCOUNT = '*';

/** Null: what was decided stands. */
export async function operatorDelegation(
  operator: OperatorUsers,
  broker: Broker,
  attempt: LoginAttempt,
): Promise<Delegation | null> {
  const shown = await operator.shownBy(attempt);
  const callout = shown?.callout ?? null;
  if (shown === null || callout === null || callout.authUsers.includes(shown.userKey)) return null;
  const account = broker.accounts.get(shown.accountKey);
  if (account === undefined) return null;
  const { credentials } = attempt;
  const user = shownUser({ ...credentials, auth_token: '' }) || shown.userKey;
  return {
    account,
    issuer: shown.accountKey,
    xkey: callout.xkey,
    pendingMax: PENDING_MAX,
    claimant: { user, credentials, name: shown.name, tags: shown.tags },
    mayAnswer: (signingKey) => operator.isIssuer(shown.accountKey, signingKey),
    identify: async ({ claims }, tokenText) => {
      const failure = placementFailure(claims, shown, callout);
      if (failure !== null) return { failure };
      return identify(operator, attempt, claims, tokenText);
    },
  };
}

/** The service may put users into its own account, and where it is allowed to. */
function placementFailure(claims: UserClaims, { accountKey }: ShownUser, callout: AccountCallout): string | null {
  const target = accountOf(claims);
  const { allowedAccounts } = callout;
  if (target === accountKey || allowedAccounts.includes(ANY_ACCOUNT) || allowedAccounts.includes(target)) return null;
  const [issuer, account] = [claims.issuer, accountKey].map(quotedText);
  return `Account ${issuer} not permitted as valid account option for auth callout for account ${account}`;
}

async function identify(
  operator: OperatorUsers,
  attempt: LoginAttempt,
  claims: UserClaims,
  tokenText: string,
): ReturnType<Delegation['identify']> {
  const identity = await operator.identityFor(tokenText, attempt);
  if ('failure' in identity) return refused(identity.failure);
  if (isRefusal(identity) || identity.account !== accountOf(claims)) {
    return refused('it was made another user of than it says');
  }
  return claims.name === '' ? identity : { ...identity, user: claims.name };
}

function refused(failure: string): Failure {
  return { failure: `User JWT is not valid: ${failure}` };
}

function accountOf({ issuerAccount, issuer }: UserClaims): string {
  return issuerAccount === '' ? issuer : issuerAccount;
}
