/** Whatever is wrong with an answer, the client is told nothing more than that it may not come in; why is in the log. */
import { Buffer } from 'node:buffer';
import { createAccount, createCurve, createServer, createUser } from '@nats-io/nkeys';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { plugin as callout } from '../../../plugins/auth-callout/index.ts';
import { ANSWER_BYTES_MAX } from '../../../plugins/auth-callout/request/exchange.ts';
import { withServer } from '../running-server.ts';
import {
  type Answer,
  answerTo,
  answerWith,
  CalloutService,
  configured,
  forged,
  type Grants,
  REFUSED,
  type Request,
  ServiceKeys,
  userToken,
} from './callout-service.ts';

const PLUGINS = [auth, callout] as PluginDefinition[];
const keys = new ServiceKeys();
const { issuer } = keys;
const other = createAccount();
const stranger = createUser();
const now = (): number => Math.floor(Date.now() / 1000);

type Make = (request: Request) => Answer | Promise<Answer>;
type Standard = Parameters<typeof userToken>[3];

/** A good answer with a user that is not. */
function user(grants: Grants, standard: Standard = {}, signer = issuer): Make {
  return async (request) => answerWith(request, issuer, { jwt: await userToken(request, signer, grants, standard) });
}

/** An answer whose claims are as given, around a good user. */
function response(claims: (request: Request) => object, said?: object, signer = issuer): Make {
  return async (request) => {
    const nats = { jwt: await userToken(request, issuer), type: 'authorization_response', version: 2, ...said };
    return forged({ sub: request.userKey, aud: request.serverId, nats, ...claims(request) }, signer);
  };
}

const KEY = '"[A-Z2-7]{56}"';

