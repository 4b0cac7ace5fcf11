/** The rules of a callout that the token of an account asks for. */
import { type Broker, type Identity, isRefusal, quotedText } from '../../kernel/plugin-api.ts';
import type { UserClaims } from '../../protocols/jwt/user-claims.ts';
import type { LoginAttempt, Verdict } from '../auth/contract.ts';
import type { AccountCallout, OperatorUsers, ShownUser } from '../operator/contract.ts';
import { type Delegation, type Failure, missingAccount, shownUser } from './delegation.ts';

/** No configuration says otherwise. */
const PENDING_MAX = 10_000;
const ANY_ACCOUNT = '*';

/** Null: what was decided stands. A client whose token does not let it in has nothing to show to a service. */
export async function operatorDelegation(
  operator: OperatorUsers,
  broker: Broker,
  attempt: LoginAttempt,
  verdict: Verdict,
): Promise<Delegation | Failure | null> {
  const shown = isRefusal(verdict) ? null : await operator.shownBy(attempt);
  const callout = shown?.callout ?? null;
  if (shown === null || callout === null || callout.authUsers.includes(shown.userKey)) return null;
  const { accountKey, userKey, name, tags } = shown;
  const account = broker.accounts.get(accountKey);
  if (account === undefined) return { failure: missingAccount(accountKey) };
  const { credentials } = attempt;
  const user = shownUser({ ...credentials, auth_token: '' }) || userKey;
  return {
    account,
    issuer: accountKey,
    xkey: callout.xkey,
    pendingMax: PENDING_MAX,
    claimant: { user, credentials, name, tags },
    mayAnswer: (signingKey) => operator.isIssuer(accountKey, signingKey),
    identify: async ({ claims }, tokenText) => {
      const failure = await placementFailure(operator, claims, shown, callout);
      if (failure !== null) return { failure };
      const identity = await identify(operator, attempt, claims, tokenText);
      return 'failure' in identity ? identity : named(identity, claims.name || user);
    },
  };
}

/** No copy: the operator knows by it whom a change of the account concerns. Services leave limits out where they mean none. */
function named(identity: Identity, user: string): Identity {
  identity.user = user;
  if (identity.maxPayload === 0) identity.maxPayload = -1;
  return identity;
}

/** The service may put users into its own account, and where it is allowed to, with a key of that account. */
async function placementFailure(
  operator: OperatorUsers,
  claims: UserClaims,
  { accountKey }: ShownUser,
  { allowedAccounts }: AccountCallout,
): Promise<string | null> {
  const target = accountOf(claims);
  const [issuer, account] = [claims.issuer, accountKey].map(quotedText);
  if (target !== accountKey && !allowedAccounts.includes(ANY_ACCOUNT) && !allowedAccounts.includes(target)) {
    return `Account ${issuer} not permitted as valid account option for auth callout for account ${account}`;
  }
  return (await operator.isIssuer(target, claims.issuer)) ? null : `User JWT issuer ${issuer} is not known`;
}

async function identify(
  operator: OperatorUsers,
  attempt: LoginAttempt,
  claims: UserClaims,
  tokenText: string,
): Promise<Identity | Failure> {
  const identity = await operator.identityFor(tokenText, attempt);
  if ('failure' in identity) return refused(identity.failure);
  return identity.account === accountOf(claims) ? identity : refused('it was made a user of another account');
}

function refused(failure: string): Failure {
  return { failure: failure.startsWith('User JWT ') ? failure : `User JWT is not valid: ${failure}` };
}

function accountOf({ issuerAccount, issuer }: UserClaims): string {
  return issuerAccount === '' ? issuer : issuerAccount;
}
