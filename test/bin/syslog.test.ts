import { createSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BrokerProcess, Folder } from './broker-process.ts';

/** Whoever takes log lines: what it got, until it contains something. */
class Receiver {
  text = '';
  private look = (): void => {};

  add(more: Uint8Array): void {
    this.text += Buffer.from(more).toString();
    this.look();
  }

  until(wanted: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`"${wanted}" never came: ${this.text}`)), 10_000);
      this.look = () => {
        if (!this.text.includes(wanted)) return;
        clearTimeout(timer);
        resolve();
      };
      this.look();
    });
  }
}

const LINE = /^<5>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S+ \S+ nats-server\[\d+\]: Starting nats-server\n/;

test('a remote system log over UDP gets every line, the last one too', async () => {
  const receiver = new Receiver();
  const socket = createSocket('udp4', (message) => receiver.add(message));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  try {
    await using broker = await BrokerProcess.start(['-r', `udp://127.0.0.1:${socket.address().port}`], '/', '');
    await receiver.until('Server is ready');
    assert.match(receiver.text, LINE);
    broker.child.kill('SIGTERM');
    await receiver.until('Server Exiting..');
    assert.is(broker.err.text, '');
  } finally {
    socket.close();
  }
});

async function overStream(listen: (server: Server) => void, url: (server: Server) => string): Promise<void> {
  const receiver = new Receiver();
  const server = createServer((socket) =>
    socket.on('data', (bytes: Uint8Array) => receiver.add(bytes)).on('error', () => {}),
  );
  await new Promise<void>((resolve) => {
    server.once('listening', resolve);
    listen(server);
  });
  try {
    await using broker = await BrokerProcess.start(['-r', url(server)], '/', '');
    await receiver.until('Server is ready');
    assert.match(receiver.text, LINE);
    broker.child.kill('SIGTERM');
    await receiver.until('Server Exiting..');
    assert.is(await broker.ended(), 0);
  } finally {
    server.close();
  }
}

test('a remote system log over TCP gets every line, the last one too', () =>
  overStream(
    (server) => server.listen(0, '127.0.0.1'),
    (server) => `tcp://127.0.0.1:${(server.address() as { port: number }).port}`,
  ));

test('a system log behind a socket file gets every line, the last one too', async () => {
  if (process.platform === 'win32') return;
  using folder = new Folder();
  await overStream(
    (server) => server.listen(folder.file('log')),
    () => `unix://${folder.file('log')}`,
  );
});

test('a system log that went away and came back gets what is said from then on', async () => {
  const receiver = new Receiver();
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('data', (bytes: Uint8Array) => receiver.add(bytes)).on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  try {
    await using broker = await BrokerProcess.start(['-r', `tcp://127.0.0.1:${port}`], '/', '');
    await receiver.until('Server is ready');
    for (const socket of sockets.splice(0)) socket.destroy();
    receiver.text = '';
    // Until the broker has noticed, and waited a while before it tries again, what it says is lost.
    const timer = setInterval(() => broker.child.kill('SIGUSR1'), 100);
    await receiver.until('File log re-open ignored, not a file logger').finally(() => clearInterval(timer));
    broker.child.kill('SIGTERM');
    await receiver.until('Server Exiting..');
  } finally {
    server.close();
  }
});

test('a system log that cannot be reached ends the start', async () => {
  await using broker = await BrokerProcess.start(['-r', 'unix:///nowhere/log'], '/', '');
  assert.is(await broker.ended(), 1);
  assert.match(broker.err.text, /^error connecting to syslog: /);
});

test.run();
