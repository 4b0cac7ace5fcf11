/** What claims come to: accounts, permissions, limits. Whom nothing fits stays outside. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ENTRIES_MAX, VALUE_CHARACTERS_MAX } from '../../../plugins/oidc/claims/permission-template.ts';
import { connectLine, infoOf, REFUSED, WELCOME } from '../auth/auth-bench.ts';
import { Signer } from '../auth/signer.ts';
import { START, signingKey, token } from './identity-provider.ts';
import { block, OidcBench } from './oidc-bench.ts';

const KEY = await signingKey('EdDSA', 'k');
const FILES = { k: JSON.stringify({ keys: [KEY.jwk] }) };

async function withBlock(more: string, use: (bench: OidcBench) => Promise<void>): Promise<void> {
  const bench = await OidcBench.start(block('file: k', more), FILES);
  try {
    await use(bench);
  } finally {
    await bench.close();
  }
}

/** The account that claims lead to; empty for nowhere. */
async function accountFor(bench: OidcBench, claims: Record<string, unknown>): Promise<string> {
  const wire = await bench.client();
  const answer = await bench.say(wire, connectLine({ auth_token: await token(KEY, { claims }) }));
  if (answer !== WELCOME) return '';
  const name = [...bench.server.broker.connections.values()].at(-1)!.account.name;
  wire.receiver!.onClosed(null);
  return name;
}

const RULES = `rules: [
  { when: { "realm_access.roles": ops, email_verified: true }, account: OPS }
  { when: { "https://acme.example/plan": [7, gold] }, account: APP }
  { when: { scope: "nats:use" }, account: APP }
  { when: { '"a.b".c': x }, account: APP }
]`;

const CASES: [claims: Record<string, unknown>, account: string][] = [
  [{ realm_access: { roles: ['user', 'ops'] }, email_verified: true }, 'OPS'],
  [{ realm_access: { roles: 'ops' }, email_verified: 'true' }, 'OPS'],
  [{ realm_access: { roles: ['ops'] }, email_verified: false }, ''],
  [{ realm_access: { roles: ['ops'] } }, ''],
  [{ realm_access: { roles: ['oops', 'Ops', 'ops '] }, email_verified: true }, ''],
  [{ realm_access: { roles: 'a ops' }, email_verified: true }, ''],
  [{ realm_access: { roles: [['ops']] }, email_verified: true }, ''],
  [{ 'realm_access.roles': ['ops'], email_verified: true }, ''],
  [{ realm_access: ['roles'], email_verified: true }, ''],
  [{ 'https://acme.example/plan': 'gold' }, 'APP'],
  [{ 'https://acme.example/plan': 7 }, 'APP'],
  [{ 'https://acme': { 'example/plan': 'gold' } }, ''],
  [{ scope: 'openid nats:use email' }, 'APP'],
  [{ scope: 'openid nats:used' }, ''],
  [{ scope: ['openid', 'nats:use'] }, 'APP'],
  [{ 'a.b': { c: 'x' } }, 'APP'],
  [{ a: { b: { c: 'x' } } }, ''],
  [{ scope: 'nats:use', realm_access: { roles: ['ops'] }, email_verified: true }, 'OPS'],
  [{}, ''],
];

test('the first rule that fits all its claims says the account; without one nobody is let in', async () => {
  await withBlock(RULES, async (bench) => {
    for (const [claims, account] of CASES) {
      assert.is(await accountFor(bench, claims), account, JSON.stringify(claims));
      if (account === '') assert.match(bench.lastRefusal, /: no rule fits its claims$/);
    }
  });
});

test('what an object has by itself is no claim', async () => {
  await withBlock('rules: [{ when: { "constructor.name": Object }, account: OPS }]', async (bench) => {
    assert.is(await accountFor(bench, {}), '');
  });
});

test('a claim may name an account of a list, and no other', async () => {
  await withBlock('account_claim: tenant, accounts: [APP]', async (bench) => {
    assert.is(await accountFor(bench, { tenant: 'APP' }), 'APP');
    for (const tenant of ['OPS', '$SYS', 'app', '', undefined, {}]) assert.is(await accountFor(bench, { tenant }), '');
    assert.match(bench.lastRefusal, /: its claim "tenant" names none of the accounts$/);
  });
});

