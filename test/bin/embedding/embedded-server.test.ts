import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigurationError, createServer, definePlugin, PluginError, type ServerConfig } from '../../../bin/index.ts';

const LOOPBACK = { host: '127.0.0.1', port: -1 };

async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}

async function infoOf(stream: Duplex): Promise<Record<string, unknown>> {
  const [bytes] = (await once(stream, 'data')) as [Buffer];
  stream.destroy();
  return JSON.parse(String(bytes).slice('INFO '.length)) as Record<string, unknown>;
}

/** Resolves with all that was received once it ends as told. */
async function receivedUntil(stream: Duplex, ending: string): Promise<string> {
  let received = '';
  for await (const bytes of stream) {
    received += String(bytes);
    if (received.endsWith(ending)) return received;
  }
  throw new Error(`the stream ended early: ${received}`);
}

test('no port is opened unless one is asked for', async () => {
  const broker = await createServer().start();
  assert.is(broker.address, null);
  assert.is(broker.url, null);
  assert.is((await infoOf(broker.connect())).proto, 1);
  await broker.close();
});

test('a port that is asked for is open until the broker is closed', async () => {
  const broker = await createServer(LOOPBACK).start();
  const { host, port } = broker.address!;
  assert.is(broker.url, `nats://127.0.0.1:${port}`);
  assert.is((await infoOf(connect({ host, port }))).port, port);
  await broker.close();
  assert.is(broker.address, null);
  const [error] = (await once(connect({ host, port }), 'error')) as [Error & { code: string }];
  assert.is(error.code, 'ECONNREFUSED');
});

test('a broker that listens everywhere is reached at the loopback address', async () => {
  const broker = await createServer({ listen: '0.0.0.0:-1' }).start();
  assert.is(broker.url, `nats://127.0.0.1:${broker.address!.port}`);
  await broker.close();
});

test('where the listeners of plugins are found is told with the client port', async () => {
  const broker = createServer({ ...LOOPBACK, leafnodes: { host: '127.0.0.1', port: -1 }, http: '127.0.0.1:-1' });
  assert.throws(() => broker.urls, /does not run yet/);
  await broker.start();
  const { nats, leafnodes, monitoring, cluster } = broker.urls;
  assert.equal(nats, [broker.url]);
  assert.match(leafnodes.join(), /^nats:\/\/127\.0\.0\.1:\d+$/);
  assert.is((await fetch(`${monitoring[0]}/healthz`)).status, 200);
  assert.equal(cluster, []);
  await broker.close();
});

test('a configuration may be text, and what stands beside it wins', async () => {
  const configText = 'server_name: from-text\nmax_payload: 1KB\nport: 4222';
  const broker = await createServer({ configText, server_name: 'from-program', ...LOOPBACK }).start();
  const info = await infoOf(broker.connect());
  assert.is(info.server_name, 'from-program');
  assert.is(info.max_payload, 1024);
  assert.is.not(broker.address!.port, 4222);
  await broker.close();
});

test('a configuration may be a file that includes others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-embedded-'));
  const configFile = join(folder, 'broker.conf');
  writeFileSync(configFile, 'include "limits.conf"\nserver_name: from-file\n');
  writeFileSync(join(folder, 'limits.conf'), 'max_payload: 2KB\n');
  const broker = await createServer({ configFile }).start();
  const info = await infoOf(broker.connect());
  assert.equal([info.server_name, info.max_payload], ['from-file', 2048]);
  await broker.close();
  rmSync(folder, { recursive: true });
});

test('everything that is wrong with the options is reported at once, by its key', async () => {
  const mistakes = { prot: 4222, max_payload: 'much', accounts: { A: { usres: [] } } } as unknown as ServerConfig;
  const error = await failure(createServer(mistakes).start());
  assert.instance(error, ConfigurationError);
  const keys = (error as ConfigurationError).problems.map(({ file }) => file);
  assert.equal(keys.sort(), ['accounts.A.usres', 'max_payload', 'prot']);
  assert.match(error.message, /"prot"; did you mean "port"\?/);
});

test('options that do not go together are refused', async () => {
  const error = await failure(createServer({ max_payload: 1000, max_pending: 10 }).start());
  assert.match(error.message, /max_payload \(1000\) cannot be higher than max_pending \(10\)/);
});

test('a port in use is reported, and nothing of the broker stays behind', async () => {
  const first = await createServer(LOOPBACK).start();
  const closed: string[] = [];
  const plugin = definePlugin({
    name: 'witness',
    version: '1.0.0',
    api: [1],
    close: () => void closed.push('witness'),
  });
  const second = createServer({ ...LOOPBACK, port: first.address!.port }, { plugins: [plugin] });
  assert.match((await failure(second.start())).message, /in use|EADDRINUSE/);
  assert.equal(closed, ['witness']);
  await second.close();
  await first.close();
});

