import { Buffer } from 'node:buffer';
import {
  Algorithms,
  encode,
  encodeAccount,
  encodeActivation,
  encodeGeneric,
  encodeOperator,
  encodeUser,
} from '@nats-io/jwt';
import { createAccount, createOperator, createUser, type KeyPair } from '@nats-io/nkeys';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isSigned, publicKeyOf } from '../../../kernel/accounts/signature.ts';
import type { ClaimsOf, ClaimsType } from '../../../protocols/jwt/claims.ts';
import {
  decodeToken,
  decodeTokenOf,
  openTokenOf,
  signatureFailure,
  TOKEN_BYTES_MAX,
  type Token,
  textToSign,
  withSignature,
} from '../../../protocols/jwt/token.ts';

const operator = createOperator();
const account = createAccount();
const other = createAccount();
const user = createUser();

function decodedAs<Type extends ClaimsType>(type: Type, text: string): Token<ClaimsOf<Type>> {
  const token = decodeTokenOf(type, text);
  if ('failure' in token) throw new Error(token.failure);
  return token;
}

async function isGenuine({ claims, signedText, signature }: Token): Promise<boolean> {
  return isSigned(signedText, publicKeyOf(claims.issuer)!, signature);
}

function failureOf(text: string): string {
  const token = decodeToken(text);
  return 'failure' in token ? token.failure : '';
}

