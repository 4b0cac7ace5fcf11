/** The official client over WebSockets: all that it does over TCP, and what is peculiar to this way in. */

import type { NatsConnection } from '@nats-io/transport-node';
import { suite, test } from 'uvu';
import * as assert from 'uvu/assert';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { plugin as tls } from '../../../plugins/tls/index.ts';
import type { WebSocketAddress } from '../../../plugins/websocket/contract.ts';
import { plugin as websocket } from '../../../plugins/websocket/index.ts';
import { ACCESS_BEHAVIOURS } from '../../compat/access-behaviours.ts';
import { type OfficialClient, REMOTE_CLIENTS } from '../../compat/clients.ts';
import { EVERYDAY_BEHAVIOURS } from '../../compat/everyday-behaviours.ts';
import { LIFECYCLE_BEHAVIOURS } from '../../compat/lifecycle-behaviours.ts';
import { type PlayedBroker, suitesFor } from '../../compat/play.ts';
import { certificate } from '../../fixtures/tls/certificates.ts';
import { compose } from '../running-server.ts';
import { CERTIFICATE } from '../tls/secure-client.ts';
import { withWebSocket } from './raw-websocket.ts';
import { connectOverWeb } from './web-client.ts';

/** The client gives up on its own only after a while. */
function overWeb(wire: object): OfficialClient {
  return {
    ...REMOTE_CLIENTS[0]!,
    name: `wsconnect ${JSON.stringify(wire)}`,
    isRemote: false,
    connect: ({ url }, options) => connectOverWeb(url, options, wire) as unknown as Promise<NatsConnection>,
  };
}

async function startBroker(config: Readonly<Record<string, unknown>>): Promise<PlayedBroker> {
  const lines = Object.entries(config).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  const block = 'websocket { host: 127.0.0.1, port: -1, no_tls: true, compression: true }';
  const server = await compose([block, ...lines].join('\n'), [websocket, auth, tls]);
  await server.start();
  const address = server.host.capabilities.find('websocket.address')!.value as WebSocketAddress;
  return { url: address.urls()[0]!, embedded: null, stop: () => server.close() };
}

const behaviours = [...EVERYDAY_BEHAVIOURS, ...LIFECYCLE_BEHAVIOURS, ...ACCESS_BEHAVIOURS].filter(({ config }) =>
  Object.keys(config ?? {}).every((key) => key !== 'tls'),
);
const clients = [overWeb({ perMessageDeflate: false }), overWeb({ perMessageDeflate: { threshold: 0 } })];
for (const one of suitesFor(behaviours, clients, 'gnatlet', startBroker)) one.run();

const own = suite('over TLS');
own('over TLS', () =>
  withWebSocket(
    `tls { ${CERTIFICATE} }`,
    async ({ wsPort }) => {
      const { ca } = certificate('server');
      const connection = await connectOverWeb(`wss://127.0.0.1:${wsPort}`, {}, { ca });
      assert.is(connection.info!.tls_required, true);
      const subscription = connection.subscribe('a', { max: 1 });
      connection.publish('a', 'hello');
      for await (const message of subscription) assert.is(message.string(), 'hello');
      await connection.close();
    },
    { others: [tls] },
  ),
);
own.run();

test('a client that is sent away comes back', () =>
  withWebSocket('', async ({ wsPort, server }) => {
    const connection = await connectOverWeb(`ws://127.0.0.1:${wsPort}`, { reconnectTimeWait: 10 });
    const seen: string[] = [];
    connection.subscribe('a', { callback: (_error, message) => void seen.push(message.string()) });
    await connection.flush();
    const [first] = server.broker.connections.values();
    first!.close('Kicked');
    for await (const { type } of connection.status()) if (type === 'reconnect') break;
    connection.publish('a', 'again');
    await connection.flush();
    assert.equal(seen, ['again']);
    await connection.close();
  }));

test('credentials in cookies log a page in', () =>
  withWebSocket(
    'user_cookie: user, pass_cookie: pass',
    async ({ wsPort }) => {
      const wire = { headers: { Cookie: 'user=u; pass=p' } };
      const connection = await connectOverWeb(`ws://127.0.0.1:${wsPort}`, {}, wire);
      await connection.flush();
      await connection.close();
      await connectOverWeb(`ws://127.0.0.1:${wsPort}`, { reconnect: false }).then(
        () => assert.unreachable(),
        ({ message }: Error) => assert.match(message, /authorization violation/i),
      );
    },
    { top: 'authorization { users: [{user: u, password: p}] }' },
  ));

test.run();
