import { Buffer } from 'node:buffer';
import { newScopedSigner } from '@nats-io/jwt';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isClient } from '../../../kernel/connection/connection-kind.ts';
import { connectLine, infoOf, REFUSED, WELCOME } from '../auth/auth-bench.ts';
import {
  ACME,
  ACME_SIGNER,
  accountToken,
  BOB,
  OPERATOR,
  OPERATOR_SIGNER,
  operatorToken,
  pairOf,
  payloadOf,
  SYSTEM,
  signedToken,
  userToken,
} from './issuer.ts';
import { OperatorBench, type OperatorBenchOptions, usualTokens } from './operator-bench.ts';

const system = accountToken(SYSTEM, {}, { name: 'SYS' });
const tokens = await usualTokens(
  accountToken(ACME, {
    signing_keys: [ACME_SIGNER.getPublicKey()],
    revocations: { [pairOf('user', 66).getPublicKey()]: 4_000_000_000 },
  }),
  system,
);
const bob = await userToken();
const bobKey = BOB.getPublicKey();
/** The bench's clock begins here. */
const NOW = Date.UTC(2020, 0, 1) / 1000;

test('a user whose account the operator has signed is let in, and is in that account', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wire = await bench.welcome(bob);
  const [client] = bench.server.broker.connections.values();
  assert.is(client!.account.name, ACME.getPublicKey());
  assert.is(await bench.say(wire, 'SUB x 1\r\nPUB x 2\r\nhi\r\n'), 'MSG x 1 2\r\nhi\r\nPONG\r\n');
  await bench.server.close();
});

test('that somebody with a token of an account is not let in is a matter of that account', async () => {
  const bench = await OperatorBench.start({ tokens });
  const { broker } = bench.server;
  const concernOf = async (say: object): Promise<unknown> => {
    const wire = await bench.client();
    const client = [...broker.connections.values()].at(-1)!;
    assert.is(await bench.say(wire, connectLine(say)), REFUSED);
    return isClient(client) ? client.concern : undefined;
  };
  assert.equal(await concernOf({ jwt: bob }), { account: ACME.getPublicKey(), text: '' });
  assert.is(await concernOf({ jwt: signedToken(payloadOf(bob), pairOf('account', 200)) }), null);
  assert.is(await concernOf({}), null);
  await bench.server.close();
});

test('clients are told to log in, and sent a nonce', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wire = await bench.client();
  assert.match(wire.text, /"auth_required":true.*"nonce":"/);
  assert.is(await bench.say(wire, 'CONNECT {}\r\n'), REFUSED);
  assert.is(bench.errors.at(-1), 'authentication error - Authentication requires a user JWT');
  await bench.server.close();
});

test('whoever sends something else than CONNECT first is refused', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wire = await bench.client();
  assert.is(await bench.say(wire, 'SUB x 1\r\n'), REFUSED);
  await bench.server.close();
});

interface Attempt {
  readonly jwt: string;
  readonly why: RegExp;
  readonly pair?: typeof BOB | null;
  readonly more?: object;
  readonly bench?: OperatorBenchOptions;
}

const mallory = pairOf('account', 200);
const forged = { ...payloadOf(bob), name: 'root' };