test('a log that throws at the last line of a start leaves no port open', async () => {
  let port = 0;
  const info = (line: string) => {
    port = Number(/Listening for client connections on .*:(\d+)/.exec(line)?.[1] ?? port);
    if (line === 'Server is ready') throw new Error('the log is full');
  };
  const broker = createServer(LOOPBACK, { log: { info } });
  assert.is((await failure(broker.start())).message, 'the log is full');
  assert.is(broker.address, null);
  const [error] = (await once(connect({ host: '127.0.0.1', port }), 'error')) as [Error & { code: string }];
  assert.is(error.code, 'ECONNREFUSED');
  await broker.close();
});

test('starting twice starts once, and ready waits for it', async () => {
  const broker = createServer(LOOPBACK);
  const [one, two] = await Promise.all([broker.start(), broker.start(), broker.ready()]);
  assert.is(one, broker);
  assert.is(two, broker);
  await broker.close();
});

test('a broker closed before or while it starts never runs', async () => {
  const early = createServer(LOOPBACK);
  await early.close();
  assert.match((await failure(early.start())).message, /was closed/);
  const late = createServer(LOOPBACK);
  const start = failure(late.start());
  await late.close();
  assert.instance(await start, Error);
  assert.is(late.address, null);
  assert.throws(() => late.connect(), /is closed/);
});

test('a broker that does not run yet takes no clients', () => {
  assert.throws(() => createServer().connect(), /await start\(\) first/);
});

test('closing is awaited by leaving the block, and may be repeated', async () => {
  let port = 0;
  {
    await using broker = await createServer(LOOPBACK).start();
    port = broker.address!.port;
    await Promise.all([broker.close(), broker.close()]);
  }
  await once(connect({ host: '127.0.0.1', port }), 'error');
});

test('draining tells clients to go elsewhere before it closes', async () => {
  const broker = await createServer({ lame_duck_grace_period: '1ms' }).start();
  const stream = broker.connect();
  let received = '';
  const isGreeted = new Promise<void>((resolve) => {
    stream.on('data', (bytes) => {
      received += String(bytes);
      if (received.includes('PONG')) resolve();
    });
  });
  stream.write('CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n');
  await isGreeted;
  await Promise.all([once(stream, 'close'), broker.drain()]);
  assert.match(received, /PONG\r\n[\s\S]*"ldm":true/);
});

test('a stream speaks the protocol both ways, however much is sent at once', async () => {
  const broker = await createServer().start();
  const stream = broker.connect();
  const body = 'x'.repeat(1_000_000);
  stream.write('CONNECT {"verbose":false}\r\nSUB big 1\r\n');
  for (let number = 0; number < 5; number++) stream.write(`PUB big ${body.length}\r\n${body}\r\n`);
  stream.write('PING\r\n');
  const received = await receivedUntil(stream, 'PONG\r\n');
  assert.is(received.split('MSG big 1 1000000\r\n').length, 6);
  await broker.close();
});

test('log lines go where the program says, and nowhere otherwise', async () => {
  const lines: string[] = [];
  const broker = await createServer(
    { server_name: 'talker' },
    { log: { info: (line) => void lines.push(line) } },
  ).start();
  await broker.close();
  assert.ok(lines.some((line) => line.includes('talker')));
  assert.ok(lines.includes('Server is ready'));
});

test('the protocol is traced where the configuration says so', async () => {
  const lines: string[] = [];
  const broker = await createServer({ trace: true }, { log: { trace: (line) => void lines.push(line) } }).start();
  const stream = broker.connect();
  stream.write('CONNECT {"verbose":false,"pass":"secret"}\r\nPING\r\n');
  await receivedUntil(stream, 'PONG\r\n');
  await broker.close();
  assert.ok(lines.some((line) => /<<- \[PING\]/.test(line)));
  assert.not.ok(lines.join().includes('secret'));
});

test('plugins of the program run with the options beside them', async () => {
  const seen: unknown[] = [];
  const plugin = definePlugin<{ colour: unknown }>({
    name: 'painter',
    version: '1.0.0',
    api: [1],
    config: { key: 'painter', schema: { read: (node) => ({ colour: node }) } },
    register: (ctx) => void seen.push((ctx.config.colour as { kind: string }).kind),
  });
  for (const request of [{ use: plugin, with: { colour: 'red' } }, plugin]) {
    const config = request === plugin ? { painter: ['red'] } : {};
    await (await createServer(config, { plugins: [request] }).start()).close();
  }
  assert.equal(seen, ['map', 'array']);
});

test('a plugin that cannot be found is named', async () => {
  const error = await failure(createServer({ plugins: ['no-such-plugin'] }).start());
  assert.instance(error, PluginError);
  assert.match(error.message, /no-such-plugin/);
});

test.run();
