import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type ConnectionOptions, connect } from 'node:tls';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RESPONSE_BYTES_MAX } from '../../../plugins/ocsp/responder.ts';
import { identify, linkOf } from '../../../plugins/ocsp/status.ts';
import { plugin as websocket } from '../../../plugins/websocket/index.ts';
import { encodeOcspRequest } from '../../../protocols/x509/ocsp-request.ts';
import { failure, makeResponse } from '../../kits/ocsp-responder.ts';
import type { RunningServer } from '../running-server.ts';
import { greet } from '../tls/secure-client.ts';
import { portOf } from '../websocket/raw-websocket.ts';
import { World } from './world.ts';

const MUST = { mustStaple: true };

async function shownBy(world: World, { port }: RunningServer): Promise<Buffer | null> {
  const { client, staple } = await world.client(port);
  await greet(client);
  client.tls.destroy();
  return staple;
}

/** What keeps the broker from starting; empty when it starts. */
function troubleOf(world: World, options: { top?: string; hasPlugin?: boolean } = {}): Promise<string> {
  return world
    .run(async () => {}, options)
    .then(
      () => '',
      (error: Error) => error.message,
    );
}

test('a certificate that has to is shown with its status', () =>
  World.with(MUST, async (world) => {
    const response = makeResponse({ about: world.server, issuer: world.authority });
    world.responder.says(response);
    await world.run(async (running) => {
      assert.equal(await shownBy(world, running), response);
      assert.equal(await shownBy(world, running), response);
      const asked = encodeOcspRequest(identify(linkOf(world.server.certificate, world.authority.certificate)));
      assert.equal(world.responder.asked, [asked.toString('base64')]);
      assert.match(
        running.log.join('\n'),
        /Found OCSP status for Client certificate at '.*cert\.pem': good, next update .*Z, checking again in \d+s/,
      );
    });
  }));

test('any other is shown without, unless it is said that all are', () =>
  World.with({}, async (world) => {
    const response = makeResponse({ about: world.server, issuer: world.authority });
    world.responder.says(response);
    for (const mode of ['', 'ocsp: true', 'ocsp: false', 'ocsp { mode: must }', 'ocsp { mode: never }']) {
      await world.run(async (running) => assert.is(await shownBy(world, running), null, mode), { top: mode });
    }
    assert.is(world.responder.asked.length, 0);
    await world.run(async (running) => assert.equal(await shownBy(world, running), response), {
      top: 'ocsp { mode: always }',
    });
  }));

test('a certificate that has to is warned of where this is switched off', () =>
  World.with(MUST, async (world) => {
    await world.run(
      async (running) => {
        assert.is(await shownBy(world, running), null);
        assert.match(
          running.log.join('\n'),
          /warn ocsp: Certificate at '.*cert\.pem' has MustStaple but OCSP is disabled/,
        );
      },
      { top: 'ocsp: false' },
    );
    assert.is(await troubleOf(world, { hasPlugin: false }), '');
  }));

test('a broker without a status that it has to show does not start', () =>
  World.with(MUST, async (world) => {
    const { responder, server, authority } = world;
    const cases: [() => void, RegExp][] = [
      [
        () => {},
        /^.*bad OCSP status update for certificate at '.*cert\.pem': exhausted ocsp servers: non-ok http status: 500/,
      ],
      [() => responder.says(Buffer.from('junk')), /malformed DER/],
      [() => responder.says(failure(3)), /the responder gives no answer: try later/],
      [() => responder.says(Buffer.alloc(RESPONSE_BYTES_MAX + 1)), /a response of more than 65536 bytes/],
      [() => responder.says(makeResponse({ about: authority, issuer: authority })), /about another certificate/],
      [
        () =>
          responder.says(makeResponse({ about: server, issuer: authority, nextUpdate: new Date(Date.now() - 1000) })),
        /invalid ocsp NextUpdate, is past time/,
      ],
    ];
    for (const [prepare, mistake] of cases) {
      prepare();
      assert.match(await troubleOf(world), mistake);
    }
  }));

test('a revoked certificate is not served where its status is a condition', () =>
  World.with(MUST, async (world) => {
    const response = makeResponse({ about: world.server, issuer: world.authority, status: 'revoked' });
    world.responder.says(response);
    for (const mode of ['must', 'always']) {
      assert.match(
        await troubleOf(world, { top: `ocsp { mode: ${mode} }` }),
        /found existing OCSP status for certificate at '.*cert\.pem': revoked/,
      );
    }
    await world.run(async (running) => assert.equal(await shownBy(world, running), response));
  }));