const REFUSALS: [what: string, make: Make, logged: RegExp][] = [
  ['an error', (request) => answerWith(request, issuer, { error: 'no way' }), /service returned an error: no way$/],
  [
    'an error of several lines, which stays one line of the log',
    (request) => answerWith(request, issuer, { error: 'no\n[INF] forged' }),
    /service returned an error: no\\n\[INF\] forged$/,
  ],
  [
    'an endless error, which is cut',
    (request) => answerWith(request, issuer, { error: 'x'.repeat(10_000) }),
    /service returned an error: x{500}$/,
  ],
  [
    'neither user nor error',
    response(() => ({}), { jwt: undefined }),
    /had validation errors: Error or Jwt is required$/,
  ],
  ['both user and error', response(() => ({}), { error: 'e' }), /had validation errors: Only Error or Jwt can be set$/],
  ['another user', response(() => ({ sub: stranger.getPublicKey() })), /violation: .* is not for expected user$/],
  ['no user', response(() => ({ sub: other.getPublicKey() })), /errors: Subject must be a user public key$/],
  ['another server', response(() => ({ aud: createServer().getPublicKey() })), /violation: .* is not for server$/],
  ['no server', response(() => ({ aud: 'NXXX' })), /errors: Audience must be a server public key$/],
  [
    'an account that is none',
    response(() => ({}), { issuer_account: 'A' }),
    /errors: issuer_account is not an account/,
  ],
  ['an answer that is over', response(() => ({ exp: now() - 10 })), /had validation errors: claim is expired$/],
  ['an answer for later', response(() => ({ nbf: now() + 99 })), /had validation errors: claim is not yet valid$/],
  [
    'an answer signed by a user',
    response(() => ({}), {}, stranger),
    /Unable to validate expected prefixes - \[account\]$/,
  ],
  ['garbage', () => 'garbage', /warn Expected 3 chunks$/],
  ['a token of another type', (request) => userToken(request, issuer), /warn Not an authorization request claim$/],
  [
    'a wrong signature',
    async (request) => tampered(await answerWith(request, issuer, { error: 'e' })),
    /warn Claim failed V2 signature verification$/,
  ],
  [
    'a user with a wrong signature',
    async (request) => answerWith(request, issuer, { jwt: tampered(await userToken(request, issuer)) }),
    /warn Claim failed V2 signature verification$/,
  ],
  ['a user that is no token', (request) => answerWith(request, issuer, { jwt: 'abc' }), /warn Expected 3 chunks$/],
  [
    'a user that is an answer',
    async (request) => answerWith(request, issuer, { jwt: await answerWith(request, issuer, { error: 'e' }) }),
    /warn Not user claim$/,
  ],
  [
    'a user signed by somebody else',
    user({}, {}, other),
    new RegExp(`Wrong issuer for auth callout response on account "AUTH", expected ${KEY} got ${KEY}$`),
  ],
  [
    'a user with an account of its own',
    user({ issuer_account: other.getPublicKey() }),
    /Error non operator mode account "AUTH": attempted to use issuer_account$/,
  ],
  [
    'the key of another user',
    async (request) => {
      const jwt = await userToken({ ...request, userKey: stranger.getPublicKey() }, issuer);
      return answerWith(request, issuer, { jwt });
    },
    new RegExp(`Expected authorized user of ${KEY} but got ${KEY} on account "AUTH"$`),
  ],
  [
    'an account that is not there',
    user({}, { aud: 'NO' }),
    /No valid account "NO" for auth callout response on account/,
  ],
  [
    'no account',
    async (request) => {
      const jwt = forged({ sub: request.userKey, nats: { type: 'user', version: 2 } }, issuer);
      return answerWith(request, issuer, { jwt });
    },
    /No valid account "" for auth callout response on account "AUTH": account miss/,
  ],
  ['a user that is over', user({}, { exp: now() - 10 }), /Error validating user JWT: claim is expired$/],
  ['a user for later', user({}, { nbf: now() + 99 }), /Error validating user JWT: claim is not yet valid$/],
  [
    'a time that has passed',
    user({ times: [{ start: '00:00:00', end: '00:00:00' }] }),
    /Authorized user on account "AUTH" outside of valid connect times$/,
  ],
  ['a time that is none', user({ times: [{ start: 'x', end: '' }] }), /JWT: start in time range is invalid "x"$/],
  ['a zone that is none', user({ times_location: 'No/Where' }), /JWT: could not parse iana time zone by name: unknown/],
  [
    'a network elsewhere',
    user({ src: ['10.0.0.0/8'] }),
    /Authorized user on account "AUTH" outside of valid networks$/,
  ],
  ['a network that is none', user({ src: ['zz'] }), /JWT: invalid cidr "zz" in user src limits$/],
  [
    'another kind of connection',
    user({ allowed_connection_types: ['WEBSOCKET'] }),
    /Authorized user on account "AUTH" using invalid connection type$/,
  ],
  ['no kind of connection', user({ allowed_connection_types: ['X'] }), /using invalid connection type$/],
  [
    'an empty token in a subject',
    user({ pub: { allow: ['a..b'], deny: [] } }),
    /subject "a\.\.b" cannot contain consec/,
  ],
  ['a subject that ends early', user({ pub: { allow: ['a.'], deny: [] } }), /subject "a\." cannot start or end with/],
  ['a queue to publish to', user({ pub: { allow: ['a b'], deny: [] } }), /"a b" is not allowed to contain queue$/],
  ['too many words', user({ sub: { allow: ['a b c'], deny: [] } }), /Subject "a b c" contains too many spaces$/],
  ['an empty subject', user({ sub: { allow: [''], deny: [] } }), /JWT: subject cannot be empty$/],
  [
    'a pattern that goes on after its end',
    user({ sub: { allow: ['a.>.b'], deny: [] } }),
    /User JWT generated invalid permissions: "a\.>\.b" is not a valid subject$/,
  ],
  ['a user behind a proxy', user({ proxy_required: true }), /warn Proxy connection required$/],
  [
    'more than is read',
    () => new Uint8Array(ANSWER_BYTES_MAX + 1),
    /violation: an answer of 262145 bytes on account "AUTH" is too large$/,
  ],
];

function tampered(token: string): string {
  const at = token.lastIndexOf('.') + 1;
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
}

const ONLY_PLAIN: typeof REFUSALS = [
  ['nothing', () => new Uint8Array(0), /warn Auth callout violation: "no reason supplied" on account "AUTH"$/],
  ['an answer signed by another account', response(() => ({}), {}, other), /warn Auth callout signing key is unknown$/],
  [
    'an error signed by another account',
    (request) => answerWith(request, other, { error: 'e' }),
    /warn Auth callout signing key is unknown$/,
  ],
  ['something sealed that nobody asked for', sealedBy(createCurve()), /warn Expected 3 chunks$/],
];

