/** Whom consumers send to, and what those hear who wait in vain. */
import { AckPolicy, jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testBroker } from '../../../bin/testing.ts';
import { plugin } from '../../../plugins/jetstream/index.ts';
import { until } from '../../kits/until.ts';
import { memoryPlugin } from './memory-plugin.ts';
import { withStreams } from './streaming-broker.ts';

const config = { name: 'S', subjects: ['s.>'], storage: StorageType.Memory };

test('who listens to everything sets no push consumer going; who listens to its subject does', () =>
  withStreams(async ({ client, js, manager }) => {
    const overheard: string[] = [];
    client.subscribe('>', { callback: (_error, { subject, reply }) => void overheard.push(`${subject} ${reply}`) });
    await manager.streams.add(config);
    await js.publish('s.1', 'x');
    await manager.consumers.add('S', { durable_name: 'P', ack_policy: AckPolicy.None, deliver_subject: 'to.me' });
    assert.is((await manager.consumers.info('S', 'P')).delivered.consumer_seq, 0);
    const heard: string[] = [];
    client.subscribe('to.me', { callback: (_error, message) => void heard.push(message.string()) });
    await until(() => heard.length === 1);
    assert.equal(heard, ['x']);
    assert.is((await manager.consumers.info('S', 'P')).delivered.consumer_seq, 1);
  }));

test('who waits for messages when the server stops is told how much is left to ask for', async () => {
  const broker = await testBroker({}, { plugins: [memoryPlugin, plugin] });
  const client = await connect({ servers: broker.url!, reconnect: false });
  const manager = await jetstreamManager(client);
  await manager.streams.add(config);
  await manager.consumers.add('S', { durable_name: 'C', ack_policy: AckPolicy.Explicit });
  const heard: string[] = [];
  client.subscribe('inbox', {
    callback: (_error, { headers }) =>
      void heard.push(`${headers?.code} ${headers?.description} ${headers?.get('Nats-Pending-Messages')}`),
  });
  client.publish('$JS.API.CONSUMER.MSG.NEXT.S.C', '{"batch":7,"expires":30000000000}', { reply: 'inbox' });
  await until(async () => (await manager.consumers.info('S', 'C')).num_waiting === 1);
  await jetstream(client).publish('s.1');
  await until(() => heard.length === 1);
  await broker[Symbol.asyncDispose]();
  await client.closed();
  assert.is(heard.at(-1), '409 Server Shutdown 6');
});

test.run();
