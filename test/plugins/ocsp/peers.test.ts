import { existsSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Made } from '../../kits/certificate-maker.ts';
import { failure, makeResponse, type Said } from '../../kits/ocsp-responder.ts';
import type { RunningServer } from '../running-server.ts';
import { greet } from '../tls/secure-client.ts';
import { World } from './world.ts';

function withPeer(
  options: string,
  use: (bench: { world: World; alice: Made; says(said: Partial<Said>): void; running: RunningServer }) => Promise<void>,
  top = '',
): Promise<void> {
  return World.with({}, (world) => {
    const alice = world.issue({ subject: [['CN', 'alice']], ocspUrls: [world.responder.url] });
    const says = (said: Partial<Said>): void =>
      world.responder.says(makeResponse({ about: alice, issuer: world.authority, ...said }));
    const cache = `ocsp_cache { local_store: ${JSON.stringify(world.path('cache'))} }`;
    return world.run((running) => use({ world, alice, says, running }), {
      top: top === '' ? cache : top,
      block: `verify: true, ocsp_peer: ${options}`,
    });
  });
}

async function isIn(world: World, { port, server: { broker } }: RunningServer, own: Made): Promise<boolean> {
  const { client } = await world.client(port, own);
  const outcome = await greet(client).then(
    () => true,
    () => false,
  );
  client.tls.destroy();
  while (broker.connections.size > 0) await new Promise(setImmediate);
  return outcome;
}

test('a client whose certificate is good gets in, and its responder is asked once', () =>
  withPeer('true', async ({ world, alice, says, running }) => {
    says({});
    assert.is(await isIn(world, running, alice), true);
    assert.is(await isIn(world, running, alice), true);
    assert.is(world.responder.asked.length, 1);
  }));

test('any other outcome shuts a client out', () =>
  withPeer('{ verify: true, ca_timeout: 5 }', async ({ world, alice, says, running }) => {
    const cases: (() => void)[] = [
      () => {},
      () => world.responder.says(failure(6)),
      () => world.responder.says(Buffer.from('junk')),
      () => says({ status: 'unknown' }),
      () => says({ nextUpdate: new Date(Date.now() - 3_600_000) }),
      () => says({ thisUpdate: new Date(Date.now() + 3_600_000) }),
      () => says({ issuer: world.server }),
      () => says({ signer: world.server }),
      () => says({ status: 'revoked' }),
    ];
    for (const prepare of cases) {
      prepare();
      assert.is(await isIn(world, running, alice), false, String(prepare));
    }
    assert.ok(running.log.some((line) => line.endsWith('TLS handshake error: client not OCSP valid')));
  }));

test('a certificate without a responder has no status that could be bad', () =>
  withPeer('true', async ({ world, running }) => {
    assert.is(await isIn(world, running, world.issue({ subject: [['CN', 'b']] })), true);
    assert.is(await isIn(world, running, world.issue({ subject: [['CN', 'b']], ocspUrls: ['ldap://x'] })), true);
  }));

test('an authority in between is checked, too', () =>
  withPeer('true', async ({ world, running, says }) => {
    const between = world.issue({ subject: [['CN', 'between']], isAuthority: true, ocspUrls: [world.responder.url] });
    const leaf = world.issue({ subject: [['CN', 'leaf']], issuer: between });
    const shown = { ...leaf, pem: leaf.pem + between.pem };
    says({ about: between, status: 'revoked' });
    assert.is(await isIn(world, running, shown), false);
    assert.is(world.responder.asked.length, 1);
  }));

test('unknown may be good', () =>
  withPeer('{ verify: true, unknown_is_good: true }', async ({ world, alice, says, running }) => {
    says({ status: 'unknown' });
    assert.is(await isIn(world, running, alice), true);
    says({ status: 'revoked' });
    assert.is(await isIn(world, running, alice), true);
  }));

