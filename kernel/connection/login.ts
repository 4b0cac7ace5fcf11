/** CONNECT: what the client wants, who it is, and whether it may stay. */
import type { Account } from '../accounts/account.ts';
import { GLOBAL_ACCOUNT } from '../accounts/account-registry.ts';
import { isRefusal, type Refusal } from '../hooks/refusal.ts';
import { withinDeadline } from '../host/deadline.ts';
import type { Identity, ReplyAllowance } from '../permissions/permissions.ts';
import type { ClientConnection } from './client-connection.ts';
import { mergeClientOptions } from './client-options.ts';
import { CloseReason } from './close-reason.ts';
import { withCredentials } from './entrance.ts';
import { ReplyAllowances } from './reply-allowances.ts';
import { reviewSubscriptions } from './subscription-review.ts';

/** What plugins may take to decide about a login. Whoever asks somebody else may wait as long as a client may take to log in. */
const VERDICT_MS = 10_000;
const SPARE_MS = 5_000;

/** Everybody, where no plugin asks who they are. */
const ANYBODY: Identity = { account: GLOBAL_ACCOUNT, user: '', permissions: null };

export function connect(client: ClientConnection, json: string): void {
  const { broker } = client;
  broker.tracer?.connect(client, json);
  client.loginTimer?.cancel();
  client.liveness.expectFirstPing(broker.random, broker.clock.now() - client.startedAt);
  const options = mergeClientOptions(client.options, json);
  if (typeof options === 'string') {
    client.refuseJson(options);
    return;
  }
  if (client.isConnectReceived) client.endAllSubscriptions();
  client.options = withCredentials(options, client.entrance);
  client.isConnectReceived = true;
  ask(client, settle);
}

/** The first thing the client sent was not CONNECT: it may still be let in as somebody. */
export function loginImplicitly(client: ClientConnection): void {
  client.loginTimer?.cancel();
  ask(client, settle);
}

/** Whoever has said nothing yet is asked when it does. */
export async function loginAgain(client: ClientConnection): Promise<void> {
  // Every answer but the last may be out of date: one after the other.
  while (client.loginUnderWay !== null) await client.loginUnderWay;
  if (client.isClosed || client.awaitsConnect) return;
  ask(client, settleAgain);
  await client.loginUnderWay;
}

/** Holds the input up until there is a verdict. */
function ask(client: ClientConnection, settled: typeof settle): void {
  const authenticate = client.broker.hooks.connectionAuthenticate.slot;
  if (authenticate === null) {
    settled(client, ANYBODY);
    return;
  }
  const { clock } = client.broker;
  client.hold(client.awaitsConnect);
  const deadlineMs = Math.max(VERDICT_MS, client.broker.options.authTimeoutMs + SPARE_MS);
  client.loginUnderWay = withinDeadline(clock, deadlineMs, authenticate(client, client.options))
    .then((verdict) => withAccount(client, verdict))
    .then(
      (verdict) => decide(client, verdict, settled),
      (error: unknown) => {
        client.loginUnderWay = null;
        refuse(client, undecided(client, error), null);
      },
    );
}

/** Why there is no verdict, and from whom. */
function undecided(client: ClientConnection, error: unknown): string {
  const { taps } = client.broker.hooks.connectionAuthenticate.describe();
  return `no verdict from ${taps.map(({ plugin }) => plugin).join(', ')}: ${String(error)}`;
}

type LoginVerdict = Identity | Refusal | undefined;

/** The account of somebody who is let in may have to be found first. */
async function withAccount(client: ClientConnection, verdict: LoginVerdict): Promise<LoginVerdict> {
  if (verdict !== undefined && !isRefusal(verdict)) await client.broker.resolveAccount(verdict.account);
  return verdict;
}

function decide(client: ClientConnection, verdict: LoginVerdict, settled: typeof settle): void {
  client.loginUnderWay = null;
  if (client.isClosed) return;
  if (verdict === undefined) refuse(client, 'nobody knows these credentials', null);
  else if (isRefusal(verdict)) {
    client.concern = verdict.concern ?? null;
    refuse(client, verdict.reason, verdict.closeReason);
  } else settled(client, verdict);
  client.release();
}

function refuse(client: ClientConnection, reason: string, closeReason: CloseReason | null): void {
  if (client.isClosed) return;
  client.broker.limitHits.authentication++;
  client.broker.logOf(client).error(`authentication error${reason === '' ? '' : ` - ${reason}`}`);
  client.broker.advise(client.account, { type: 'authentication.refused', connection: client, reason });
  client.sendError('Authorization Violation');
  client.close(closeReason ?? CloseReason.authenticationFailure);
}

