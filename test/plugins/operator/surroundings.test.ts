import { fmtCreds } from '@nats-io/jwt';
import { credsAuthenticator, jwtAuthenticator } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { composeServer } from '../../../bin/compose.ts';
import type { LoginAttempt } from '../../../plugins/auth/contract.ts';
import type { MonitorSection } from '../../../plugins/monitoring/contract.ts';
import type { OperatorConfig } from '../../../plugins/operator/config.ts';
import type { OperatorUsers, ShownUser } from '../../../plugins/operator/contract.ts';
import { KeyCache } from '../../../plugins/operator/genuine-token.ts';
import { plugin } from '../../../plugins/operator/index.ts';
import { UserTokens } from '../../../plugins/operator/user-token.ts';
import { listLog, withEachCapabilitySet } from '../../kits/plugin-kit.ts';
import {
  ACME,
  ACME_SIGNER,
  accountToken,
  BOB,
  OPERATOR,
  operatorToken,
  pairOf,
  payloadOf,
  SYSTEM,
  userToken,
} from './issuer.ts';
import { OperatorBench, resolverPlugin, TestResolver, usualTokens } from './operator-bench.ts';

const system = accountToken(SYSTEM, {}, { name: 'SYS' });
const tokens = await usualTokens(accountToken(ACME), system);
const bob = await userToken();
const acme = ACME.getPublicKey();

test('the official client logs in with a file of credentials, and with token and seed', async () => {
  const resolver = new TestResolver();
  for (const [pair, token] of tokens) resolver.tokens.set(pair.getPublicKey(), token);
  const server = await composeServer({
    text: `host: 127.0.0.1\nport: -1\noperator: ${await operatorToken()}\nresolver: MEMORY`,
    path: 'x.conf',
    plugins: ['auth', 'operator', resolverPlugin(resolver)],
    log: listLog([]),
  });
  await server.start();
  const port = server.address!.port;
  const withFile = await connect({ port, authenticator: credsAuthenticator(fmtCreds(bob, BOB as never)) });
  const withSeed = await connect({ port, authenticator: jwtAuthenticator(bob, BOB.getSeed()) });
  const heard = withFile.subscribe('greet', { callback: (_error, message) => void message.respond('hello') });
  await withFile.flush();
  assert.is((await withSeed.request('greet')).string(), 'hello');
  heard.unsubscribe();
  await withFile.close();
  await withSeed.close();
  await server.close();
});

test('a client whose user is revoked is told by the official client', async () => {
  const resolver = new TestResolver();
  for (const [pair, token] of tokens) resolver.tokens.set(pair.getPublicKey(), token);
  const server = await composeServer({
    text: `host: 127.0.0.1\nport: -1\noperator: ${await operatorToken()}\nresolver: MEMORY`,
    path: 'x.conf',
    plugins: ['auth', 'operator', resolverPlugin(resolver)],
    log: listLog([]),
  });
  await server.start();
  const options = { port: server.address!.port, reconnect: false };
  const client = await connect({ ...options, authenticator: jwtAuthenticator(bob, BOB.getSeed()) });
  const revoked = await accountToken(ACME, { revocations: { '*': (payloadOf(bob).iat as number) + 1 } });
  await resolver.host!.apply(acme, revoked);
  assert.match(String(await client.closed()), /User Authentication Revoked|revoked/i);
  await server.close();
});

test('nothing of the plugin stays behind, with and without those it works with', async () => {
  const config: OperatorConfig = {
    operators: [],
    trustedKeys: [OPERATOR.getPublicKey()],
    isStrict: false,
    systemAccount: null,
    resolver: null,
    pinnedAccounts: null,
    defaultSentinel: '',
  };
  const sharing = { share: () => {}, exportsOf: () => [], importsOf: () => [] };
  const capabilities = { 'account.resolver': { memory: new TestResolver() }, 'account.sharing': sharing };
  await withEachCapabilitySet(plugin, { config, capabilities }, (bench) => {
    assert.ok(bench.hooks.accountResolve.slot !== null);
  });
});

