/** Everything a token can be that it must not be. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { SignJWT } from 'jose';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { REFUSED, WELCOME } from '../auth/auth-bench.ts';
import { AUDIENCE, encoded, ISSUER, START, signingKey, type TokenParts, token } from './identity-provider.ts';
import { block, OidcBench } from './oidc-bench.ts';

const RSA = await signingKey('RS256', 'rsa');
const EC = await signingKey('ES256', 'ec');
const EDWARDS = await signingKey('EdDSA', 'ed');
const KEYS = [RSA, EC, EDWARDS];
const SET = JSON.stringify({ keys: KEYS.map(({ jwk }) => jwk) });
/** Calls itself by the name of a genuine key. */
const FORGER = await signingKey('RS256', 'rsa');
const FILE = 'file: "keys.json"';
const ABOUT = `OIDC token of "${ISSUER}"`;

const bench = await OidcBench.start(block(FILE), { 'keys.json': SET });
test.after(() => bench.close());

for (const key of KEYS) {
  test(`a token signed with ${key.alg} gets in`, async () => {
    const good = await token(key);
    assert.is(await bench.answer({ auth_token: good }), WELCOME);
    assert.is(await bench.answer({ pass: good, user: 'whoever' }), WELCOME);
    assert.is(await bench.answer({ jwt: good }), WELCOME);
  });
}

const BAD: [name: string, parts: TokenParts, reason: string][] = [
  ['has expired', { claims: { exp: START - 31 } }, 'it has expired'],
  ['is not valid yet', { claims: { nbf: START + 31 } }, 'it is not valid yet, by its "nbf"'],
  ['was issued in the future', { claims: { iat: START + 31 } }, 'it was issued in the future, by its "iat"'],
  ['never expires', { claims: { exp: undefined } }, 'it has no "exp"'],
  ['expires at no moment', { claims: { exp: 'soon' } }, 'its "exp" is no moment'],
  ['is for another audience', { claims: { aud: 'mail' } }, 'it is for somebody else, by its "aud"'],
  ['is for other audiences', { claims: { aud: ['mail', 'Nats'] } }, 'it is for somebody else, by its "aud"'],
  ['is for nobody', { claims: { aud: undefined } }, 'it has no "aud"'],
  ['is for another use', { header: { typ: 'logout+jwt' } }, 'it is a token for another use, by its "typ"'],
  ['names an unknown key', { header: { kid: 'nobody' } }, 'the provider has no such key'],
  ['names the key of another algorithm', { header: { kid: 'ec' } }, 'the provider has no such key'],
  ['wants what nobody knows', { header: { crit: ['x'], x: 1 } }, 'it asks for something that is not supported'],
  ['has no user', { claims: { sub: undefined } }, 'its claim "sub" is no name of a user'],
  ['has a user of two lines', { claims: { sub: 'a\nb' } }, 'its claim "sub" is no name of a user'],
  ['has several users', { claims: { sub: ['a', 'b'] } }, 'its claim "sub" is no name of a user'],
];

for (const [name, parts, reason] of BAD) {
  test(`a token that ${name} is refused, and the log says why`, async () => {
    assert.is(await bench.answer({ auth_token: await signed(parts) }), REFUSED);
    assert.ok(bench.lastRefusal.endsWith(`: ${reason}`), bench.lastRefusal);
    assert.ok(bench.lastRefusal.startsWith(ABOUT), bench.lastRefusal);
  });
}

/** With headers that jose would not write. */
async function signed(parts: TokenParts): Promise<string> {
  if (parts.header?.crit === undefined) return token(RSA, parts);
  return new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'a', exp: START + 60 })
    .setProtectedHeader({ alg: 'RS256', kid: 'rsa', ...parts.header })
    .sign(RSA.privateKey, { crit: { x: true } });
}

test('the clocks may differ by as much as is allowed, and no more', async () => {
  for (const claims of [{ exp: START - 29 }, { nbf: START + 30 }, { iat: START + 30 }]) {
    assert.is(await bench.answer({ auth_token: await token(EC, { claims }) }), WELCOME, JSON.stringify(claims));
  }
});

test('one audience of several is enough, and a token need not say its type', async () => {
  const parts = { claims: { aud: ['mail', 'nats'] }, header: { typ: undefined } };
  assert.is(await bench.answer({ auth_token: await token(EC, parts) }), WELCOME);
});