test('what fails may be only warned of', () =>
  withPeer('{ verify: true, warn_only: true }', async ({ world, alice, says, running }) => {
    says({ status: 'revoked' });
    assert.is(await isIn(world, running, alice), true);
    assert.match(running.log.join('\n'), /warn ocsp: a peer that is not OCSP valid is let in because of warn_only/);
  }));

test('a responder that does not answer may be done without, except for what was revoked already', () =>
  withPeer(
    '{ verify: true, allow_when_ca_unreachable: true, ca_timeout: "100ms", allowed_clockskew: "1ms", cache_ttl_when_next_update_unset: "1ms" }',
    async ({ world, alice, says, running }) => {
      world.responder.answer = () => {};
      assert.is(await isIn(world, running, alice), true);
      says({ status: 'revoked', thisUpdate: new Date(), nextUpdate: new Date(Date.now() + 2_000) });
      assert.is(await isIn(world, running, alice), false);
      world.responder.answer = () => {};
      assert.is(await isIn(world, running, alice), false);
      world.responder.says(Buffer.from('junk'));
      assert.is(
        await isIn(world, running, world.issue({ subject: [['CN', 'c']], ocspUrls: [world.responder.url] })),
        false,
      );
    },
  ));

test('a client that goes away while its responder is asked leaves nothing behind', () =>
  withPeer('true', async ({ world, alice, running }) => {
    const asked = new Promise<void>((resolve) => {
      world.responder.answer = () => resolve();
    });
    const { client } = await world.client(running.port, alice);
    await asked;
    client.tls.destroy();
    while (running.server.broker.connections.size > 0) await new Promise(setImmediate);
  }));

test('what responders said outlives the broker, unless there is no cache', () =>
  World.with({}, async (world) => {
    const alice = world.issue({ subject: [['CN', 'alice']], ocspUrls: [world.responder.url] });
    world.responder.says(makeResponse({ about: alice, issuer: world.authority }));
    const folder = JSON.stringify(world.path('cache'));
    const login = (top: string): Promise<void> =>
      world.run(async (running) => assert.is(await isIn(world, running, alice), true), {
        top,
        block: 'verify: true, ocsp_peer: true',
      });
    await login(`ocsp_cache { local_store: ${folder} }`);
    await login(`ocsp_cache { local_store: ${folder} }`);
    assert.is(world.responder.asked.length, 1);
    world.write('cache/responses.json', 'junk');
    await login(`ocsp_cache { local_store: ${folder} }`);
    assert.is(world.responder.asked.length, 2);
    await login('ocsp_cache: false');
    await login('ocsp_cache: false');
    assert.is(world.responder.asked.length, 4);
    assert.match(readFileSync(world.path('cache/responses.json'), 'utf8'), /"status":"good"/);
    assert.is(existsSync('_rc_'), false);
  }));

test('the monitor shows the cache once peers are checked', () =>
  withPeer(
    'true',
    async ({ world, alice, says, running }) => {
      says({});
      assert.is((await varz(running)).ocsp_peer_cache, undefined);
      await isIn(world, running, alice);
      await isIn(world, running, alice);
      const { tls_ocsp_peer_verify, ocsp_peer_cache } = await varz(running);
      assert.is(tls_ocsp_peer_verify, true);
      assert.equal(ocsp_peer_cache, {
        cache_type: 'none',
        cache_misses: 2,
      });
    },
    'http: "127.0.0.1:-1"\nocsp_cache: false',
  ));

async function varz({ server }: RunningServer): Promise<Record<string, unknown>> {
  const [url] = (server.host.capabilities.find('monitor.address')!.value as { urls(): string[] }).urls();
  return new Promise((resolve, reject) => {
    get(`${url}/varz`, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve(JSON.parse(text) as Record<string, unknown>));
    }).on('error', reject);
  });
}

test('without the plugin a block that asks for the check keeps the broker from starting', () =>
  World.with({}, async (world) => {
    const started = world.run(async () => {}, { block: 'verify: true, ocsp_peer: true', hasPlugin: false });
    await started.then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, '"ocsp_peer" needs the plugin "ocsp"'),
    );
  }));

test.run();
