/** The request, byte by byte: the token is what a genuine server writes, but for the keys. */
import { Buffer } from 'node:buffer';
import { createUser, fromPublic } from '@nats-io/nkeys';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TlsFacts } from '../../../kernel/plugin-api.ts';
import { NATS_VERSION } from '../../../kernel/version.ts';
import { clientTls } from '../../../plugins/auth-callout/request/client-tls.ts';
import { tokenId } from '../../../plugins/auth-callout/request/compose.ts';
import { until } from '../auth/auth-bench.ts';
import { configured, ServiceKeys } from './callout-service.ts';
import { claimsIn, WireBench } from './wire-service.ts';

const keys = new ServiceKeys();
const issuer = keys.issuer.getPublicKey();

test('the id of a token is computed as a genuine server does', () => {
  // From a request of nats-server 2.15.1.
  const standard = {
    aud: 'nats-authorization-request',
    exp: 1795883107,
    iat: 1795883106,
    iss: 'NB534NXH5P7BWPU4RDKT3IK62VRV4LQ4VHSLQGVNOSNS7GE4RU3K6KTK',
    sub: 'ABXV7N7VDSXM7R5NFWNCROR46RWTG75SURRTVDRIF2X7KLXEHG5ILMNC',
  };
  assert.is(tokenId(standard), 'IEK44UB3K2T475ETFJDD7D56QWNB56WELPYVVXSMPEKBYREA7NUA');
});

test('the request has the claims of a genuine one, in their order, signed by the server', async () => {
  const bench = await WireBench.start(configured(keys.block()));
  const { broker } = bench.bench.server;
  const said = { user: 'joe', pass: 'secret', name: 'Joe', lang: 'x', version: '1.2', protocol: 1, headers: true };
  const { request } = await bench.ask({ ...said, no_responders: true, jwt: 'a.b.c' });
  assert.is(request.subject, '$SYS.REQ.USER.AUTH');
  assert.match(request.reply, /^\$SYS\._INBOX\.[A-Za-z0-9]{8}\.[A-Za-z0-9]{22}$/);
  assert.is(request.header, '');
  const [header, payload, signature] = request.body.toString().split('.') as [string, string, string];
  assert.is(Buffer.from(header, 'base64url').toString(), '{"typ":"JWT","alg":"ed25519-nkey"}');
  const claims = claimsIn(request.body);
  const userKey = claims.nats.user_nkey;
  const iat = Date.UTC(2020, 0, 1) / 1000;
  const standard = { aud: 'nats-authorization-request', exp: iat + 2, iat, iss: broker.identity.id, sub: issuer };
  const { id, xkey } = broker.identity;
  const expected = {
    aud: standard.aud,
    exp: standard.exp,
    jti: tokenId(standard),
    iat,
    iss: id,
    sub: issuer,
    nats: {
      server_id: { name: id, host: '0.0.0.0', id, version: NATS_VERSION },
      user_nkey: userKey,
      client_info: { host: '127.0.0.1', id: 2, user: 'joe', name: 'Joe', kind: 'Client', type: 'nats' },
      connect_opts: { user: 'joe', pass: 'secret', name: 'Joe', lang: 'x', version: '1.2', protocol: 1 },
      type: 'authorization_request',
      version: 2,
    },
  };
  assert.is(Buffer.from(payload, 'base64url').toString(), JSON.stringify(expected));
  assert.match(userKey, /^U[A-Z2-7]{55}$/);
  const isRight = fromPublic(id).verify(Buffer.from(`${header}.${payload}`), Buffer.from(signature, 'base64url'));
  assert.ok(isRight);
  assert.match(xkey, /^X/);
  await bench.close();
});

test('a client that brings nothing is told of by what is known without it', async () => {
  const bench = await WireBench.start(configured(keys.block()));
  const { nats } = claimsIn((await bench.ask({})).request.body);
  assert.equal(nats.client_info, { host: '127.0.0.1', id: 2, kind: 'Client', type: 'nats' });
  assert.equal(nats.connect_opts, { protocol: 0 });
  await bench.close();
});