/** The client is who it says. What it asked for is checked last, as the reference server does. */
function settle(client: ClientConnection, identity: Identity): void {
  const { broker, options } = client;
  const account = accountOf(client, identity);
  if (account === null) return;
  if (options.account !== '' || options.new_account) {
    refuse(client, 'a client cannot choose its account', null);
    return;
  }
  if (options.protocol !== 0 && options.protocol !== 1) {
    part(client, 'invalid client protocol', CloseReason.badProtocolVersion);
    return;
  }
  const takesHeaders = options.headers && broker.options.supportsHeaders;
  if (options.no_responders && !takesHeaders) {
    part(client, 'no responders requires headers support', CloseReason.noRespondersNeedsHeaders);
    return;
  }
  if (!bind(client, account, identity)) return;
  client.takesHeaders = takesHeaders;
  client.awaitsConnect = false;
  broker.hooks.connectionAuthenticated.slot?.(client);
  if (client.isConnectReceived && options.verbose) client.sendOk();
}

/** It asked for what cannot be. */
function part(client: ClientConnection, text: string, reason: CloseReason): void {
  client.sendError(text);
  client.close(reason);
  client.broker.logOf(client).error(text);
}

/** The same client as before, as far as everybody else is concerned. */
function settleAgain(client: ClientConnection, identity: Identity): void {
  const account = accountOf(client, identity);
  if (account === null) return;
  if (account === client.account) become(client, identity);
  else client.close(CloseReason.clientClosed);
}

/** Null when there is none, and the client is gone. */
function accountOf(client: ClientConnection, { account: name }: Identity): Account | null {
  const account = client.broker.accounts.get(name);
  if (account === undefined) refuse(client, `account "${name}" does not exist`, CloseReason.missingAccount);
  return account ?? null;
}

/** Gives the client its account, permissions and limits. False when the account takes no more, and the client is gone. */
function bind(client: ClientConnection, account: Account, identity: Identity): boolean {
  if (account !== client.account || client.identity === null) {
    if (account.isFullFor(client)) {
      client.broker.limitHits.accountConnections++;
      client.broker.logOf(client).error('maximum account active connections exceeded');
      client.sendError('maximum account active connections exceeded');
      client.close(CloseReason.maxAccountConnections);
      return false;
    }
    move(client, account);
  }
  become(client, identity);
  return maySubscribeAtAll(client);
}

/** With a limit of no subscriptions nobody stays. False when the client is gone. */
function maySubscribeAtAll(client: ClientConnection): boolean {
  if (client.subscriptionsMax !== 0) return true;
  client.broker.limitHits.subscriptions++;
  client.broker.logOf(client).error('maximum subscriptions exceeded');
  client.sendError('maximum subscriptions exceeded');
  client.close(CloseReason.maxSubscriptions);
  return false;
}

/** What it subscribed to was in the other account. */
function move(client: ClientConnection, account: Account): void {
  if (account === client.account) return;
  client.endAllSubscriptions();
  client.account.remove(client);
  client.account = account;
  account.add(client);
}

export function become(client: ClientConnection, identity: Identity): void {
  client.identity = identity;
  client.permissions = identity.permissions;
  rememberReplies(client, identity.permissions?.replies ?? null);
  client.planGeneration = 0;
  applyLimits(client);
  client.expireAt(identity.expiresAt);
  reviewSubscriptions(client);
}

/** Requests that were delivered under the old rule may be answered by the new one. */
function rememberReplies(client: ClientConnection, rule: ReplyAllowance | null): void {
  if (rule === null) client.replies = null;
  else if (client.replies !== null) client.replies.rule = rule;
  else client.replies = new ReplyAllowances(rule, client.broker.clock, client.broker.options.maxRememberedReplies);
}

/** Who is limited: clients, and connections to other servers that are for one account. */
export type Limited = Pick<ClientConnection, 'broker' | 'account' | 'identity' | 'payloadMax' | 'subscriptionsMax'>;

/** The narrowest of what the broker, the account and the user are limited to. */
export function applyLimits(client: Limited): void {
  const { options } = client.broker;
  const { limits } = client.account;
  const { identity } = client;
  client.payloadMax = smallest(options.maxPayload, limits.maxPayload, identity?.maxPayload);
  client.subscriptionsMax = smallest(
    options.maxSubscriptions || -1,
    limits.maxSubscriptions,
    identity?.maxSubscriptions,
  );
}

/** The smallest limit there is; negative for none. */
function smallest(...limits: (number | undefined)[]): number {
  const real = limits.filter((limit): limit is number => limit !== undefined && limit >= 0);
  return real.length === 0 ? -1 : Math.min(...real);
}