test('a token that somebody else signed is refused', async () => {
  assert.is(await bench.answer({ auth_token: await token(FORGER) }), REFUSED);
  assert.ok(bench.lastRefusal.endsWith('(kid "rsa", alg "RS256"): its signature is wrong'), bench.lastRefusal);
});

test('a token whose claims were changed is refused', async () => {
  const [header, , signature] = (await token(EC)).split('.');
  const claims = encoded({ iss: ISSUER, aud: AUDIENCE, sub: 'root', exp: START + 3600 });
  assert.is(await bench.answer({ auth_token: `${header}.${claims}.${signature}` }), REFUSED);
  assert.match(bench.lastRefusal, /its signature is wrong$/);
});

test('a token cut off anywhere is refused', async () => {
  const whole = await token(EDWARDS);
  for (let length = 1; length < whole.length; length += 7) {
    assert.is(await bench.answer({ auth_token: whole.slice(0, length) }), REFUSED, `${length} characters`);
  }
});

test('an unsigned token is refused, however it says so', async () => {
  for (const alg of ['none', 'None', 'NONE', '']) {
    const claims = encoded({ iss: ISSUER, aud: AUDIENCE, sub: 'ann', exp: START + 3600 });
    for (const rest of ['', '.', '.AAAA']) {
      assert.is(await bench.answer({ auth_token: `${encoded({ alg, kid: 'rsa' })}.${claims}${rest}` }), REFUSED);
      assert.ok(bench.lastRefusal.startsWith(ABOUT), bench.lastRefusal);
    }
  }
});

test('a public key used as a shared secret proves nothing', async () => {
  const { exportSPKI } = await import('jose');
  for (const secret of [await exportSPKI(RSA.publicKey), JSON.stringify(RSA.jwk), RSA.jwk.n!]) {
    const forged = await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'ann', exp: START + 3600 })
      .setProtectedHeader({ alg: 'HS256', kid: 'rsa' })
      .sign(Buffer.from(secret));
    assert.is(await bench.answer({ auth_token: forged }), REFUSED);
    assert.match(bench.lastRefusal, /alg "HS256"\): its algorithm is not among "algorithms"$/);
  }
});

