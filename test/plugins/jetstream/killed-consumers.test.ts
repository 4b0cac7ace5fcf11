/** Where consumers stand after the process was killed: what a client was told is true. */
import { AckPolicy, type JsMsg, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BrokerProcess, Folder } from '../../bin/broker-process.ts';

const CONF = 'jetstream: enabled\nstore_dir: data\n';
const MESSAGES = 600;

const clientOf = ({ port }: BrokerProcess): Promise<NatsConnection> =>
  connect({ servers: `127.0.0.1:${port}`, reconnect: false });

async function fill(client: NatsConnection): Promise<void> {
  const js = jetstream(client);
  await Promise.all(Array.from({ length: MESSAGES }, (_, at) => js.publish('a', String(at))));
}

async function fetched(client: NatsConnection, count: number): Promise<JsMsg[]> {
  const consumer = await jetstream(client).consumers.get('A', 'C');
  const messages: JsMsg[] = [];
  for await (const message of await consumer.fetch({ max_messages: count, expires: 5_000 })) messages.push(message);
  return messages;
}

test('D-4 T-20: no message is sent again whose acknowledgement was answered before the process was killed', async () => {
  using folder = new Folder();
  folder.write('a.conf', CONF);
  const confirmed = new Set<number>();
  for (let round = 0; round < 4; round++) {
    await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
    const client = await clientOf(broker);
    const manager = await jetstreamManager(client);
    if (round === 0) {
      await manager.streams.add({ name: 'A', subjects: ['a'] });
      await manager.consumers.add('A', { durable_name: 'C', ack_policy: AckPolicy.Explicit, ack_wait: 1_000_000_000 });
      await fill(client);
    }
    const messages = await fetched(client, 100);
    for (const { seq } of messages) assert.not(confirmed.has(seq), `round ${round}: ${seq} was sent again`);
    const wanted = confirmed.size + 40 + round;
    // Out of order, some one after the other, some together.
    const lanes = messages.reverse().map(async (message, at) => {
      if (at % 3 === 0) await client.flush();
      if (await message.ackAck().catch(() => false)) confirmed.add(message.seq);
      if (confirmed.size >= wanted) broker.child.kill('SIGKILL');
    });
    await Promise.allSettled(lanes);
    await client.close();
  }
  assert.ok(confirmed.size >= 160, String(confirmed.size));
});

test('D-4 T-20: a consumer that was made, changed or deleted is so after the process was killed at once', async () => {
  using folder = new Folder();
  folder.write('a.conf', CONF);
  const add = { durable_name: 'C', ack_policy: AckPolicy.Explicit };
  {
    await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
    const client = await clientOf(broker);
    const manager = await jetstreamManager(client);
    await manager.streams.add({ name: 'A', subjects: ['a'] });
    await manager.consumers.add('A', { ...add, durable_name: 'GONE' });
    await manager.consumers.add('A', add);
    await manager.consumers.update('A', 'C', { description: 'changed' });
    await manager.consumers.delete('A', 'GONE');
    broker.child.kill('SIGKILL');
    await client.close();
  }
  await using broker = await BrokerProcess.start(['-c', 'a.conf'], folder.path);
  const client = await clientOf(broker);
  const manager = await jetstreamManager(client);
  const infos = await manager.consumers.list('A').next();
  assert.equal(
    infos.map(({ name, config }) => [name, config.description]),
    [['C', 'changed']],
  );
  await client.close();
});

test.run();