test('a claim may stand for an account, and must not for two', async () => {
  await withBlock('account_claim: groups, accounts { "/staff": OPS, "/users": APP, "/guests": APP }', async (bench) => {
    assert.is(await accountFor(bench, { groups: ['/x', '/staff'] }), 'OPS');
    assert.is(await accountFor(bench, { groups: ['/users', '/guests'] }), 'APP');
    assert.is(await accountFor(bench, { groups: ['/users', '/staff'] }), '');
    assert.match(bench.lastRefusal, /: its claim "groups" names several of the accounts$/);
  });
});

test('an account that does not exist lets nobody in', async () => {
  await withBlock('account: NOWHERE', async (bench) => assert.is(await accountFor(bench, {}), ''));
});

test('the user is what the claim says that is configured', async () => {
  await withBlock('account: APP, user_claim: "profile.login"', async (bench) => {
    await bench.loggedIn({ auth_token: await token(KEY, { claims: { profile: { login: 'Zoë' } } }) });
    const [connection] = [...bench.server.broker.connections.values()];
    const { identity } = connection as unknown as { identity: { user: string; details: object } };
    assert.is(identity.user, 'Zoë');
    assert.equal(identity.details, { issuer_key: 'https://id.example/realms/test' });
    for (const login of ['', 'x'.repeat(257), 'a\u0000b']) {
      assert.is(await accountFor(bench, { profile: { login } }), '', JSON.stringify(login));
    }
    assert.is(await accountFor(bench, { profile: { login: 'x'.repeat(256) } }), 'APP');
  });
});

/** Whether each subject may be published. */
async function mayPublish(bench: OidcBench, claims: Record<string, unknown>, subjects: string[]): Promise<boolean[]> {
  const wire = await bench.loggedIn({ auth_token: await token(KEY, { claims }) });
  const answers: boolean[] = [];
  for (const subject of subjects) answers.push((await bench.say(wire, `PUB ${subject} 0\r\n\r\n`)) === WELCOME);
  return answers;
}

test('permissions are those of the rule, or those beside the issuer', async () => {
  const more = `account: APP, permissions { publish: "all.>" }, rules: [
    { when { role: boss } , permissions { publish: ">" } }
    { when { role: user } }
  ]`;
  await withBlock(more, async (bench) => {
    assert.equal(await mayPublish(bench, { role: 'boss' }, ['all.x', 'other']), [true, true]);
    assert.equal(await mayPublish(bench, { role: 'user' }, ['all.x', 'other']), [true, false]);
  });
});

test('claims fill tokens of subjects, each value one entry', async () => {
  const publish = '["user.{{claim(sub)}}.>", "team.{{claim(org.teams)}}-{{claim(sub)}}"]';
  await withBlock(`account: APP, permissions { publish: ${publish} }`, async (bench) => {
    const claims = { sub: 'auth0|7', org: { teams: ['red', 'blu'] } };
    const subjects = ['user.auth0|7.x', 'user.x.x', 'team.red-auth0|7', 'team.blu-auth0|7', 'team.red-x', 'team.red'];
    assert.equal(await mayPublish(bench, claims, subjects), [true, false, true, true, false, false]);
    const named = { sub: 'zoë', org: { teams: 'x' } };
    const bytes = Buffer.from('user.zoë.x').toString('latin1');
    assert.equal(await mayPublish(bench, named, [bytes, 'user.zoe.x']), [true, false]);
  });
});

test('denials and queues are filled too', async () => {
  const more = 'permissions { publish { deny: "box.{{claim(sub)}}" }, subscribe: "jobs.* q-{{claim(sub)}}" }';
  await withBlock(`account: APP, ${more}`, async (bench) => {
    assert.equal(await mayPublish(bench, { sub: 'ann' }, ['box.ann', 'box.bob']), [false, true]);
    const wire = await bench.loggedIn({ auth_token: await token(KEY) });
    assert.is(await bench.say(wire, 'SUB jobs.x q-ann 1\r\n'), WELCOME);
    assert.match(await bench.say(wire, 'SUB jobs.x q-bob 2\r\n'), /Permissions Violation/);
  });
});

const OUTSIDE = ['a.b', '*', '>', 'a b', '', 'a\tb', 'a\r\nb', '\u0000', '\u007f', '\u00a0', '\u2028', '\u200b', 'a>'];