test('without operators and trusted keys the plugin does nothing', async () => {
  await withEachCapabilitySet(plugin, { capabilities: {} }, (bench) => {
    assert.is(bench.hooks.accountResolve.slot, null);
    assert.is(bench.hooks.connectionAuthenticated.slot, null);
  });
});

test('tokens that were found genuine are remembered, up to a number', async () => {
  const keys = new KeyCache(1);
  const users = new UserTokens(keys, 2);
  const [one, two, three] = await Promise.all(['a', 'b', 'c'].map((tag) => userToken({ tags: [tag] } as object)));
  const first = await users.read(one!);
  assert.is(await users.read(one!), first);
  await users.read(two!);
  assert.is(await users.read(one!), first);
  await users.read(three!);
  assert.is.not(await users.read(one!), first, 'the oldest was forgotten');
});

test('a token that is turned away before its claims are read is not remembered', async () => {
  const users = new UserTokens(new KeyCache(1), 10);
  const seen: string[] = [];
  const turnAway = async ({ issuer }: { issuer: string }) => {
    seen.push(issuer);
    return { failure: 'a stranger' };
  };
  assert.equal(await users.read(bob, turnAway), { failure: 'a stranger' });
  assert.equal(await users.read(bob, turnAway), { failure: 'a stranger' });
  const known = await users.read(bob, async () => null);
  assert.is(await users.read(bob, turnAway), known, 'who was let in once needs nobody at the door');
  assert.equal(seen, [ACME.getPublicKey(), ACME.getPublicKey()]);
});

test('nobody is at the door before the signature was checked', async () => {
  const forged = `${bob.slice(0, bob.lastIndexOf('.'))}.${(await userToken({}, { aud: 'x' })).split('.')[2]}`;
  const isAsked = async () => assert.unreachable('the doorkeeper was asked about a forged token');
  const answer = await new UserTokens(new KeyCache(1), 10).read(forged, isAsked as never);
  assert.equal(answer, { failure: 'claim failed V2 signature verification' });
});

test('a forged token is not remembered as the genuine one it looks like', async () => {
  const users = new UserTokens(new KeyCache(1), 10);
  await users.read(bob);
  const forged = `${bob.slice(0, bob.lastIndexOf('.'))}.${(await userToken({}, { aud: 'x' })).split('.')[2]}`;
  assert.equal(await users.read(forged), { failure: 'claim failed V2 signature verification' });
});

test('the monitor is told of operators and accounts', async () => {
  const revocations = { '*': 1_000_000_000 };
  const token = await accountToken(ACME, { revocations, tags: ['a:b'] } as object);
  const bench = await OperatorBench.start({ tokens: new Map([...tokens, [ACME, token]]) });
  const { capabilities } = bench.server.host;
  const [{ value }] = capabilities.all('monitor.section') as unknown as [{ value: MonitorSection }];
  await bench.server.broker.resolveAccount(acme);
  const account = bench.server.broker.accounts.get(acme)!;
  const operator = await operatorToken();
  const varz = value.varz!() as { trusted_operators_claim: { nats: object }[] };
  assert.equal(varz.trusted_operators_claim[0]!.nats, payloadOf(operator).nats);
  const { update_time: _, ...shown } = value.account!(account)!;
  assert.equal(shown, {
    expired: false,
    jwt: token,
    issuer_key: payloadOf(token).iss,
    name_tag: 'Acme',
    tags: ['a:b'],
    decoded_jwt: payloadOf(token),
    revoked_user: { '*': '2001-09-09T01:46:40.000Z' },
  });
  assert.equal(value.accountStatistics!(account), { name: 'Acme' });
  assert.is(value.account!(bench.server.broker.accounts.global), undefined);
  await bench.server.close();
});

test('log lines of a client say which user of which account it is', async () => {
  const bench = await OperatorBench.start({ tokens });
  await bench.welcome(bob, BOB, { name: 'me' });
  const [client] = bench.server.broker.connections.values();
  assert.match(client!.label, new RegExp(` - "me" - "${acme}/Acme/jwt:${BOB.getPublicKey()}"$`));
  await bench.server.close();
});

