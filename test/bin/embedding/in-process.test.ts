import { join } from 'node:path';
import { connect, wsconnect } from '@nats-io/transport-node';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createServer } from '../../../bin/index.ts';
import { packageRoot } from '../../runner/package-root.ts';

test('clients of two brokers that connect at the same time get to their own', async () => {
  const names = ['left', 'right'];
  const brokers = await Promise.all(names.map((server_name) => createServer({ server_name }).start()));
  const clients = await Promise.all(brokers.map((broker) => wsconnect(broker.inProcess())));
  assert.equal(
    clients.map((client) => client.info!.server_name),
    names,
  );
  await Promise.all([...clients, ...brokers].map((one) => one.close()));
});

test('nothing is lost when more is sent than fits at once, in either direction', async () => {
  const broker = await createServer().start();
  const [sender, receiver] = [await wsconnect(broker.inProcess()), await wsconnect(broker.inProcess())];
  const subscription = receiver.subscribe('flood', { max: 2000 });
  await receiver.flush();
  for (let number = 0; number < 2000; number++) {
    const body = Buffer.alloc(16_384, number % 251);
    body.writeUInt32BE(number);
    sender.publish('flood', body);
  }
  let expected = 0;
  for await (const { data } of subscription) {
    const body = Buffer.from(data);
    assert.is(body.readUInt32BE(), expected);
    assert.is(body[16_383], expected % 251);
    expected++;
  }
  assert.is(expected, 2000);
  await broker.close();
});

test('what was published last arrives although the client closes at once', async () => {
  const broker = await createServer().start();
  const [sender, receiver] = [await wsconnect(broker.inProcess()), await wsconnect(broker.inProcess())];
  const subscription = receiver.subscribe('farewell', { max: 500 });
  await receiver.flush();
  for (let number = 0; number < 500; number++) sender.publish('farewell', Buffer.alloc(10_000));
  await sender.drain();
  let count = 0;
  for await (const _ of subscription) count++;
  assert.is(count, 500);
  await broker.close();
});

test('a client gets nowhere once the broker is closed', async () => {
  const broker = await createServer().start();
  const options = broker.inProcess();
  await broker.close();
  try {
    await wsconnect(options);
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, 'connection refused');
  }
});

test('a client is told that a broker about to leave takes it no more', async () => {
  const broker = await createServer().start();
  const guest = await wsconnect(broker.inProcess());
  const left = broker.drain();
  for await (const { type } of guest.status()) if (type === 'ldm') break;
  try {
    await wsconnect(broker.inProcess());
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, 'connection refused');
  }
  await guest.close();
  await broker.close();
  await left;
});

test('a client within the process needs no TLS where others do', async () => {
  const fixture = (name: string) => join(packageRoot(), 'test', 'fixtures', 'tls', name);
  const tls = { cert_file: fixture('server.pem'), key_file: fixture('server-key.pem') };
  const broker = await createServer({ tls }).start();
  const client = await wsconnect(broker.inProcess());
  await client.flush();
  await client.close();
  await broker.close();
});

test('clients within the process and over TCP talk to each other', async () => {
  const broker = await createServer({ host: '127.0.0.1', port: -1 }).start();
  const inside = await wsconnect(broker.inProcess());
  const outside = await connect({ servers: broker.url! });
  inside.subscribe('across', { callback: (_error, message) => void message.respond('from within') });
  await inside.flush();
  assert.is((await outside.request('across')).string(), 'from within');
  await inside.close();
  await outside.close();
  await broker.close();
});

test.run();
