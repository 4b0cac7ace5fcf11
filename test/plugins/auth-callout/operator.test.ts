/** With an operator: its part is played by a plugin that says of tokens what the test wants. */
import { createAccount, createUser } from '@nats-io/nkeys';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClientConnection } from '../../../kernel/connection/client-connection.ts';
import { type Refusal, refuse } from '../../../kernel/hooks/refusal.ts';
import { definePlugin, type PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import type { Authenticator, Identity } from '../../../plugins/auth/contract.ts';
import type { AccountCallout, OperatorUsers } from '../../../plugins/operator/contract.ts';
import { decodeToken } from '../../../protocols/jwt/token.ts';
import type { UserClaims } from '../../../protocols/jwt/user-claims.ts';
import { REFUSED, until, WELCOME } from '../auth/auth-bench.ts';
import { answerWith, type Grants, ServiceKeys, userToken } from './callout-service.ts';
import { asRequest, claimsIn, WireBench, type WireRequest } from './wire-service.ts';

const keys = new ServiceKeys();
const [home, signing, allowed, forbidden, stranger] = Array.from({ length: 5 }, () => createAccount());
const HOME = home!.getPublicKey();
const ALLOWED = allowed!.getPublicKey();
const SENTINEL = createUser().getPublicKey();
const SERVICE = createUser().getPublicKey();
const text = `accounts { ${HOME} {}, ${ALLOWED} {}, ${forbidden!.getPublicKey()} {} }`;

type Signer = NonNullable<typeof home>;

interface Play {
  callout?: Partial<AccountCallout> | null;
  verdict?: Refusal;
  identity?: Identity | { failure: string };
  tags?: readonly string[];
}

/** Tokens in this play are the keys of users. */
function operator({ callout = {}, verdict, identity, tags = [] }: Play): PluginDefinition {
  const settings = callout === null ? null : { authUsers: [SERVICE], allowedAccounts: [ALLOWED], xkey: '', ...callout };
  const users: OperatorUsers = {
    shownBy: async ({ credentials: { jwt } }) =>
      jwt === ''
        ? null
        : { userKey: jwt, accountKey: HOME, accountName: 'HOME', name: 'sentinel', tags, callout: settings },
    calloutOf: async (account) => (account === HOME ? settings : null),
    isIssuer: async (account, key) => key === account || (account === HOME && key === signing!.getPublicKey()),
    identityFor: async (token) => {
      const { issuer, issuerAccount, subject } = (decodeToken(token) as { claims: UserClaims }).claims;
      return identity ?? { account: issuerAccount || issuer, user: subject, permissions: null };
    },
  };
  const authenticator: Authenticator = {
    isLoginRequired: true,
    needsNonce: true,
    authenticate: ({ credentials: { jwt } }) =>
      (jwt === SERVICE ? undefined : verdict) ?? (jwt === '' ? refuse('no token') : identityOf(jwt)),
  };
  return definePlugin({
    name: 'operator',
    version: '1.0.0',
    api: [1],
    provides: [
      { name: 'auth.authenticator', cardinality: 'chain' },
      { name: 'operator.users', cardinality: 'one' },
    ],
    register(ctx) {
      ctx.provide('auth.authenticator', authenticator);
      ctx.provide('operator.users', users);
    },
  });
}

function identityOf(user: string): Identity {
  return { account: HOME, user, permissions: null };
}

async function inPlay(play: Play, use: (bench: WireBench) => Promise<void>): Promise<void> {
  const bench = await WireBench.start(text, operator(play), { jwt: SERVICE });
  await use(bench);
  await bench.close();
}

async function answer(
  request: WireRequest,
  user: Signer,
  grants: Grants = {},
  response: Signer = home!,
): Promise<string> {
  const asked = asRequest(request);
  return answerWith(asked, response, { jwt: await userToken(asked, user, grants, { aud: undefined }) });
}

test('the request is about the account of the token, with what the token says of the client', () =>
  inPlay({ tags: ['a:b'] }, async (bench) => {
    const { request } = await bench.ask({ jwt: SENTINEL, user: 'joe', pass: 'x', name: 'N', sig: 'S' });
    const claims = claimsIn(request.body);
    assert.is(claims.sub, HOME);
    const { nonce, ...info } = claims.nats.client_info;
    assert.match(String(nonce), /^[A-Za-z0-9_-]{15}$/);
    const fixed = { kind: 'Client', type: 'nats' };
    const who = { user: 'joe', name: 'N', tags: ['a:b'], name_tag: 'sentinel' };
    assert.equal(info, { host: '127.0.0.1', id: 2, ...who, ...fixed });
    assert.is(JSON.stringify(claims.nats.connect_opts).slice(0, 16), `{"jwt":"${SENTINEL.slice(0, 8)}`);
    assert.equal(claims.nats.connect_opts, { jwt: SENTINEL, sig: 'S', user: 'joe', pass: 'x', name: 'N', protocol: 0 });
  }));

test('who shows a token and a token of another kind is known by the key of the first', () =>
  inPlay({}, async (bench) => {
    const { request } = await bench.ask({ jwt: SENTINEL, auth_token: 't' });
    assert.is(claimsIn(request.body).nats.client_info.user, SENTINEL);
  }));

const ANSWERS: [what: string, make: (request: WireRequest) => Promise<string>, warning: string | null][] = [
  ['a user of the account itself', (request) => answer(request, home!), null],
  ['a user of it, by a signing key', (request) => answer(request, signing!, { issuer_account: HOME }, signing!), null],
  ['a user of an account that is allowed', (request) => answer(request, allowed!), null],
  [
    'a user of an account that is not',
    (request) => answer(request, forbidden!),
    `Account "${forbidden!.getPublicKey()}" not permitted as valid account option for auth callout for account "${HOME}"`,
  ],
  [
    'a key that does not sign for the account it names',
    (request) => answer(request, stranger!, { issuer_account: ALLOWED }),
    `User JWT issuer "${stranger!.getPublicKey()}" is not known`,
  ],
  [
    'an answer signed by another account',
    (request) => answer(request, home!, {}, allowed!),
    'Auth callout signing key is unknown',
  ],
];

for (const [what, make, warning] of ANSWERS) {
  test(`${what} ${warning === null ? 'is let in' : 'is refused'}`, () =>
    inPlay({}, async (bench) => {
      const { client, request } = await bench.ask({ jwt: SENTINEL, user: 'joe' });
      bench.answer(request, await make(request));
      assert.is(await bench.bench.reply(client), warning === null ? WELCOME : REFUSED);
      assert.equal(bench.warnings, warning === null ? [] : [warning]);
    }));
}

test('any account will do where any is allowed', () =>
  inPlay({ callout: { allowedAccounts: ['*'] } }, async (bench) => {
    const { client, request } = await bench.ask({ jwt: SENTINEL });
    bench.answer(request, await answer(request, forbidden!));
    assert.is(await bench.bench.reply(client), WELCOME);
  }));

test('what the operator finds wrong with the user refuses the client', () =>
  inPlay({ identity: { failure: 'scoped users require no permissions or limits set' } }, async (bench) => {
    const { client, request } = await bench.ask({ jwt: SENTINEL });
    bench.answer(request, await answer(request, home!));
    assert.is(await bench.bench.reply(client), REFUSED);
    assert.equal(bench.warnings, ['User JWT is not valid: scoped users require no permissions or limits set']);
  }));

test('an identity of another account than the token says does not count', () =>
  inPlay({ identity: { account: ALLOWED, user: 'x', permissions: null } }, async (bench) => {
    const { client, request } = await bench.ask({ jwt: SENTINEL });
    bench.answer(request, await answer(request, home!));
    assert.is(await bench.bench.reply(client), REFUSED);
  }));

test('the client goes by the name the token gives it, and may not pass for the server', () =>
  inPlay({}, async (bench) => {
    const { client, request } = await bench.ask({ jwt: SENTINEL, user: 'joe' });
    bench.answer(request, await answer(request, home!));
    assert.is(await bench.bench.reply(client), WELCOME);
    const violation = /Permissions Violation for Publish to "\$SYS\.REQ\.USER\.AUTH"/;
    assert.match(await bench.bench.say(client, 'PUB $SYS.REQ.USER.AUTH 0\r\n\r\n'), violation);
    assert.match(await bench.bench.say(bench.service, 'PUB $SYS.REQ.USER.AUTH 0\r\n\r\n'), violation);
    assert.ok(bench.bench.log.some((line) => /\/user:Bob" - Publish Violation/.test(line)));
  }));

test('new permissions by new terms of the account do not let anybody pass for the server', () =>
  inPlay({}, async (bench) => {
    const { broker } = bench.bench.server;
    const [service] = [...broker.connections.values()] as ClientConnection[];
    service!.identity = { ...service!.identity!, permissions: null };
    service!.permissions = null;
    await broker.hooks.accountChanged.slot!(broker.accounts.get(HOME)!);
    const violation = /Permissions Violation for Publish to "\$SYS\.REQ\.USER\.AUTH"/;
    assert.match(await bench.bench.say(bench.service, 'PUB $SYS.REQ.USER.AUTH 0\r\n\r\n'), violation);
  }));

test('a reload asks about nobody again whose own token is good', () =>
  inPlay({}, async (bench) => {
    const { client, request } = await bench.ask({ jwt: SENTINEL });
    bench.answer(request, await answer(request, home!));
    assert.is(await bench.bench.reply(client), WELCOME);
    bench.service.clear();
    await bench.bench.reload(`${text}\nauthorization { timeout: 5 }`);
    assert.is(await bench.bench.say(client, ''), WELCOME);
    assert.not.match(bench.service.text, /MSG/);
  }));

test('a limit of nothing is no limit, as services leave limits out', () =>
  inPlay({ identity: { account: HOME, user: 'x', permissions: null, maxPayload: 0 } }, async (bench) => {
    const { client, request } = await bench.ask({ jwt: SENTINEL });
    bench.answer(request, await answer(request, home!));
    assert.is(await bench.bench.reply(client), WELCOME);
    assert.is(await bench.bench.say(client, 'PUB a 1\r\nx\r\n'), WELCOME);
  }));

test('requests are sealed to the key of the account', () =>
  inPlay({ callout: { xkey: keys.curve.getPublicKey() } }, async (bench) => {
    const { client, request } = await bench.ask({ jwt: SENTINEL });
    const { xkey } = bench.bench.server.broker.identity;
    const body = Buffer.from(keys.curve.open(new Uint8Array(request.body), xkey)!);
    const sealed = keys.curve.seal(Buffer.from(await answer({ ...request, body }, home!, {}, stranger!)), xkey);
    bench.answer(request, sealed);
    assert.is(await bench.bench.reply(client), WELCOME, 'who signs what is sealed is not looked at');
  }));

test('a token that does not let its client in is not worth a question', () =>
  inPlay({ verdict: refuse('wrong signature') }, async (bench) => {
    assert.is(await bench.bench.answer({ jwt: SENTINEL }), REFUSED);
    assert.is(bench.service.text, '');
  }));

test('users of accounts without a service are as their tokens say', () =>
  inPlay({ callout: null }, async (bench) => {
    assert.is(await bench.bench.answer({ jwt: SENTINEL }), WELCOME);
    assert.is(bench.service.text, '');
    await until(() => bench.pending === 0);
  }));

test('without a token nobody is asked', () =>
  inPlay({}, async (bench) => {
    assert.is(await bench.bench.answer({ user: 'joe' }), REFUSED);
    assert.is(bench.service.text, '');
  }));

test.run();