test('a key inside the token is no key', async () => {
  const header = { jwk: FORGER.jwk, jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/' } as object;
  assert.is(await bench.answer({ auth_token: await token(FORGER, { header }) }), REFUSED);
  assert.match(bench.lastRefusal, /its signature is wrong$/);
});

test('a key that is too short to be safe is refused', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const claims = encoded({ iss: ISSUER, aud: AUDIENCE, sub: 'ann', exp: START + 3600 });
  const text = `${encoded({ alg: 'RS256', kid: 'short' })}.${claims}`;
  const short = `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'short' };
  const weak = await OidcBench.start(block(FILE), { 'keys.json': JSON.stringify({ keys: [jwk] }) });
  assert.is(await weak.answer({ auth_token: short }), REFUSED);
  assert.match(weak.lastRefusal, /it could not be checked: .*2048 bits/);
  await weak.close();
});

test('an algorithm that is not configured is refused though the key would do', async () => {
  const pss = await signingKey('PS256', 'pss');
  const only = await OidcBench.start(block(FILE, 'algorithms: [ES256], account: APP'), {
    'keys.json': JSON.stringify({ keys: [pss.jwk, EC.jwk, RSA.jwk] }),
  });
  assert.is(await only.answer({ auth_token: await token(EC) }), WELCOME);
  for (const key of [pss, RSA]) assert.is(await only.answer({ auth_token: await token(key) }), REFUSED);
  await only.close();
});

test('a token that names no key gets in where only one fits, and not where several do', async () => {
  const header = { kid: undefined };
  assert.is(await bench.answer({ auth_token: await token(RSA, { header }) }), WELCOME);
  const two = await OidcBench.start(block(FILE), {
    'keys.json': JSON.stringify({ keys: [RSA.jwk, { ...FORGER.jwk, kid: 'b' }] }),
  });
  assert.is(await two.answer({ auth_token: await token(RSA, { header }) }), REFUSED);
  assert.match(two.lastRefusal, /: it names no key, and several fit$/);
  await two.close();
});

test('to whom a token was given, and how old it is, counts where it is asked for', async () => {
  const more = 'account: APP, authorized_parties: [web], max_token_age: "10m", token_types: ["at+jwt"]';
  const strict = await OidcBench.start(block(FILE, more), { 'keys.json': SET });
  const header = { typ: 'application/at+JWT' };
  const login = async (claims: object, typ = header.typ): Promise<string> =>
    strict.answer({ auth_token: await token(EC, { claims: { azp: 'web', ...claims }, header: { typ } }) });
  assert.is(await login({}), WELCOME);
  assert.is(await login({ iat: START - 629 }), WELCOME);
  for (const [claims, reason] of [
    [{ azp: 'mobile' }, /it was given to somebody else, by its "azp"$/],
    [{ azp: undefined }, /it was given to somebody else, by its "azp"$/],
    [{ iat: START - 630 }, /it is older than "max_token_age"$/],
    [{ iat: undefined }, /it has no "iat"$/],
  ] as const) {
    assert.is(await login(claims), REFUSED);
    assert.match(strict.lastRefusal, reason);
  }
  assert.is(await login({}, 'JWT'), REFUSED);
  await strict.close();
});

test('what is no token of ours is left to configured users', async () => {
  const users = 'authorization { users: [{user: u, password: p}] }';
  const mixed = await OidcBench.start(`${block(FILE)}\n${users}`, { 'keys.json': SET });
  const stranger = await token(EC, { claims: { iss: 'https://elsewhere.example' } });
  assert.is(await mixed.answer({ user: 'u', pass: 'p' }), WELCOME);
  assert.is(await mixed.answer({ user: 'u', pass: 'p', auth_token: stranger }), WELCOME);
  assert.is(await mixed.answer({ user: 'u', pass: stranger }), REFUSED);
  assert.is(await mixed.answer({ user: 'u', pass: 'p', auth_token: await token(FORGER) }), REFUSED, 'ours, and bad');
  assert.is(await mixed.answer({ auth_token: await token(EC), user: 'u', pass: 'wrong' }), WELCOME);
  for (const odd of ['a.b', '..', 'e30.e30.', 'bnVsbA.bnVsbA.x', 'x.eyJpc3MiOjF9.x', '\u00ff.\u00ff.\u00ff']) {
    assert.is(await mixed.answer({ user: 'u', pass: 'p', auth_token: odd }), WELCOME, odd);
  }
  await mixed.close();
});

test('the fields in which a token may stand are those of the configuration, in its order', async () => {
  const only = await OidcBench.start(block(FILE, 'account: APP, token_from: [pass, jwt]'), { 'keys.json': SET });
  const [good, bad] = [await token(EC), await token(FORGER)];
  assert.is(await only.answer({ auth_token: good }), REFUSED);
  assert.is(await only.answer({ pass: good, jwt: bad }), WELCOME);
  assert.is(await only.answer({ pass: bad, jwt: good }), REFUSED);
  await only.close();
});

test('a token of as many bytes as are allowed gets in, one more does not', async () => {
  const good = await token(EC);
  const sized = (bytes: number): Promise<OidcBench> =>
    OidcBench.start(block(FILE, `account: APP, max_token_size: ${bytes}`), { 'keys.json': SET });
  const wide = await sized(good.length);
  assert.is(await wide.answer({ auth_token: good }), WELCOME);
  await wide.close();
  const narrow = await sized(good.length - 1);
  assert.is(await narrow.answer({ auth_token: good }), REFUSED);
  assert.is(narrow.lastRefusal, `OIDC token: it has ${good.length} bytes, more than "max_token_size" allows`);
  assert.is(narrow.figure('oversized_tokens'), 1);
  await narrow.close();
});

test('what the log says holds nothing of a token, and no line of its own', async () => {
  const evil = 'x\r\n[1] forged';
  await bench.answer({ auth_token: await token(RSA, { header: { kid: evil }, claims: { sub: 'secret-name' } }) });
  assert.ok(bench.lastRefusal.includes('kid "x\\r\\n[1] forged"'), bench.lastRefusal);
  const long = await token(RSA, { header: { kid: 'k'.repeat(500) } });
  await bench.answer({ auth_token: long });
  assert.ok(bench.lastRefusal.length < 300, bench.lastRefusal);
  const said = bench.log.join('\n');
  assert.not.match(said, /eyJ|secret-name/);
});

test('who is let in and who is not is counted', async () => {
  const own = await OidcBench.start(block(FILE), { 'keys.json': SET });
  await own.answer({ auth_token: await token(EC) });
  await own.answer({ auth_token: await token(FORGER) });
  await own.answer({ auth_token: 'no token' });
  assert.equal([own.figure('accepted'), own.figure('refused')], [1, 1]);
  await own.close();
});

test.run();
