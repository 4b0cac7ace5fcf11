/** Everybody comes back at once: all get in, and in between the event loop turns for others. */
import { Buffer } from 'node:buffer';
import { createPrivateKey, sign } from 'node:crypto';
import { wsconnect } from '@nats-io/nats-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createServer } from '../../../bin/index.ts';
import type { PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import { ServerIdentity } from '../../../kernel/server-identity.ts';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { plugin as callout } from '../../../plugins/auth-callout/index.ts';
import { Envelope } from '../../../plugins/auth-callout/request/envelope.ts';
import { textToSign, withSignature } from '../../../protocols/jwt/token.ts';
import { decodeSeed } from '../../../protocols/nkeys/nkey-text.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';
import { RawClient, withServer } from '../running-server.ts';
import { admitting, CalloutService, configured, type Request, ServiceKeys } from './callout-service.ts';

const CLIENTS = 200;
const keys = new ServiceKeys();
const SEED_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Signs with Node's own cryptography: with the library's, the service would be what takes the time. */
function quickAnswer(): (request: Request) => string {
  const { seed } = decodeSeed(Buffer.from(keys.issuer.getSeed()).toString())!;
  const key = createPrivateKey({ key: Buffer.concat([SEED_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const iss = keys.issuer.getPublicKey();
  const token = (claims: object): string => {
    const text = textToSign({ iss, ...claims });
    return withSignature(text, sign(null, Buffer.from(text), key));
  };
  return ({ userKey: sub, serverId }) => {
    const jwt = token({ sub, aud: 'APP', name: 'Bob', nats: { subs: -1, payload: -1, type: 'user', version: 2 } });
    return token({ sub, aud: serverId, nats: { jwt, type: 'authorization_response', version: 2 } });
  };
}

for (const [how, block] of [
  ['open', keys.block()],
  ['sealed', keys.block(keys.sealed)],
] as const) {
  test(`${CLIENTS} clients at once get in by ${how} requests`, async () => {
    await withServer(
      configured(`timeout: 30, ${block}`),
      [auth, callout] as PluginDefinition[],
      async ({ port, server }) => {
        const service = await CalloutService.start(port, keys, quickAnswer());
        const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.connect(port)));
        for (const [at, client] of clients.entries()) {
          client.send(`CONNECT {"verbose":false,"user":"u${at}"}\r\nPING\r\n`);
        }
        for (const client of clients) await client.until(/PONG\r\n/);
        assert.is(service.requests.length, CLIENTS);
        assert.is(server.broker.statistics().more['auth-callout.pending'], 0);
        for (const client of clients) client.socket.destroy();
        await service.close();
      },
    );
  });
}

test('between two of the things that are sealed the event loop turns', async () => {
  const ports = createFakePorts();
  const envelope = new Envelope(new ServerIdentity(ports.random), ports);
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  count();
  await Promise.all(
    Array.from({ length: 20 }, () => envelope.close('x'.repeat(1000), keys.curve.getPublicKey(), { isOver: false })),
  );
  isDone = true;
  assert.ok(turns >= 20, `${turns} turns`);
});

test('nothing is sealed for those who have given up, so that others need not wait for it', async () => {
  const ports = createFakePorts();
  const envelope = new Envelope(new ServerIdentity(ports.random), ports);
  const to = keys.curve.getPublicKey();
  const [gone, here] = await Promise.all([
    envelope.close('x', to, { isOver: true }),
    envelope.close('x', to, { isOver: false }),
  ]);
  assert.equal(gone, { failure: '' });
  assert.ok('body' in here!);
});

test('clients within the process are asked about like all others', async () => {
  const broker = await createServer({ configText: configured(keys.block()), host: '127.0.0.1', port: -1 }).start();
  const service = await CalloutService.start(broker.address!.port, keys, admitting(keys));
  const client = await wsconnect({ ...broker.inProcess(), user: 'inner' });
  assert.is(service.requests[0]!.claims.nats.client_info.user, 'inner');
  assert.is(service.requests[0]!.claims.nats.client_info.host, undefined);
  await client.close();
  await service.close();
  await broker.close();
});

test.run();
