/** The tests of the plugin, with the kits of gnatlet: node --test tests.js */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { AUTHENTICATOR, type Verdict } from 'gnatlet/contracts';
import { type Identity, isRefusal, type Permissions } from 'gnatlet/plugin';
import { fakeAttempt, type PluginBench, startPlugin } from 'gnatlet/plugin-kit';
import { testBroker } from 'gnatlet/testing';
import type { HmacAuthenticator } from './authenticator.ts';
import { plugin } from './index.ts';
import { signToken } from './token.ts';

const secret = 'known to us and the broker';
const roles = { clerk: { publish: 'orders.>', subscribe: '_INBOX.>' } };
const HOUR_MS = 3_600_000;

// The kit runs one plugin, alone: this stands for "auth", which asks it.
const desk = { reconsider: () => {} };

/** The plugin as it stands in a broker; the clock of the bench stands still. */
async function bench(use: (authenticator: HmacAuthenticator, bench: PluginBench) => void | Promise<void>) {
  const kit = await startPlugin(
    { ...plugin, register: (ctx) => told(plugin.register!(ctx)) },
    { block: { secret, roles } },
  );
  await use(kit.provided<HmacAuthenticator>(AUTHENTICATOR), kit);
  // Throws when the plugin leaves anything behind.
  await kit.close();
}

function told(authenticator: HmacAuthenticator): HmacAuthenticator {
  authenticator.desk = desk;
  return authenticator;
}

function judge(authenticator: HmacAuthenticator, auth_token: string): Verdict | undefined {
  return authenticator.authenticate(fakeAttempt({ credentials: { auth_token } }));
}

function mayPublish(permissions: Permissions | null, subject: string): boolean {
  const bytes = Buffer.from(subject);
  return permissions!.mayPublish(bytes, 0, bytes.length);
}

test('a good token says who it is, for how long, and with which permissions', () =>
  bench((authenticator, { ports }) => {
    const expiresAt = ports.clock.now() + HOUR_MS;
    const verdict = judge(authenticator, signToken(secret, { user: 'ann', role: 'clerk', expiresAt })) as Identity;
    assert.equal(verdict.user, 'ann');
    assert.equal(verdict.expiresAt, expiresAt);
    assert.equal(mayPublish(verdict.permissions, 'orders.new'), true);
    assert.equal(mayPublish(verdict.permissions, 'wages.new'), false);
  }));

test('a token is good until it expires, and not at that moment', () =>
  bench(async (authenticator, { ports }) => {
    const token = signToken(secret, { user: 'ann', role: 'clerk', expiresAt: ports.clock.now() + 1000 });
    await ports.clock.advance(999);
    assert.equal(isRefusal(judge(authenticator, token)), false);
    await ports.clock.advance(1);
    assert.equal(isRefusal(judge(authenticator, token)), true);
  }));

test('forged tokens, and those with unknown roles, are refused', () =>
  bench((authenticator, { ports }) => {
    const claims = { user: 'ann', role: 'clerk', expiresAt: ports.clock.now() + HOUR_MS };
    const good = signToken(secret, claims);
    const bad = [signToken('another secret', claims), good.slice(0, -1), `x${good}`, '.', '....', 'nonsense'];
    for (const token of [...bad, signToken(secret, { ...claims, role: 'boss' })]) {
      assert.equal(isRefusal(judge(authenticator, token)), true, token);
    }
    const endless = signToken(secret, { ...claims, expiresAt: Number.NaN });
    assert.equal(isRefusal(judge(authenticator, endless)), true);
  }));

test('who brings no token is left to others', () =>
  bench((authenticator) => assert.equal(authenticator.authenticate(fakeAttempt()), undefined)));

test('mistakes in the block are told', async () => {
  await assert.rejects(startPlugin(plugin, { block: { secret: 'short' } }), /needs 16 characters or more/);
  await assert.rejects(
    startPlugin(plugin, { block: { secret, roles: { a: { publish: 'a..b' } } } }),
    /not a valid subject/,
  );
  await assert.rejects(startPlugin(plugin), /auth_hmac needs a secret/);
});

test('without "auth" there is no broker', async () => {
  await assert.rejects(startPlugin(plugin, { block: { secret, roles } }), /add "auth" to the list of plugins/);
});

test('a new secret counts at once', () =>
  bench(async (authenticator, kit) => {
    const token = signToken(secret, { user: 'ann', role: 'clerk', expiresAt: kit.ports.clock.now() + HOUR_MS });
    await kit.reload({ secret: 'the secret of the next month', roles });
    assert.equal(isRefusal(judge(authenticator, token)), true);
  }));

test('a client of a whole broker is confined to its role, until its token ends', async () => {
  await using broker = await testBroker({ auth_hmac: { secret, roles } }, { plugins: ['auth', plugin] });
  const token = signToken(secret, { user: 'ann', role: 'clerk', expiresAt: Date.now() + 1000 });
  const client = await connect({ servers: broker.url, token, reconnect: false });
  const orders = broker.collect('orders.>');
  client.publish('wages.new', '');
  client.publish('orders.new', 'a bicycle');
  assert.equal((await orders.next())[0]!.text, 'a bicycle');
  const end = await client.closed();
  assert.match(String(end), /authentication expired/i);
});
