/** The rules of a callout that is configured in `authorization`: who is delegated, and what users the issuer may make. */
import {
  type Broker,
  type Identity,
  isClient,
  isRefusal,
  type KernelServices,
  quotedText,
} from '../../kernel/plugin-api.ts';
import type { AuthView, CalloutOptions, Credentials, KnownUser, LoginAttempt, Verdict } from '../auth/contract.ts';
import { type Delegation, type Failure, missingAccount, shownUser } from './delegation.ts';
import { ConfiguredUsers } from './user/configured-user.ts';

/** By what an identity was made. */
interface Decision {
  readonly credentials: Credentials;
  /** The token had no permissions of its own. */
  readonly isByDefaults: boolean;
}

export class ConfiguredCallout {
  readonly options: CalloutOptions;
  view: AuthView;
  private readonly broker: Broker;
  private readonly decisions = new WeakMap<Identity, Decision>();

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

  /** Who was let in by the service stays in: a reload cannot change what decided about it, and is no reason to ask everybody. */
  keep({ connection, credentials }: LoginAttempt): Identity | null {
    const identity = isClient(connection) ? connection.identity : null;
    const decision = identity === null ? undefined : this.decisions.get(identity);
    if (identity === null || decision?.credentials !== credentials) return null;
    if (!decision.isByDefaults) return identity;
    return this.noted({ ...identity, permissions: this.view.defaultPermissions(identity.account) }, decision);
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
        return this.noted(user.identity, { credentials: attempt.credentials, isByDefaults: user.isByDefaults });
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

  private noted(identity: Identity, decision: Decision): Identity {
    this.decisions.set(identity, decision);
    return identity;
  }
}

function credentialsOf(user: KnownUser & { readonly password?: string }): Partial<Credentials> {
  return user.password === undefined ? { nkey: user.name } : { user: user.name, pass: user.password };
}