const REFUSALS: Readonly<Record<string, Attempt>> = {
  'a text that is no token': { jwt: 'x', why: /User JWT not valid: expected 3 chunks/ },
  'a token that was cut short': { jwt: bob.slice(0, -3), why: /User JWT not valid: / },
  'a token with other claims than were signed': {
    jwt: [bob.split('.')[0], Buffer.from(JSON.stringify(forged)).toString('base64url'), bob.split('.')[2]].join('.'),
    why: /User JWT not valid: claim failed V2 signature verification/,
  },
  'a token somebody else signed in the name of the account': {
    jwt: signedToken(payloadOf(bob), mallory),
    why: /claim failed V2 signature verification/,
  },
  'a token of another type': { jwt: await accountToken(ACME), why: /User JWT not valid: not user claim/ },
  'a token that a user signed': {
    jwt: signedToken({ ...payloadOf(bob), iss: bobKey }, BOB),
    why: /unable to validate expected prefixes - \[account\]/,
  },
  'a token that is over': {
    jwt: await userToken({}, { exp: NOW - 1 }),
    why: /User JWT no longer valid: claim is expired/,
  },
  'a token whose time has not come': {
    jwt: await userToken({}, { nbf: NOW + 60 }),
    why: /User JWT no longer valid: claim is not yet valid/,
  },
  'a token with a network that is none': {
    jwt: await userToken({ src: ['10.0.0.0/99'] }),
    why: /no longer valid: invalid cidr "10.0.0.0\/99"/,
  },
  'a token with a permission that is no subject': {
    jwt: await userToken({ pub: { allow: ['a..b'] } }),
    why: /no longer valid: subject "a..b" cannot contain consecutive/,
  },
  'an account that does not exist': {
    jwt: await userToken({}, {}, BOB, mallory),
    why: /Account JWT lookup error: account missing/,
  },
  'claims that nobody reads, as the account does not exist': {
    jwt: signedToken(
      { ...payloadOf(bob), iss: mallory.getPublicKey(), nats: { ...payloadOf(bob).nats, tags: [1] } },
      mallory,
    ),
    why: /JWT User "U\w+" - Account JWT lookup error: account missing/,
  },
  'the same of an account that exists': {
    jwt: signedToken({ ...payloadOf(bob), nats: { ...payloadOf(bob).nats, tags: ['a', 1] } }, ACME),
    why: /User JWT not valid: claims: "nats.tags\[1\]" is not a string/,
  },
  'a token that is over, of an account that does not exist': {
    jwt: await userToken({}, { exp: NOW - 1 }, BOB, mallory),
    why: /User JWT no longer valid: claim is expired/,
  },
  'an account that is not pinned, and claims that nobody reads': {
    jwt: signedToken({ ...payloadOf(bob), nats: { ...payloadOf(bob).nats, tags: [1] } }, ACME),
    why: /Account A\w+ not listed as operator pinned account/,
    bench: { tokens, text: `resolver_pinned_accounts: [${mallory.getPublicKey()}]` },
  },
  'an account that signed itself': {
    jwt: await userToken({}, {}, BOB, mallory),
    why: /Account JWT lookup error: account validation failed: not trusted/,
    bench: { tokens: new Map([...tokens, [mallory, await accountToken(mallory, {}, { signer: mallory })]]) },
  },
  'an account that an operator signed who is not trusted': {
    jwt: await userToken({}, {}, BOB, mallory),
    why: /Account JWT lookup error: account validation failed: not trusted/,
    bench: {
      tokens: new Map([...tokens, [mallory, await accountToken(mallory, {}, { signer: pairOf('operator', 201) })]]),
    },
  },
  'an account whose time is over': {
    jwt: await userToken({}, {}, BOB, mallory),
    why: /Account JWT lookup error: account validation failed: claim is expired/,
    bench: { tokens: new Map([...tokens, [mallory, await accountToken(mallory, {}, { exp: NOW - 1 })]]) },
  },
  'an account whose token is about another': {
    jwt: await userToken({}, {}, BOB, mallory),
    why: /Account JWT lookup error: account validation failed: subject does not match/,
    bench: { tokens: new Map([...tokens, [mallory, tokens.get(ACME)!]]) },
  },
  'an account that is not pinned': {
    jwt: bob,
    why: /Account A\w+ not listed as operator pinned account/,
    bench: { tokens, text: `resolver_pinned_accounts: [${mallory.getPublicKey()}]` },
  },
  'a signing key the account does not have': {
    jwt: await userToken({ issuer_account: ACME.getPublicKey() }, {}, BOB, mallory),
    why: /User JWT issuer is not known/,
  },
  'the key of an account whose operator asks for signing keys': {
    jwt: bob,
    why: /User JWT issuer is not known/,
    bench: {
      operator: await operatorToken({ strict_signing_key_usage: true, signing_keys: [OPERATOR_SIGNER.getPublicKey()] }),
      tokens: await usualTokens(
        accountToken(ACME, {}, { signer: OPERATOR_SIGNER }),
        accountToken(SYSTEM, {}, { signer: OPERATOR_SIGNER }),
      ),
    },
  },
  'an account signed by the operator itself where only signing keys count': {
    jwt: bob,
    why: /Account JWT lookup error: account validation failed: operator requires issuer to be a signing key/,
    bench: {
      operator: await operatorToken({ strict_signing_key_usage: true, signing_keys: [OPERATOR_SIGNER.getPublicKey()] }),
      tokens: await usualTokens(
        accountToken(ACME, {}, { signer: OPERATOR }),
        accountToken(SYSTEM, {}, { signer: OPERATOR_SIGNER }),
      ),
    },
  },
  'a bearer token in an account that has none': {
    jwt: await userToken({ bearer_token: true }),
    pair: null,
    why: /Account does not allow bearer tokens/,
    bench: { tokens: await usualTokens(accountToken(ACME, { limits: { disallow_bearer: true } }), system) },
  },
  'a connection of another kind': {
    jwt: await userToken({ allowed_connection_types: ['WEBSOCKET'] as never[] }),
    why: /Connection type not allowed/,
  },
  'connection types of which none is known': {
    jwt: await userToken({ allowed_connection_types: ['PIGEON'] as never[] }),
    why: /Connection type not allowed/,
  },
  'no signature': { jwt: bob, pair: null, why: /Signature missing/ },
  'a signature that is no base64': { jwt: bob, pair: null, more: { sig: '%' }, why: /Signature not valid base64/ },
  'the signature of another key': { jwt: bob, pair: pairOf('user', 7), why: /Signature not verified/ },
  'a user key that is none': {
    jwt: signedToken({ ...payloadOf(bob), sub: 'UBOB' }, ACME),
    why: /User nkey not valid/,
  },
  'a user who was revoked': {
    jwt: await userToken({}, {}, pairOf('user', 66)),
    pair: pairOf('user', 66),
    why: /User authentication revoked/,
  },
  'a user from elsewhere': { jwt: await userToken({ src: ['10.0.0.0/8'] }), why: /Bad src Ip 127.0.0.1/ },
  'a user outside of its hours': {
    jwt: await userToken({ times: [{ start: '10:00:00', end: '11:00:00' }], times_location: 'UTC' } as object),
    why: /Outside connect times/,
  },
  'a user who has to come through a proxy': {
    jwt: await userToken({ proxy_required: true } as object),
    why: /proxy required/,
  },
};