/** A token of whatever is given, signed or not. */
function forged(header: unknown, payload: unknown, signature: Uint8Array = new Uint8Array(64)): string {
  const chunk = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${chunk(header)}.${chunk(payload)}.${Buffer.from(signature).toString('base64url')}`;
}

const HEADER = { typ: 'JWT', alg: 'ed25519-nkey' };

test('an empty list of what may be published allows nothing beside denials, as with a NATS server', async () => {
  const publish = async (pub: object): Promise<true | undefined> => {
    const grants = { pub, sub: pub } as Parameters<typeof encodeUser>[3];
    const { permissions } = decodedAs('user', await encodeUser('ann', user, account, grants)).claims;
    assert.is(permissions.subscribe.isClosed, undefined);
    return permissions.publish.isClosed;
  };
  assert.is(await publish({ allow: [], deny: ['a'] }), true);
  assert.is(await publish({ deny: ['a'] }), undefined);
  assert.is(await publish({ allow: [], deny: [] }), undefined);
  assert.is(await publish({ allow: ['b'], deny: ['a'] }), undefined);
});

test('a user token is read with all it grants', async () => {
  const text = await encodeUser('ann', user, account, {
    pub: { allow: ['orders.>'], deny: ['orders.secret'] },
    sub: { allow: ['_INBOX.>', 'work q'], deny: [] },
    resp: { max: 5, ttl: 1_000_000_000 },
    src: ['10.0.0.0/8'],
    times: [{ start: '08:00:00', end: '17:00:00' }],
    times_location: 'Europe/Zurich',
    subs: 10,
    data: -1,
    payload: 512,
    bearer_token: true,
    allowed_connection_types: ['STANDARD'],
  } as never);
  const token = decodedAs('user', text);
  assert.ok(await isGenuine(token));
  const { claims } = token;
  assert.is(claims.name, 'ann');
  assert.is(claims.subject, user.getPublicKey());
  assert.is(claims.issuer, account.getPublicKey());
  assert.equal(claims.permissions, {
    publish: { allow: ['orders.>'], deny: ['orders.secret'] },
    subscribe: { allow: ['_INBOX.>', 'work q'], deny: [] },
    responses: { max: 5, ttlMs: 1000 },
  });
  assert.equal(claims.sources, ['10.0.0.0/8']);
  assert.equal(claims.times, [{ start: '08:00:00', end: '17:00:00' }]);
  assert.is(claims.timeZone, 'Europe/Zurich');
  assert.equal([claims.subscriptionsMax, claims.dataMax, claims.payloadMax], [10, -1, 512]);
  assert.ok(claims.isBearer);
  assert.equal(claims.connectionTypes, ['STANDARD']);
});

test('an account token is read with limits, shares, keys and revocations', async () => {
  const signer = createAccount();
  const text = await encodeAccount(
    'ACME',
    account,
    {
      limits: { conn: 7, leaf: -1, subs: 100, payload: 1024, data: -1, imports: 3, exports: 4, wildcards: true },
      exports: [
        {
          name: 'help',
          subject: 'help.*',
          type: 'service',
          response_type: 'Stream',
          account_token_position: 2,
          token_req: true,
          service_latency: { sampling: 50, results: 'lat' },
          response_threshold: 5_000_000_000,
        },
      ],
      imports: [
        {
          name: 's',
          subject: 'a.*',
          account: other.getPublicKey(),
          type: 'stream',
          local_subject: 'b.$1',
          share: true,
        },
      ],
      signing_keys: [
        signer.getPublicKey(),
        { kind: 'user_scope', key: other.getPublicKey(), role: 'r', template: { pub: { allow: ['x.{{name()}}'] } } },
      ],
      revocations: { '*': 100 },
      default_permissions: { pub: { deny: ['no'] } },
      mappings: { foo: [{ subject: 'bar', weight: 20 }] },
      authorization: { auth_users: [user.getPublicKey()], allowed_accounts: ['*'], xkey: 'X' },
    } as never,
    { signer: operator },
  );
  const token = decodedAs('account', text);
  assert.ok(await isGenuine(token));
  const { claims } = token;
  assert.is(claims.issuer, operator.getPublicKey());
  assert.is(claims.limits.connections, 7);
  assert.is(claims.exports[0]?.accountPosition, 2);
  assert.is(claims.exports[0]?.latency?.sampling, 50);
  assert.is(claims.imports[0]?.localSubject, 'b.$1');
  assert.ok(claims.imports[0]?.sharesRequester);
  assert.equal(claims.signingKeys[0], { key: signer.getPublicKey(), scope: null });
  assert.equal(claims.signingKeys[1]?.scope?.template.permissions.publish.allow, ['x.{{name()}}']);
  assert.is(claims.revocations.get('*'), 100);
  assert.equal(claims.defaultPermissions.publish.deny, ['no']);
  assert.equal(claims.mappings.get('foo'), [{ subject: 'bar', weight: 20, cluster: '' }]);
  assert.equal(claims.authorization.authUsers, [user.getPublicKey()]);
});

test('operator, activation and generic tokens are read', async () => {
  const strict = { strict_signing_key_usage: true, system_account: account.getPublicKey() };
  const owner = decodedAs('operator', await encodeOperator('O', operator, strict as never)).claims;
  assert.ok(owner.isStrict);
  assert.is(owner.systemAccount, account.getPublicKey());
  const activation = await encodeActivation('a', other, account, 'stream', { subject: 'orders.>' } as never);
  const { claims } = decodedAs('activation', activation);
  assert.equal([claims.importSubject, claims.kind, claims.subject], ['orders.>', 'stream', other.getPublicKey()]);
  const generic = await encodeGeneric('g', operator, 'x', { accounts: ['A'] } as never);
  assert.is(decodedAs('generic', generic).claims.issuer, operator.getPublicKey());
});

test('a token of version 1 is signed over its payload alone', async () => {
  const payload = {
    jti: 'x',
    iat: 1,
    iss: account.getPublicKey(),
    sub: user.getPublicKey(),
    type: 'user',
    tags: ['Blue'],
    nats: { pub: {}, sub: {}, src: '10.0.0.0/8, 192.168.0.0/16' },
  };
  const text = forged({ typ: 'jwt', alg: 'ed25519' }, payload);
  const middle = text.split('.')[1]!;
  const token = decodedAs('user', `${text.slice(0, text.lastIndexOf('.'))}.${signature(account, middle)}`);
  assert.ok(await isGenuine(token));
  assert.is(signatureFailure(token), 'claim failed V1 signature verification');
  assert.equal(token.claims.sources, ['10.0.0.0/8', '192.168.0.0/16']);
  assert.equal(token.claims.tags, ['Blue']);
  assert.is(token.claims.subscriptionsMax, -1);
});

test('what is written here is read by others, and the other way round', async () => {
  const payload = { iss: account.getPublicKey(), sub: user.getPublicKey(), nats: { type: 'user', version: 2 } };
  const text = textToSign(payload);
  const token = withSignature(text, account.sign(Buffer.from(text)));
  assert.ok(await isGenuine(decodedAs('user', token)));
  const theirs = await encode(Algorithms.v2, { ...payload, name: 'n' } as never, account);
  assert.ok(await isGenuine(decodedAs('user', theirs)));
});

test('a token may be followed by the end of its line, and by nothing else', async () => {
  const text = await encodeUser('u', user, account);
  for (const end of ['\n', '\r\n', '\n\n']) assert.ok(await isGenuine(decodedAs('user', text + end)));
  for (const end of [' ', '\0', '\n.', 'A\n']) assert.is.not(failureOf(text + end), '', JSON.stringify(end));
});

test('a limit that a token leaves out is 0, not none', () => {
  const token = forged(HEADER, {
    iss: account.getPublicKey(),
    sub: user.getPublicKey(),
    nats: { type: 'user', version: 2 },
  });
  const { claims } = decodedAs('user', token);
  assert.equal([claims.subscriptionsMax, claims.dataMax, claims.payloadMax], [0, 0, 0]);
});

const REJECTS: [what: string, text: string, failure: string | RegExp][] = [
  ['nothing', '', 'expected 3 chunks'],
  ['two chunks', 'a.b', 'expected 3 chunks'],
  ['four chunks', 'a.b.c.d', 'expected 3 chunks'],
  ['no base64', 'a$.b.c', 'the header is not base64url'],
  ['no JSON', 'YWJj.YWJj.YWJj', 'the header is not JSON'],
  ['an array for a header', forged([], {}), 'claims: the payload is not an object'],
  ['another type', forged({ typ: 'JOSE', alg: 'ed25519-nkey' }, {}), 'not supported type "JOSE"'],
  ['no algorithm', forged({ typ: 'JWT', alg: 'none' }, {}), 'unexpected "none" algorithm'],
  ['a foreign algorithm', forged({ typ: 'JWT', alg: 'HS256' }, {}), 'unexpected "hs256" algorithm'],
  ['an algorithm that goes on', forged({ typ: 'JWT', alg: 'ed25519x' }, {}), 'unexpected "ed25519x" algorithm'],
  ['a newer version', forged(HEADER, { nats: { version: 3 } }), /newer version/],
  ['a version that is text', forged(HEADER, { nats: { version: '2' } }), 'claims: "nats.version" is not an integer'],
  ['a time that is text', forged(HEADER, { exp: 'tomorrow', nats: { version: 2 } }), 'claims: "exp" is not an integer'],
  ['no issuer', forged(HEADER, { nats: { type: 'user', version: 2 } }), 'the issuer "" is no public key'],
  [
    'a user signed by a user',
    forged(HEADER, { iss: user.getPublicKey(), nats: { type: 'user', version: 2 } }),
    'unable to validate expected prefixes - [account]',
  ],
  [
    'an account signed by a user',
    forged(HEADER, { iss: user.getPublicKey(), nats: { type: 'account', version: 2 } }),
    'unable to validate expected prefixes - [account operator]',
  ],
  [
    'permissions that are text',
    forged(HEADER, { iss: account.getPublicKey(), nats: { type: 'user', version: 2, pub: 'x' } }),
    'claims: "nats.pub" is not an object',
  ],
  [
    'a short signature',
    forged(HEADER, { iss: account.getPublicKey(), nats: { type: 'user', version: 2 } }, new Uint8Array(63)),
    'the signature is not of 64 bytes',
  ],
  ['too much', 'x'.repeat(TOKEN_BYTES_MAX + 1), /^token size 1048577 exceeds maximum of 1048576 bytes/],
];

for (const [what, text, failure] of REJECTS) {
  test(`${what} is refused with a reason`, () => {
    if (typeof failure === 'string') assert.is(failureOf(text), failure);
    else assert.match(failureOf(text), failure);
  });
}

test('a token of another type is not taken for one', async () => {
  const text = await encodeUser('u', user, account);
  assert.equal(decodeTokenOf('account', text), { failure: 'not account claim' });
});

test('every truncation of a token is refused, or fails its signature', async () => {
  const text = await encodeUser('u', user, account);
  for (let end = 0; end < text.length; end++) {
    const token = decodeToken(text.slice(0, end));
    assert.ok('failure' in token || !(await isGenuine(token)), `cut at ${end}`);
  }
});

function signature(key: KeyPair, text: string): string {
  return Buffer.from(key.sign(Buffer.from(text))).toString('base64url');
}

test('a chunk is base64url of no other letters and length, or it is refused', () => {
  const good = forged(HEADER, { iss: account.getPublicKey(), nats: { type: 'x', note: '>>>???' } }).split('.');
  const isRefused = (payload: string) =>
    failureOf([good[0], payload, good[2]].join('.')) === 'the payload is not base64url';
  const payload = good[1]!;
  assert.match(payload, /[-_]/);
  assert.is(failureOf(good.join('.')), '');
  for (const letter of ['+', '/', '=', ' ', '\n', '$', 'é', '\u2014', '\0']) {
    for (const at of [0, 1, 40, payload.length - 1]) {
      assert.ok(isRefused(payload.slice(0, at) + letter + payload.slice(at + 1)), `${JSON.stringify(letter)} at ${at}`);
    }
    assert.ok(isRefused(payload + letter), `${JSON.stringify(letter)} at the end`);
  }
  for (const length of [0, 1, 5, 9]) assert.ok(isRefused('A'.repeat(length)), `${length} letters`);
});

test('an opened token tells who signed it before its claims are read', async () => {
  const text = forged(HEADER, {
    iss: account.getPublicKey(),
    sub: 'U',
    exp: 7,
    nats: { type: 'user', issuer_account: 'A', tags: [1] },
  });
  const opened = openTokenOf('user', text);
  if ('failure' in opened) throw new Error(opened.failure);
  const { subject, issuer, issuerAccount, expiresAt } = opened.outline;
  assert.equal([subject, issuer, issuerAccount, expiresAt], ['U', account.getPublicKey(), 'A', 7]);
  assert.equal(opened.readClaims(), { failure: 'claims: "nats.tags[0]" is not a string' });
  assert.equal(openTokenOf('account', text), { failure: 'not account claim' });
});

test.run();
