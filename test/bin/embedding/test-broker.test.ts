import { connect, headers } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testBroker } from '../../../bin/testing.ts';

test('one line gives a broker that is gone at the end of the block', async () => {
  let url = '';
  {
    await using broker = await testBroker();
    url = broker.url;
    assert.is(url, `nats://127.0.0.1:${broker.port}`);
    await (await connect({ servers: url })).close();
  }
  try {
    await connect({ servers: url, reconnect: false });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /refused/);
  }
});

test('brokers of one process know nothing of each other', async () => {
  await using one = await testBroker();
  await using other = await testBroker({ max_payload: 1000 });
  const heard = other.collect('>');
  one.publish('a', 'b');
  other.publish('c', 'd');
  assert.equal(
    heard.messages.map(({ subject }) => subject),
    ['c'],
  );
});

test('a mailbox keeps what is sent, and hands it out in order', async () => {
  await using broker = await testBroker();
  const client = await connect({ servers: broker.url });
  const mailbox = broker.collect('orders.*');
  const extra = headers();
  extra.append('Kind', 'urgent');
  extra.append('Kind', 'fragile');
  client.publish('orders.1', 'first', { headers: extra, reply: 'answers' });
  client.publish('orders.2', new Uint8Array([0, 255]));
  client.publish('other', 'unseen');
  const [first] = await mailbox.next();
  const [second] = await mailbox.next();
  assert.equal([first!.subject, first!.reply, first!.text], ['orders.1', 'answers', 'first']);
  assert.equal(first!.headers.get('Kind'), ['urgent', 'fragile']);
  assert.equal([...second!.data], [0, 255]);
  await client.flush();
  assert.is(mailbox.messages.length, 2);
  mailbox.close();
  client.publish('orders.3');
  await client.close();
  assert.is(mailbox.messages.length, 2);
});

test('waiting in vain says for what', async () => {
  await using broker = await testBroker();
  const mailbox = broker.collect('rare');
  broker.publish('rare');
  for (const [wait, complaint] of [
    [() => mailbox.next(2, 20), 'of 2 messages on "rare" only 1 arrived within 20 ms'],
    [() => broker.subscribed('nobody.here', { waitMs: 20 }), 'nobody subscribed to "nobody.here" within 20 ms'],
  ] as const) {
    try {
      await wait();
      assert.unreachable();
    } catch (error) {
      assert.is((error as Error).message, complaint);
    }
  }
  assert.is((await mailbox.next()).length, 1);
});

test('a subscription is waited for, whether it comes later or stands already', async () => {
  await using broker = await testBroker();
  const client = await connect({ servers: broker.url });
  const waiting = broker.subscribed('work.now');
  const work = client.subscribe('work.*', { queue: 'workers', max: 1 });
  await waiting;
  await broker.subscribed('work.later');
  assert.is(broker.publish('work.now', 'dig', { reply: 'done' }), 1);
  for await (const message of work) assert.equal([message.string(), message.reply], ['dig', 'done']);
  await client.close();
});

test.run();