for (const [what, { jwt, why, pair = BOB, more, bench: options = { tokens } }] of Object.entries(REFUSALS)) {
  test(`refused, and the log says why: ${what}`, async () => {
    const bench = await OperatorBench.start(options);
    assert.is(await bench.answer(jwt, pair, more), REFUSED);
    assert.match(bench.errors.at(-1)!, /^authentication error - /);
    assert.match(bench.errors.at(-1)!, why);
    await bench.server.close();
  });
}

test('the log names the user as soon as the token is known to be genuine', async () => {
  const bench = await OperatorBench.start({ tokens });
  await bench.answer(bob, null);
  assert.is(bench.errors.at(-1), `authentication error - JWT User "${bobKey}" - Signature missing`);
  await bench.server.close();
});

test('the signature of one nonce is worth nothing for the next', async () => {
  const bench = await OperatorBench.start({ tokens });
  const first = await bench.client();
  const proof = bench.proof(bob, (infoOf(first) as { nonce: string }).nonce, BOB);
  assert.is(await bench.say(first, connectLine(proof)), WELCOME);
  const second = await bench.client();
  assert.is(await bench.say(second, connectLine(proof)), REFUSED);
  await bench.server.close();
});

test('a signature may be padded', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wire = await bench.client();
  const { nonce } = infoOf(wire) as { nonce: string };
  const sig = Buffer.from(BOB.sign(Buffer.from(nonce))).toString('base64');
  assert.is(await bench.say(wire, connectLine({ jwt: bob, sig })), WELCOME);
  await bench.server.close();
});

