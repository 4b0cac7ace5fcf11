/** The rules of a callout that is configured in `authorization`: who is delegated, and what users the issuer may make. */
import { type Broker, type Identity, isRefusal, type KernelServices, quotedText } from '../../kernel/plugin-api.ts';
import type { AuthView, CalloutOptions, Credentials, KnownUser, LoginAttempt, Verdict } from '../auth/contract.ts';
import { type Delegation, type Failure, missingAccount, shownUser } from './delegation.ts';
import { ConfiguredUsers } from './user/configured-user.ts';

export class ConfiguredCallout {
  readonly options: CalloutOptions;
  view: AuthView;
  private readonly broker: Broker;
  /** Whose tokens had no permissions of their own. */
  private readonly byDefaults = new WeakSet<Identity>();

  constructor(options: CalloutOptions, view: AuthView, { broker, log }: KernelServices) {
    this.options = options;
    this.view = view;
    this.broker = broker;
    const { account, authUsers } = options;
    if (broker.accounts.get(account) === undefined) {
      log.error(`Authorization callout account ${quotedText(account)} not valid`);
    }
    for (const user of authUsers) {
      if (view.find(user) === undefined)
        log.error(`Authorization callout user ${quotedText(user)} not valid: no such user is configured`);
    }
  }

  /** The same user by the permissions that accounts give now. */
  renewed(identity: Identity): Identity {
    if (!this.byDefaults.has(identity)) return identity;
    const after = { ...identity, permissions: this.view.defaultPermissions(identity.account) };
    this.byDefaults.add(after);
    return after;
  }

  /** Null: what was decided stands. */
  delegationOf(attempt: LoginAttempt, verdict: Verdict): Delegation | Failure | null {
    const { options } = this;
    if (this.isSpared(attempt, verdict)) return null;
    const account = this.broker.accounts.get(options.account);
    if (account === undefined) return { failure: missingAccount(options.account) };
    const { issuer, xkey, pendingMax } = options;
    const credentials = this.toldCredentials(attempt, verdict);
    const users = new ConfiguredUsers(options, this.view, this.broker);
    return {
      account,
      issuer,
      xkey,
      pendingMax,
      claimant: { user: shownUser(credentials), credentials, name: '', tags: [] },
      mayAnswer: async (signingKey) => signingKey === issuer,
      identify: async (token) => {
        const user = users.identify(token.claims, attempt, credentials);
        if ('failure' in user) return user;
        if (user.isByDefaults) this.byDefaults.add(user.identity);
        return user.identity;
      },
    };
  }

  /**
   * Those who run the service, and those in accounts it has nothing to say about. Somebody who is already let in as somebody
   * else is not spared for showing the name of one who runs the service as well.
   */
  private isSpared({ credentials }: LoginAttempt, verdict: Verdict): boolean {
    const { authUsers, allowedAccounts } = this.options;
    if (isRefusal(verdict)) return authUsers.includes(shownUser(credentials));
    if (verdict.user !== '' && authUsers.includes(verdict.user)) return true;
    const { accounts } = this.broker;
    if (verdict.account === accounts.global.name || allowedAccounts.length === 0) return false;
    return !allowedAccounts.includes(verdict.account);
  }

  /** A client that brings nothing is told as the user that such clients are; tokens mean nothing without an operator. */
  private toldCredentials({ credentials }: LoginAttempt, verdict: Verdict): Credentials {
    const told = { ...credentials, jwt: '' };
    if (isRefusal(verdict) || verdict.user === '' || shownUser(credentials) !== '') return told;
    const user = this.view.find(verdict.user);
    return user === undefined ? told : { ...told, ...credentialsOf(user) };
  }
}

function credentialsOf(user: KnownUser & { readonly password?: string }): Partial<Credentials> {
  return user.password === undefined ? { nkey: user.name } : { user: user.name, pass: user.password };
}
