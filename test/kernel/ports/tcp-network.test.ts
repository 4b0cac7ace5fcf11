import { networkInterfaces } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NetworkError } from '../../../kernel/ports/network-error.ts';
import { TcpNetwork } from '../../../kernel/ports/tcp-network.ts';
import type { Transport } from '../../../kernel/ports/transport.ts';
import { RecordingReceiver } from './recording-receiver.ts';

const READ_BUFFER = Buffer.alloc(64 * 1024);
const network = new TcpNetwork();

async function rejection(promise: Promise<unknown>): Promise<NetworkError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.instance(error, NetworkError);
  return error as NetworkError;
}

test('a port of -1 means any free one', async () => {
  const listener = await network.listen({ host: '127.0.0.1', port: -1 }, () => {});
  assert.ok(listener.port > 0);
  assert.is(listener.host, '127.0.0.1');
  await listener.close();
});

test('a port in use is refused with its address and code', async () => {
  const listener = await network.listen({ host: '127.0.0.1', port: 0 }, () => {});
  const error = await rejection(network.listen({ host: '127.0.0.1', port: listener.port }, () => {}));
  assert.is(error.code, 'EADDRINUSE');
  assert.is(
    error.message,
    `cannot listen on 127.0.0.1:${listener.port}: the address is in use by another process (EADDRINUSE)`,
  );
  await listener.close();
});

test('a closed listener frees its port at once, though its connections live on', async () => {
  const accepted: Transport[] = [];
  const listener = await network.listen({ host: '127.0.0.1', port: 0, readBuffer: READ_BUFFER }, (transport) =>
    accepted.push(transport),
  );
  const client = await network.connect({ host: '127.0.0.1', port: listener.port, readBuffer: READ_BUFFER });
  const heard = new RecordingReceiver(READ_BUFFER);
  client.start(heard);
  while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await listener.close();
  const again = await network.listen({ host: '127.0.0.1', port: listener.port }, () => {});
  accepted[0]!.start(new RecordingReceiver(READ_BUFFER));
  accepted[0]!.write(Buffer.from('still here'));
  await heard.until(() => heard.text === 'still here');
  client.destroy();
  accepted[0]!.destroy();
  await heard.closed();
  await again.close();
});

test('connecting where nobody listens is refused with the reason', async () => {
  const listener = await network.listen({ host: '127.0.0.1', port: 0 }, () => {});
  await listener.close();
  const error = await rejection(network.connect({ host: '127.0.0.1', port: listener.port }));
  assert.is(error.code, 'ECONNREFUSED');
  assert.match(error.message, `cannot connect to 127.0.0.1:${listener.port}: nobody listens there`);
});

test('connecting to a host that does not exist is refused with the reason', async () => {
  const error = await rejection(network.connect({ host: 'no-such-host.invalid', port: 4222 }));
  assert.match(error.message, 'cannot connect to no-such-host.invalid:4222: ');
});

test('IPv6 hosts work with and without brackets', async () => {
  const hasIPv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));
  if (!hasIPv6) return console.log('skipped: this machine has no IPv6 loopback');
  const listener = await network.listen({ host: '[::1]', port: 0 }, (transport) => {
    assert.is(transport.remote.host, '::1');
    transport.start(new RecordingReceiver());
    transport.end();
  });
  assert.is(listener.host, '::1');
  const client = await network.connect({ host: '::1', port: listener.port });
  const receiver = new RecordingReceiver();
  client.start(receiver);
  await receiver.closed();
  const error = await rejection(network.listen({ host: '::1', port: listener.port }, () => {}));
  assert.match(error.message, `cannot listen on [::1]:${listener.port}: `);
  await listener.close();
});

test('an IPv4 client of an IPv6 listener shows its plain address', async () => {
  const hosts: string[] = [];
  const accept = (transport: Transport) => {
    hosts.push(transport.remote.host, transport.local.host);
    transport.destroy();
  };
  const listener = await network.listen({ host: '::', port: 0 }, accept).catch(() => null);
  if (listener === null) return console.log('skipped: this machine has no IPv6');
  const client = await network.connect({ host: '127.0.0.1', port: listener.port });
  const receiver = new RecordingReceiver();
  client.start(receiver);
  await receiver.closed();
  assert.equal(hosts, ['127.0.0.1', '127.0.0.1']);
  await listener.close();
});

test('the interface addresses leave out the loopback', () => {
  for (const address of network.interfaceAddresses()) assert.not.match(address, /^(127\.|::1$|fe80|169\.254)/);
});

test.run();