// --- the capability operator.users ------------------------------------------------------------------------------------

const callout = { auth_users: [BOB.getPublicKey()], allowed_accounts: ['*'], xkey: '' };

async function withUsers(run: (users: OperatorUsers, bench: OperatorBench) => Promise<void>): Promise<void> {
  const account = accountToken(ACME, { authorization: callout, signing_keys: [ACME_SIGNER.getPublicKey()] } as object);
  const bench = await OperatorBench.start({ tokens: await usualTokens(account, system) });
  const [{ value }] = bench.server.host.capabilities.all('operator.users') as unknown as [{ value: OperatorUsers }];
  await run(value, bench);
  await bench.server.close();
}

async function attemptOf(bench: OperatorBench, jwt: string): Promise<LoginAttempt> {
  await bench.client();
  const connection = [...bench.server.broker.connections.values()].at(-1)!;
  const attempt = { connection, credentials: { jwt, pass: '', sig: '' }, connectionType: 'STANDARD', nonce: 'x' };
  return { ...attempt, isImplicit: false, proxyKey: '' } as unknown as LoginAttempt;
}

test("whoever lets users in otherwise is told whose token a client shows, and of the account's service", async () => {
  await withUsers(async (users, bench) => {
    const shown = (await users.shownBy(await attemptOf(bench, bob))) as ShownUser;
    assert.equal(
      { ...shown, callout: null },
      {
        userKey: BOB.getPublicKey(),
        accountKey: acme,
        accountName: 'Acme',
        name: 'bob',
        tags: [],
        callout: null,
      },
    );
    const expected = { authUsers: callout.auth_users, allowedAccounts: ['*'], xkey: '' };
    assert.equal(shown.callout, expected);
    assert.equal(await users.calloutOf(acme), expected);
    assert.is(await users.calloutOf(SYSTEM.getPublicKey()), null);
    assert.is(await users.calloutOf(pairOf('account', 40).getPublicKey()), null);
    assert.is(await users.shownBy(await attemptOf(bench, 'x')), null);
    assert.is(await users.shownBy(await attemptOf(bench, '')), null);
  });
});

test('over MQTT the token is the password, and another password says nothing', async () => {
  await withUsers(async (users, bench) => {
    const attempt = await attemptOf(bench, '');
    const overMqtt = (pass: string): LoginAttempt => ({
      ...attempt,
      connectionType: 'MQTT',
      credentials: { ...attempt.credentials, pass },
    });
    assert.is((await users.shownBy(overMqtt(bob)))?.userKey, BOB.getPublicKey());
    assert.is(await users.shownBy(overMqtt('secret')), null);
  });
});

test('keys that may sign for an account are told from others', async () => {
  await withUsers(async (users) => {
    assert.is(await users.isIssuer(acme, acme), true);
    assert.is(await users.isIssuer(acme, ACME_SIGNER.getPublicKey()), true);
    assert.is(await users.isIssuer(acme, SYSTEM.getPublicKey()), false);
    assert.is(await users.isIssuer(pairOf('account', 40).getPublicKey(), acme), false);
  });
});

test('a token makes an identity as at a login, without a signature of the nonce', async () => {
  await withUsers(async (users, bench) => {
    const attempt = await attemptOf(bench, bob);
    const identity = await users.identityFor(await userToken({ subs: 3 }), attempt);
    assert.is('failure' in identity ? identity.failure : identity.account, acme);
    assert.is('failure' in identity ? 0 : identity.maxSubscriptions, 3);
    const late = await users.identityFor(await userToken({}, { exp: 1000 }), attempt);
    assert.equal(late, { failure: 'User JWT no longer valid: claim is expired' });
    const elsewhere = await users.identityFor(await userToken({ src: ['10.0.0.0/8'] }), attempt);
    assert.equal(elsewhere, { failure: 'Bad src Ip 127.0.0.1' });
    const nowhere = pairOf('account', 40);
    const lost = await users.identityFor(await userToken({}, {}, BOB, nowhere), attempt);
    assert.equal(lost, { failure: `No valid account "${nowhere.getPublicKey()}": account missing` });
  });
});

test.run();