test('the responder of the configuration counts more than the one of the certificate', () =>
  World.with({ mustStaple: true, ocspUrls: ['http://127.0.0.1:1'] }, async (world) => {
    world.responder.says(makeResponse({ about: world.server, issuer: world.authority }));
    assert.match(await troubleOf(world), /exhausted ocsp servers/);
    assert.is(await troubleOf(world, { top: `ocsp { mode: auto, url: "${world.responder.url}/" }` }), '');
    assert.is(await troubleOf(world, { top: `ocsp { urls: ["http://127.0.0.1:1", "${world.responder.url}"] }` }), '');
  }));

test('a certificate without a responder, or without an issuer, cannot have a status', async () => {
  await World.with({ mustStaple: true, ocspUrls: [] }, async (world) => {
    assert.match(await troubleOf(world), /no available ocsp servers/);
    const stranger = (await import('../../kits/certificate-maker.ts')).makeCertificate({
      subject: [['CN', 's']],
      isAuthority: true,
    });
    world.write('ca.pem', stranger.pem);
    assert.match(await troubleOf(world), /no issuers found for the certificate at/);
    world.write('cert.pem', world.server.pem + world.authority.pem);
    assert.match(await troubleOf(world), /no available ocsp servers/);
  });
});

test('what was fetched is kept in a folder, and taken from there while it counts', () =>
  World.with(MUST, async (world) => {
    const store = { top: `ocsp { store_dir: ${JSON.stringify(world.folder)} }` };
    const response = makeResponse({ about: world.server, issuer: world.authority });
    world.responder.says(response);
    await world.run(async () => {}, store);
    const [name] = readdirSync(world.path('ocsp'));
    assert.equal(readFileSync(world.path(`ocsp/${name}`)), response);
    world.responder.says(failure(2));
    await world.run(async (running) => assert.equal(await shownBy(world, running), response), store);
    assert.is(world.responder.asked.length, 1);
    world.write(`ocsp/${name}`, 'junk');
    assert.match(await troubleOf(world, store), /internal error/);
  }));

test('a certificate that has to is shown with its status over WebSocket, too', () =>
  World.with({}, (world) => {
    const own = world.issue({ hosts: ['localhost'], mustStaple: true, ocspUrls: [world.responder.url] });
    const response = makeResponse({ about: own, issuer: world.authority });
    world.responder.says(response);
    world.write('web.pem', own.pem + world.authority.pem);
    world.write('web-key.pem', own.keyPem);
    const [cert, key] = ['web.pem', 'web-key.pem'].map((name) => JSON.stringify(world.path(name)));
    const top = `websocket { host: "127.0.0.1", port: -1, tls { cert_file: ${cert}, key_file: ${key} } }`;
    const ask = async (running: RunningServer): Promise<void> => {
      const options = { port: portOf(running), host: '127.0.0.1', ca: world.authority.pem, servername: 'localhost' };
      const socket = connect({ ...options, requestOCSP: true } as ConnectionOptions);
      const [staple] = await once(socket, 'OCSPResponse');
      assert.equal(staple, response);
      socket.destroy();
    };
    return world.run(ask, { top, others: [websocket] });
  }));

test('a broker that a plugin shuts down ends in an orderly way', () =>
  World.with({}, (world) =>
    world.run(async ({ server, log }) => {
      server.broker.shutDown();
      await server.close();
      assert.equal(log.slice(-1), ['info Server Exiting..']);
    }),
  ));

test('a reload asks nobody again, and one that would need a bad status changes nothing', () =>
  World.with(MUST, async (world) => {
    const response = makeResponse({ about: world.server, issuer: world.authority, status: 'revoked' });
    world.responder.says(response);
    await world.run(async (running) => {
      const { broker, host } = running.server;
      await broker.hooks.serverReload.slot!({});
      assert.is(world.responder.asked.length, 1);
      const staple = { mode: 'must' as const, urls: [], storeDirectory: '' };
      const cache = { isLocal: true, directory: '_rc_', keepsRevoked: false, saveIntervalMs: 300_000 };
      await host.reload(new Map([['ocsp', { staple, cache }]]));
      assert.ok(running.log.includes('info Reloaded: OCSP'));
      await broker.hooks.serverReload.slot!({});
      assert.match(running.log.join('\n'), /the certificates stay as they were: found existing OCSP status .* revoked/);
      assert.equal(await shownBy(world, running), response);
    });
  }));

test.run();