const ONLY_SEALED: typeof REFUSALS = [
  [
    'something sealed by somebody else',
    sealedBy(createCurve()),
    /Error decrypting auth callout response on account "AUTH": nkeys: could not decrypt input$/,
  ],
  ['a mark and no more', () => Buffer.from('xkv1'), /Error decrypting auth callout response on account "AUTH": nkeys:/],
  [
    'something open, signed by another account',
    async (request) => Buffer.from(await answerWith(request, other, { error: 'e' })),
    /warn Auth callout signing key is unknown$/,
  ],
];

function sealedBy(curve: ReturnType<typeof createCurve>): Make {
  return ({ claims }) =>
    curve.seal(Buffer.from('x'), String(claims.nats.server_id.xkey ?? createCurve().getPublicKey()));
}

async function checkAll(block: string, cases: typeof REFUSALS): Promise<void> {
  let make: Make = () => undefined;
  await withServer(configured(`timeout: 30, ${block}`), PLUGINS, async ({ port, log }) => {
    const service = await CalloutService.start(port, keys, (request) => make(request));
    for (const [what, next, logged] of cases) {
      make = next;
      const before = log.length;
      assert.is(await answerTo(port, { user: 'joe', pass: 'x' }), REFUSED, what);
      const said = log.slice(before);
      assert.ok(
        said.some((line) => logged.test(line)),
        `${what}: no ${logged} in\n${said.join('\n')}`,
      );
      assert.ok(
        said.some((line) => line.endsWith('authentication error - User "joe"')),
        what,
      );
    }
    await service.close();
  });
}

test('an answer that does not count refuses the client, and the log says why', () =>
  checkAll(keys.block(), [...REFUSALS, ...ONLY_PLAIN]));

test('so does one to a request that was sealed', () =>
  checkAll(keys.block(keys.sealed), [...REFUSALS, ...ONLY_SEALED]));

test('who holds the curve key may answer in any name, but only the issuer makes users', async () => {
  await withServer(configured(`timeout: 30, ${keys.block(keys.sealed)}`), PLUGINS, async ({ port }) => {
    const service = await CalloutService.start(port, keys, async (request) =>
      answerWith(request, other, { jwt: await userToken(request, issuer) }),
    );
    assert.is(await answerTo(port, { user: 'joe' }), 'PONG\r\n');
    await service.close();
  });
});

test('an open answer of the issuer counts where requests are sealed', async () => {
  await withServer(configured(`timeout: 30, ${keys.block(keys.sealed)}`), PLUGINS, async ({ port }) => {
    const service = await CalloutService.start(port, keys, async (request) =>
      Buffer.from(await answerWith(request, issuer, { jwt: await userToken(request, issuer) })),
    );
    assert.is(await answerTo(port, { user: 'joe' }), 'PONG\r\n');
    await service.close();
  });
});

test('an answer of the size that is just read counts', async () => {
  await withServer(configured(`timeout: 30, ${keys.block()}`), PLUGINS, async ({ port, log }) => {
    const service = await CalloutService.start(port, keys, () => new Uint8Array(ANSWER_BYTES_MAX).fill(65));
    assert.is(await answerTo(port, { user: 'joe' }), REFUSED);
    assert.ok(log.some((line) => line.endsWith('Expected 3 chunks')));
    await service.close();
  });
});

test('a full account is told to the log, and to the client as the broker tells it', async () => {
  await withServer(
    configured(`timeout: 30, ${keys.block()}`, ', FULL { limits { max_connections: 0 } }'),
    PLUGINS,
    async ({ port, log }) => {
      const service = await CalloutService.start(port, keys, user({}, { aud: 'FULL' }));
      const said = await answerTo(port, { user: 'joe' }).catch(({ message }: Error) => message);
      assert.match(said, /maximum account active connections exceeded/);
      assert.ok(log.some((line) => line.startsWith('warn Could not register auth callout user: maximum account')));
      await service.close();
    },
  );
});

test.run();
