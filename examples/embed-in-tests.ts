/** A broker of its own for each test. This one uses the test runner of Node; any other does as well. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { testBroker } from 'gnatlet/testing';

/** What is tested here: a service that prices orders and announces them. */
function startPricing(client: NatsConnection): void {
  client.subscribe('orders.new', {
    callback: (_error, message) => {
      client.publish('orders.priced', JSON.stringify({ ...message.json<object>(), price: 10 }));
    },
  });
}

test('a new order is priced', async () => {
  await using broker = await testBroker();
  const client = await connect({ servers: broker.url });
  const priced = broker.collect('orders.priced');

  startPricing(client);
  await broker.subscribed('orders.new');
  broker.publish('orders.new', JSON.stringify({ id: 1 }));

  const [message] = await priced.next();
  assert.deepEqual(JSON.parse(message!.text), { id: 1, price: 10 });
  await client.close();
});

test('the service says nothing unasked', async () => {
  await using broker = await testBroker();
  const client = await connect({ servers: broker.url });
  const everything = broker.collect('>');

  startPricing(client);
  await client.flush();

  assert.equal(everything.messages.length, 0);
  await client.close();
});