test('a claim that is no single token is never put into a subject: the login is refused', async () => {
  for (const entry of ['{ publish: "u.{{claim(sub)}}" }', '{ subscribe { deny: "u.{{claim(sub)}}.>" } }']) {
    await withBlock(`account: APP, user_claim: iss, permissions ${entry}`, async (bench) => {
      for (const sub of [...OUTSIDE, ['ok', 'a.b'], 'x'.repeat(VALUE_CHARACTERS_MAX + 1)]) {
        assert.is(await accountFor(bench, { sub }), '', JSON.stringify(sub));
        assert.match(bench.lastRefusal, /: its claim "sub" is no single token of a subject$/);
      }
      for (const sub of [undefined, [], {}, null]) {
        assert.is(await accountFor(bench, { sub }), '', JSON.stringify(sub));
        assert.match(bench.lastRefusal, /: it has no claim "sub", which permissions name$/);
      }
      assert.is(await accountFor(bench, { sub: 'x'.repeat(VALUE_CHARACTERS_MAX) }), 'APP');
    });
  }
});

test('as many subjects as are allowed come of one token, and no more', async () => {
  await withBlock('account: APP, max_token_size: 100k, permissions { publish: "x.{{claim(n)}}" }', async (bench) => {
    const numbers = Array.from({ length: ENTRIES_MAX }, (_, index) => index);
    bench.server.broker.options = { ...bench.server.broker.options, maxControlLine: 100_000 };
    assert.is(await accountFor(bench, { n: numbers }), 'APP');
    assert.is(await accountFor(bench, { n: [...numbers, 'more'] }), '');
    assert.match(bench.lastRefusal, /more than 1000 subjects/);
  });
  await withBlock('account: APP, permissions { publish: "x.{{claim(n)}}.{{claim(n)}}" }', async (bench) => {
    const numbers = (length: number): number[] => Array.from({ length }, (_, index) => index);
    assert.is(await accountFor(bench, { n: numbers(31) }), 'APP');
    assert.is(await accountFor(bench, { n: numbers(32) }), '');
  });
});

test('who may come in how, with how much, is part of what somebody gets', async () => {
  const more =
    'account: APP, connection_types: [WEBSOCKET], rules: [{ when {t: 1}, connection_types: standard, max_subscriptions: 1, max_payload: 10 }, {}]';
  await withBlock(more, async (bench) => {
    assert.is(await accountFor(bench, {}), '');
    assert.match(bench.lastRefusal, /: it is not for connections of the type STANDARD$/);
    const wire = await bench.loggedIn({ auth_token: await token(KEY, { claims: { t: 1 } }) });
    assert.is(await bench.say(wire, 'SUB a 1\r\n'), WELCOME);
    assert.match(await bench.say(wire, 'SUB b 2\r\n'), /maximum subscriptions exceeded/i);
    const other = await bench.loggedIn({ auth_token: await token(KEY, { claims: { t: 1 } }) });
    assert.is(await bench.say(other, 'PUB a 10\r\n0123456789\r\n'), WELCOME);
    assert.match(await bench.say(other, 'PUB a 11\r\n01234567890\r\n'), /Maximum Payload Violation/i);
  });
});

test('whoever has to come through a trusted proxy is let in through one only', async () => {
  const proxy = new Signer(1);
  const proxies = `}, proxies { trusted: [{key: ${proxy.nkey}}]`;
  await withBlock(`account: APP, proxy_required: true ${proxies}`, async (bench) => {
    const auth_token = await token(KEY);
    assert.is(await bench.answer({ auth_token }), REFUSED);
    assert.match(bench.lastRefusal, /: it has to come through a trusted proxy$/);
    const wire = await bench.client();
    const nonce = infoOf(wire).nonce as string;
    assert.is(await bench.say(wire, connectLine({ auth_token, proxy_sig: proxy.sign(nonce) })), WELCOME);
  });
});

test('the connection ends with its token', async () => {
  await withBlock('account: APP, clock_skew: "10s"', async (bench) => {
    const wire = await bench.loggedIn({ auth_token: await token(KEY, { claims: { exp: START + 60 } }) });
    await bench.ports.clock.advance(69_999);
    assert.is(await bench.say(wire, ''), WELCOME);
    await bench.ports.clock.advance(1);
    assert.is(await bench.reply(wire), "-ERR 'User Authentication Expired'\r\n<end>");
  });
});

test.run();
