/** What the operator does for those who let users in by other ways: see the capability `operator.users`. */
import type { Identity } from '../../kernel/plugin-api.ts';
import type { LoginAttempt } from '../auth/contract.ts';
import type { AccountLoader } from './account-loader.ts';
import type { AccountCallout, OperatorUsers, ShownUser } from './contract.ts';
import type { OperatorAccount } from './operator-account.ts';
import type { UserLogin } from './user-login.ts';

export class UsersOfOperator implements OperatorUsers {
  private readonly login: UserLogin;
  private readonly loader: AccountLoader;

  constructor(login: UserLogin, loader: AccountLoader) {
    this.login = login;
    this.loader = loader;
  }

  async shownBy(attempt: LoginAttempt): Promise<ShownUser | null> {
    const text = attempt.isImplicit ? '' : this.login.tokenOf(attempt);
    const token = text === '' ? null : await this.login.genuine(text, attempt);
    if (token === null || 'failure' in token) return null;
    const account = await this.login.accountOf(token);
    if ('failure' in account) return null;
    const { subject, name, tags } = token.claims;
    const { key: accountKey, name: accountName } = account;
    return { userKey: subject, accountKey, accountName, name, tags, callout: calloutIn(account) };
  }

  async calloutOf(accountKey: string): Promise<AccountCallout | null> {
    const account = await this.loader.load(accountKey);
    return 'failure' in account ? null : calloutIn(account);
  }

  async isIssuer(accountKey: string, signingKey: string): Promise<boolean> {
    const account = await this.loader.load(accountKey);
    return !('failure' in account) && account.terms.signers.has(signingKey);
  }

  async identityFor(userToken: string, attempt: LoginAttempt): Promise<Identity | { failure: string }> {
    const token = await this.login.genuineOfFriend(userToken, attempt);
    if ('failure' in token) return token;
    const account = await this.loader.load(token.accountKey);
    if ('failure' in account)
      return { failure: `No valid account ${JSON.stringify(token.accountKey)}: ${account.failure}` };
    const grants = this.login.grantsFor({ token, account }, attempt);
    if ('failure' in grants) return grants;
    return this.login.admit({ token, account, grants }, attempt);
  }
}

function calloutIn({ terms }: OperatorAccount): AccountCallout | null {
  const { authorization } = terms.claims;
  return authorization.authUsers.length === 0 ? null : authorization;
}
