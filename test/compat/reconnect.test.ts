/** The official clients when their broker goes away and comes back. */
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createServer } from '../../bin/index.ts';
import { ALL_CLIENTS, REMOTE_CLIENTS } from './clients.ts';
import { texts } from './stage.ts';

const ADDRESS = { host: '127.0.0.1', port: -1 };

async function statusSeen(connection: NatsConnection, type: string): Promise<void> {
  for await (const status of connection.status()) if (status.type === type) return;
}

for (const client of REMOTE_CLIENTS) {
  test(`${client.name}: subscriptions and requests go on after the broker was restarted`, async () => {
    const first = await createServer(ADDRESS).start();
    const { url, port } = { url: first.url!, port: first.address!.port };
    const options = { reconnectTimeWait: 20, maxReconnectAttempts: -1, reconnectJitter: 0 };
    const connection = await client.connect({ url, embedded: null }, options);
    const subscription: Subscription = connection.subscribe('still.here');
    connection.subscribe('echo', { callback: (_error, message) => void message.respond(message.data) });
    await connection.flush();
    const reconnected = statusSeen(connection, 'reconnect');
    await first.close();
    const second = await createServer({ ...ADDRESS, port }).start();
    await reconnected;
    connection.publish('still.here', 'yes');
    assert.equal(await texts(subscription, 1), ['yes']);
    assert.is((await connection.request('echo', 'again', { timeout: 5000 })).string(), 'again');
    await connection.close();
    await second.close();
  });
}

for (const client of ALL_CLIENTS) {
  test(`${client.name}: a client that does not reconnect is closed with its broker`, async () => {
    const broker = await createServer(ADDRESS).start();
    const connection = await client.connect({ url: broker.url!, embedded: broker }, { reconnect: false });
    await broker.close();
    await connection.closed();
    assert.ok(connection.isClosed());
  });
}

test.run();