test('of a token the service is told, but not as a name', async () => {
  const bench = await WireBench.start(configured(keys.block()));
  const { nats } = claimsIn((await bench.ask({ auth_token: 'tok' })).request.body);
  assert.is(nats.client_info.user, '[REDACTED]');
  assert.is(nats.connect_opts.auth_token, 'tok');
  await bench.close();
});

test('a signed nonce goes with its signature, where there are keys to sign with', async () => {
  const user = createUser();
  const withKeys = configured(keys.block()).replace('users: [', `users: [{nkey: ${createUser().getPublicKey()}}, `);
  for (const [text, hasNonce] of [
    [configured(keys.block()), false],
    [withKeys, true],
  ] as const) {
    const bench = await WireBench.start(text);
    const said = { nkey: user.getPublicKey(), sig: 'A'.repeat(86) };
    const { nats } = claimsIn((await bench.ask(said)).request.body);
    assert.is(nats.client_info.user, user.getPublicKey());
    assert.is(typeof nats.client_info.nonce, hasNonce ? 'string' : 'undefined');
    assert.equal(nats.connect_opts, { ...said, protocol: 0 });
    await bench.close();
  }
});

test('each login has a key and an inbox of its own', async () => {
  const bench = await WireBench.start(configured(keys.block()));
  const asked = [await bench.ask({ user: 'a' }), await bench.ask({ user: 'b' })];
  assert.is(new Set(asked.map(({ request }) => request.reply)).size, 2);
  assert.is(new Set(asked.map(({ request }) => claimsIn(request.body).nats.user_nkey)).size, 2);
  await bench.close();
});

test('with a curve key the request is sealed to it, and says which key sealed it', async () => {
  const bench = await WireBench.start(configured(keys.block(keys.sealed)));
  const { xkey } = bench.bench.server.broker.identity;
  const { request } = await bench.ask({ user: 'joe', pass: 'secret' });
  assert.is(request.header, `NATS/1.0\r\nNats-Server-Xkey: ${xkey}\r\n\r\n`);
  assert.is(request.body.subarray(0, 4).toString(), 'xkv1');
  // What a token begins with: two letters of it may well come up by chance.
  assert.not.match(request.body.toString('latin1'), /eyJ0eXAi/);
  assert.not(request.body.includes('secret'));
  const opened = keys.curve.open(new Uint8Array(request.body), xkey)!;
  const { nats } = claimsIn(opened);
  assert.is(nats.server_id.xkey, xkey);
  assert.is(nats.connect_opts.pass, 'secret');
  await bench.close();
});

test('of TLS the service is told version, cipher and the certificates that were verified', () => {
  const facts: TlsFacts = { version: '1.3', cipher: 'TLS_AES_128_GCM_SHA256', peerCertificates: [], serverName: '' };
  assert.is(clientTls(null), undefined);
  assert.equal(clientTls(facts), { version: '1.3', cipher: 'TLS_AES_128_GCM_SHA256' });
  const peerCertificates = [new Uint8Array(49).fill(1), new Uint8Array(3)];
  const first = `-----BEGIN CERTIFICATE-----\n${'AQEB'.repeat(16)}\nAQ==\n-----END CERTIFICATE-----\n`;
  const second = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const { verified_chains } = clientTls({ ...facts, peerCertificates }) as { verified_chains: string[][] };
  assert.equal(verified_chains, [[first, second]]);
});

test('a password appears in no line of the log', async () => {
  const bench = await WireBench.start(configured(keys.block()));
  const { client, request } = await bench.ask({ user: 'joe', pass: 'hush-hush' });
  bench.answer(request, 'garbage');
  await until(() => client.isEnded);
  assert.not.match(bench.bench.log.join('\n'), /hush/);
  await bench.close();
});

test.run();