test('the audience of a token says nothing here', async () => {
  const bench = await OperatorBench.start({ tokens });
  assert.is(await bench.answer(await userToken({}, { aud: 'somebody' })), WELCOME);
  await bench.server.close();
});

test('one known connection type among unknown ones is enough, however it is spelled', async () => {
  const bench = await OperatorBench.start({ tokens });
  const types = ['PIGEON', 'standard'] as never[];
  assert.is(await bench.answer(await userToken({ allowed_connection_types: types })), WELCOME);
  await bench.server.close();
});

test('a bearer needs no signature', async () => {
  const bench = await OperatorBench.start({ tokens });
  assert.is(await bench.answer(await userToken({ bearer_token: true }), null), WELCOME);
  await bench.server.close();
});

test('whoever shows no token is who the default sentinel is', async () => {
  const sentinel = await userToken({ bearer_token: true });
  const bench = await OperatorBench.start({ tokens, text: `default_sentinel: ${sentinel}` });
  assert.is(await bench.answer('', null), WELCOME);
  await bench.server.close();
});

test('the system account is always among those that are pinned', async () => {
  const bench = await OperatorBench.start({ tokens, text: `resolver_pinned_accounts: ${ACME.getPublicKey()}` });
  assert.is(await bench.answer(bob), WELCOME);
  const root = await userToken({}, {}, BOB, SYSTEM);
  assert.is(await bench.answer(root), WELCOME);
  await bench.server.close();
});

test('limits of the user count beside those of the account', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wire = await bench.welcome(await userToken({ subs: 1, payload: 3 }));
  assert.is(await bench.say(wire, 'SUB a 1\r\nSUB b 2\r\n'), "-ERR 'maximum subscriptions exceeded'\r\nPONG\r\n");
  wire.input('PUB a 4\r\nlong\r\n');
  assert.is(await bench.reply(wire), "-ERR 'Maximum Payload Violation'\r\n<end>");
  await bench.server.close();
});

test('what a token leaves out is nothing at all', async () => {
  const bench = await OperatorBench.start({ tokens });
  const { nats, ...rest } = payloadOf(bob);
  const { subs: _, ...less } = nats;
  const wire = await bench.login(signedToken({ ...rest, nats: less }, ACME));
  assert.is(await bench.reply(wire), "-ERR 'maximum subscriptions exceeded'\r\n<end>");
  await bench.server.close();
});

test('permissions of the token count, and without any those of the account', async () => {
  const defaults = { default_permissions: { pub: { deny: ['secret'] } } } as object;
  const bench = await OperatorBench.start({ tokens: await usualTokens(accountToken(ACME, defaults), system) });
  const plain = await bench.welcome(bob);
  assert.match(await bench.say(plain, 'PUB secret 0\r\n\r\n'), /Permissions Violation for Publish to "secret"/);
  const own = await bench.welcome(await userToken({ sub: { allow: ['a.*', 'b q'], deny: ['a.b'] } }));
  assert.is(await bench.say(own, 'PUB secret 0\r\n\r\nSUB a.a 1\r\nSUB b q 2\r\n'), WELCOME);
  assert.match(await bench.say(own, 'SUB a.b 3\r\n'), /Permissions Violation for Subscription to "a.b"/);
  await bench.server.close();
});

test('whoever may answer may publish nothing else', async () => {
  const bench = await OperatorBench.start({ tokens });
  const service = await bench.welcome(await userToken({ resp: { max: 1, ttl: 0 } }));
  const client = await bench.welcome(bob);
  await bench.say(service, 'SUB q 1\r\n');
  await bench.say(client, 'PUB q inbox 0\r\n\r\n');
  await bench.say(service, '');
  assert.is(await bench.say(service, 'PUB inbox 0\r\n\r\n'), WELCOME);
  assert.match(await bench.say(service, 'PUB inbox 0\r\n\r\n'), /Permissions Violation/);
  await bench.server.close();
});

