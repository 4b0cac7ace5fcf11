/** CONNECT: what the client wants, who it is, and whether it may stay. */
import type { Account } from '../accounts/account.ts';
import { GLOBAL_ACCOUNT } from '../accounts/account-registry.ts';
import type { Identity } from '../accounts/permissions.ts';
import { isRefusal, type Refusal } from '../hooks/refusal.ts';
import type { ClientConnection } from './client-connection.ts';
import { type ClientOptions, mergeClientOptions } from './client-options.ts';
import { CloseReason } from './close-reason.ts';
import { ReplyAllowances } from './reply-allowances.ts';

/** Everybody, where no plugin asks who they are. */
const ANYBODY: Identity = { account: GLOBAL_ACCOUNT, user: '', permissions: null };

export function connect(client: ClientConnection, json: string): void {
  const { broker } = client;
  broker.tracer?.connect(client, json);
  client.loginTimer?.cancel();
  client.liveness.expectFirstPing(broker.random, broker.clock.now() - client.startedAt);
  const options = mergeClientOptions(client.options, json);
  if (options === null) {
    client.fail('malformed');
    return;
  }
  if (client.isConnectReceived) client.endAllSubscriptions();
  client.options = options;
  client.updateEcho();
  client.isConnectReceived = true;
  const authenticate = broker.hooks.connectionAuthenticate.slot;
  if (authenticate === null) {
    settle(client, ANYBODY);
    return;
  }
  ask(client, options);
}

/** The first thing the client sent was not CONNECT: it may still be let in as somebody. */
export function loginImplicitly(client: ClientConnection): void {
  client.loginTimer?.cancel();
  ask(client, client.options);
}

/** Holds the input up until there is a verdict. */
function ask(client: ClientConnection, options: Readonly<ClientOptions>): void {
  const authenticate = client.broker.hooks.connectionAuthenticate.slot;
  if (authenticate === null) {
    settle(client, ANYBODY);
    return;
  }
  client.hold();
  authenticate(client, options).then(
    (verdict) => decide(client, verdict),
    (error: unknown) => refuse(client, String(error), null),
  );
}

function decide(client: ClientConnection, verdict: Identity | Refusal | undefined): void {
  if (client.isClosed) return;
  if (verdict === undefined) refuse(client, 'nobody knows these credentials', null);
  else if (isRefusal(verdict)) refuse(client, verdict.reason, verdict.closeReason);
  else settle(client, verdict);
  client.release();
}

function refuse(client: ClientConnection, reason: string, closeReason: CloseReason | null): void {
  if (client.isClosed) return;
  client.broker.limitHits.authentication++;
  client.broker.logOf(client).error(`authentication error${reason === '' ? '' : ` - ${reason}`}`);
  client.sendError('Authorization Violation');
  client.close(closeReason ?? CloseReason.authenticationFailure);
}

/** The client is who it says. What it asked for is checked last, as the reference server does. */
function settle(client: ClientConnection, identity: Identity): void {
  const { broker, options } = client;
  const account = broker.accounts.get(identity.account);
  if (account === undefined) {
    refuse(client, `account "${identity.account}" does not exist`, CloseReason.missingAccount);
    return;
  }
  if (options.account !== '' || options.new_account) {
    refuse(client, 'a client cannot choose its account', null);
    return;
  }
  if (options.protocol !== 0 && options.protocol !== 1) {
    client.sendError('invalid client protocol');
    client.close(CloseReason.badProtocolVersion);
    return;
  }
  const takesHeaders = options.headers && broker.options.supportsHeaders;
  if (options.no_responders && !takesHeaders) {
    client.sendError('no responders requires headers support');
    client.close(CloseReason.noRespondersNeedsHeaders);
    return;
  }
  if (!bind(client, account, identity)) return;
  client.takesHeaders = takesHeaders;
  client.awaitsConnect = false;
  broker.hooks.connectionAuthenticated.slot?.(client);
  if (client.isConnectReceived && options.verbose) client.sendOk();
}

/** Gives the client its account, permissions and limits. */
function bind(client: ClientConnection, account: Account, identity: Identity): boolean {
  const { broker } = client;
  if (account !== client.account || !account.connections.has(client)) {
    if (account.isFull) {
      broker.limitHits.accountConnections++;
      client.sendError('maximum account active connections exceeded');
      client.close(CloseReason.maxAccountConnections);
      return false;
    }
    client.account.remove(client);
    client.account = account;
    account.add(client);
  }
  client.identity = identity;
  client.permissions = identity.permissions;
  const replies = identity.permissions?.replies ?? null;
  client.replies = replies === null ? null : new ReplyAllowances(replies, broker.clock);
  client.planGeneration = 0;
  client.payloadMax = smallest(broker.options.maxPayload, account.limits.maxPayload, identity.maxPayload);
  client.subscriptionsMax = smallest(
    broker.options.maxSubscriptions || -1,
    account.limits.maxSubscriptions,
    identity.maxSubscriptions,
  );
  expireAt(client, identity.expiresAt);
  return true;
}

function expireAt(client: ClientConnection, moment: number | undefined): void {
  client.expiryTimer?.cancel();
  client.expiryTimer = null;
  if (moment === undefined) return;
  const { clock } = client.broker;
  client.expiryTimer = clock.after(Math.max(0, moment - clock.now()), () => {
    client.sendError('User Authentication Expired');
    client.close(CloseReason.authenticationExpired);
  });
}

/** The smallest limit there is; negative for none. */
function smallest(...limits: (number | undefined)[]): number {
  const real = limits.filter((limit): limit is number => limit !== undefined && limit >= 0);
  return real.length === 0 ? -1 : Math.min(...real);
}
