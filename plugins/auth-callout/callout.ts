/** The last word about logins: those that are delegated are as the service says, whatever was decided before. */
import {
  type Account,
  type ClientConnection,
  CloseReason,
  type Identity,
  isClient,
  isRefusal,
  type KernelServices,
  type Refusal,
  refuse,
} from '../../kernel/plugin-api.ts';
import type { Authenticator, AuthView, Credentials, LoginAttempt, Verdict } from '../auth/contract.ts';
import type { OperatorUsers } from '../operator/contract.ts';
import { checkResponse } from './answer/response.ts';
import { ConfiguredCallout } from './configured-callout.ts';
import type { Delegation, Failure } from './delegation.ts';
import { operatorDelegation } from './operator-callout.ts';
import { composeRequest } from './request/compose.ts';
import { Envelope } from './request/envelope.ts';
import type { Exchange, Slot } from './request/exchange.ts';
import { PROXY_REQUIRED } from './user/configured-user.ts';
import { withoutRequests } from './user/request-denial.ts';

export class Callout implements Authenticator {
  readonly takesCallouts = true;
  readonly needsNonce = false;
  /** Undefined where there is no operator. */
  operator: OperatorUsers | undefined;
  private configuredCallout: ConfiguredCallout | null = null;
  /** Whom the service let in, by what the client said. */
  private readonly admitted = new WeakMap<Identity, Credentials>();
  private readonly kernel: KernelServices;
  private readonly exchange: Exchange;
  private readonly envelope: Envelope;

  constructor(kernel: KernelServices, exchange: Exchange) {
    this.kernel = kernel;
    this.exchange = exchange;
    this.envelope = new Envelope(kernel.broker.identity, kernel.ports);
  }

  /** Without users there is nobody to run the service; that must not open the door. */
  get isLoginRequired(): boolean {
    return this.configuredCallout !== null;
  }

  configured(view: AuthView): void {
    const { callout } = view;
    if (callout === null) this.configuredCallout = null;
    else if (this.configuredCallout === null)
      this.configuredCallout = new ConfiguredCallout(callout, view, this.kernel);
    else this.configuredCallout.view = view;
  }

  async review(attempt: LoginAttempt, verdict: Verdict): Promise<Verdict> {
    if (attempt.isImplicit) return verdict;
    const decided = this.standing(attempt, verdict) ?? (await this.decide(attempt, verdict));
    if (!isRefusal(decided)) await this.bar(decided);
    return decided;
  }

  /**
   * Who was let in by the service stays in: a reload does not change what decided about it, and is no reason to ask about
   * everybody. With an operator its own token has to be good still.
   */
  private standing({ connection, credentials }: LoginAttempt, verdict: Verdict): Identity | null {
    const identity = isClient(connection) ? connection.identity : null;
    if (identity === null || this.admitted.get(identity) !== credentials) return null;
    if (this.configuredCallout === null) return isRefusal(verdict) ? null : identity;
    return this.noted(this.configuredCallout.renewed(identity), credentials);
  }

  private async decide(attempt: LoginAttempt, verdict: Verdict): Promise<Verdict> {
    const delegation = await this.delegationOf(attempt, verdict);
    if (delegation === null) return this.concerning(verdict);
    const outcome = 'failure' in delegation ? delegation : await this.ask(delegation, attempt);
    if ('failure' in outcome)
      return this.refusal(attempt, outcome, 'account' in delegation ? delegation.account.name : '');
    this.warnOfFullAccount(outcome, attempt);
    return this.noted(outcome, attempt.credentials);
  }

  /** Who runs the service logs in at its account: what goes wrong there is told there. */
  private concerning(verdict: Verdict): Verdict {
    if (!isRefusal(verdict) || this.configuredCallout === null) return verdict;
    const { account } = this.configuredCallout.options;
    return refuse(verdict.reason, verdict.cause, verdict.closeReason, { account, text: '' });
  }

  private noted(identity: Identity, credentials: Credentials): Identity {
    this.admitted.set(identity, credentials);
    return identity;
  }

  private async delegationOf(attempt: LoginAttempt, verdict: Verdict): Promise<Delegation | Failure | null> {
    if (this.configuredCallout !== null) return this.configuredCallout.delegationOf(attempt, verdict);
    return this.operator === undefined ? null : operatorDelegation(this.operator, this.kernel.broker, attempt, verdict);
  }

  private async ask(delegation: Delegation, attempt: LoginAttempt): Promise<Identity | Failure> {
    const slot = this.exchange.take(delegation, attempt.connection);
    if ('failure' in slot) return slot;
    try {
      return await Promise.race([this.conduct(delegation, attempt, slot), slot.ended]);
    } finally {
      slot.release();
    }
  }

  private async conduct(delegation: Delegation, attempt: LoginAttempt, slot: Slot): Promise<Identity | Failure> {
    const { broker } = this.kernel;
    const request = composeRequest(delegation, attempt, slot.userKey, broker);
    const closed = await this.envelope.close(request, delegation.xkey, slot);
    if ('failure' in closed) return closed;
    const response = await this.envelope.open(await slot.ask(closed), delegation, slot);
    if ('failure' in response) return response;
    const expected = { userKey: slot.userKey, serverId: broker.identity.id };
    return checkResponse(response, delegation, expected, broker.clock.now());
  }

  /** The broker tells the client so itself. */
  private warnOfFullAccount({ account }: Identity, { connection }: LoginAttempt): void {
    const { broker, log } = this.kernel;
    if (broker.accounts.get(account)?.isFullFor(connection) !== true) return;
    log.warn('Could not register auth callout user: maximum account active connections exceeded');
  }

  /** Why is told to the log, and in the account of the service; the client is told what every refused client is told. */
  private refusal(attempt: LoginAttempt, { failure }: Failure, account: string): Refusal {
    if (failure !== '') this.kernel.log.warn(failure);
    const { reason } = attempt.refuse();
    const closeReason = failure === PROXY_REQUIRED ? CloseReason.proxyRequired : null;
    return refuse(reason, null, closeReason, account === '' ? null : { account, text: failure });
  }

  /**
   * Who is in the service's account must not pass for the server. The identity itself is changed, not a copy of it: its maker
   * knows by it whose it is.
   */
  private async bar(identity: Identity): Promise<void> {
    if (!(await this.servesIn(identity.account))) return;
    identity.permissions = withoutRequests(identity.permissions);
  }

  /** New terms of an account may have given its clients new permissions. */
  async barAll(account: Account): Promise<void> {
    await new Promise<void>((resolve) => this.kernel.ports.clock.soon(resolve));
    if (!(await this.servesIn(account.name))) return;
    for (const connection of account.connections) if (isClient(connection)) barAgain(connection);
  }

  private async servesIn(account: string): Promise<boolean> {
    if (this.configuredCallout !== null) return this.configuredCallout.options.account === account;
    return this.operator !== undefined && (await this.operator.calloutOf(account)) !== null;
  }
}

function barAgain(client: ClientConnection): void {
  const { identity } = client;
  const permissions = withoutRequests(identity?.permissions ?? null);
  if (identity === null || identity.permissions === permissions) return;
  identity.permissions = permissions;
  client.permissions = permissions;
  client.planGeneration = 0;
}