test('a session ends with the token', async () => {
  const bench = await OperatorBench.start({ tokens });
  const wire = await bench.welcome(await userToken({}, { exp: NOW + 60 }));
  await bench.ports.clock.advance(59_000);
  assert.is(await bench.say(wire, ''), WELCOME);
  await bench.ports.clock.advance(1_000);
  assert.is(await bench.reply(wire), "-ERR 'User Authentication Expired'\r\n<end>");
  await bench.server.close();
});

test('a session ends with the hours of the user, be that before the token does', async () => {
  const bench = await OperatorBench.start({ tokens });
  const times = { times: [{ start: '23:00:00', end: '00:01:00' }], times_location: 'UTC' } as object;
  const wire = await bench.welcome(await userToken(times, { exp: NOW + 3600 }));
  await bench.ports.clock.advance(60_000);
  assert.is(await bench.reply(wire), "-ERR 'User Authentication Expired'\r\n<end>");
  await bench.server.close();
});

test('a user of a scoped key may do what the key says, with what is known of it filled in', async () => {
  const scope = newScopedSigner(ACME_SIGNER, 'person', {
    pub: { allow: ['{{name()}}.>', 'team.{{tag(team)}}'], deny: ['{{name()}}.secret'] },
    sub: { allow: ['in.{{account-name()}}.{{subject()}}'] },
    subs: 2,
  });
  const bench = await OperatorBench.start({
    tokens: await usualTokens(accountToken(ACME, { signing_keys: [scope] }), system),
  });
  const scoped = await userToken(
    { issuer_account: ACME.getPublicKey(), tags: ['team:red', 'team:blue'] } as object,
    { scopedUser: true } as object,
    BOB,
    ACME_SIGNER,
  );
  const wire = await bench.welcome(scoped);
  assert.is(
    await bench.say(
      wire,
      `PUB bob.x 0\r\n\r\nPUB team.red 0\r\n\r\nPUB team.blue 0\r\n\r\nSUB in.Acme.${bobKey} 1\r\n`,
    ),
    WELCOME,
  );
  assert.match(await bench.say(wire, 'PUB team.green 0\r\n\r\n'), /Permissions Violation/);
  assert.match(await bench.say(wire, 'PUB bob.secret 0\r\n\r\n'), /Permissions Violation/);
  await bench.server.close();
});

test('a user of a scoped key must not bring permissions of its own', async () => {
  const scope = newScopedSigner(ACME_SIGNER, 'person', {});
  const bench = await OperatorBench.start({
    tokens: await usualTokens(accountToken(ACME, { signing_keys: [scope] }), system),
  });
  const greedy = await userToken({ issuer_account: ACME.getPublicKey() }, {}, BOB, ACME_SIGNER);
  assert.is(await bench.answer(greedy), REFUSED);
  assert.match(bench.errors.at(-1)!, /User JWT is not valid: scoped users require no permissions or limits set/);
  await bench.server.close();
});

test('the monitor is told who it is, and never a bearer token', async () => {
  const bench = await OperatorBench.start({ tokens });
  const detailsOf = async (jwt: string, pair: typeof BOB | null): Promise<Record<string, unknown>> => {
    await bench.welcome(jwt, pair);
    const client = [...bench.server.broker.connections.values()].at(-1)!;
    return (client as unknown as { identity: { details: Record<string, unknown> } }).identity.details;
  };
  const details = await detailsOf(bob, BOB);
  assert.equal(details, {
    jwt: bob,
    issuer_key: ACME.getPublicKey(),
    name_tag: 'Acme',
    tags: undefined,
    user_name: 'bob',
  });
  assert.is((await detailsOf(await userToken({ bearer_token: true }), null)).jwt, undefined);
  await bench.server.close();
});

test.run();
