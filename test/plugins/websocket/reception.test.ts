import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mapNode } from '../../../kernel/config/plain.ts';
import { Problems } from '../../../kernel/config/problem.ts';
import type { Transport } from '../../../kernel/ports/transport.ts';
import { type WebSocketConfig, websocketConfig } from '../../../plugins/websocket/config.ts';
import { plugin } from '../../../plugins/websocket/index.ts';
import { UPGRADE_MS, VISITORS_MAX } from '../../../plugins/websocket/reception.ts';
import { CLOSING_MS } from '../../../plugins/websocket/websocket-transport.ts';
import { type PluginBench, startPlugin, withEachCapabilitySet } from '../../kits/plugin-kit.ts';
import { clientFrame, type ReadFrame, readServerFrames } from '../../protocols/websocket/client-frames.ts';
import { UPGRADE } from './raw-websocket.ts';

const WHERE = { host: 'here', port: 8080 };

function configWith(block: object = {}): WebSocketConfig {
  const problems = new Problems();
  const config = websocketConfig.read(mapNode({ ...WHERE, no_tls: true, ...block }, 'websocket', problems), problems);
  assert.equal(problems.list, []);
  return config;
}

/** The other end of a wire, which keeps what comes. */
class Visitor {
  readonly transport: Transport;
  readonly received: Buffer[] = [];
  isClosed = false;

  constructor(transport: Transport) {
    this.transport = transport;
    transport.start({
      onRead: () => {},
      onBytes: (bytes) => void this.received.push(Buffer.from(bytes)),
      onWritten: () => {},
      onClosed: () => {
        this.isClosed = true;
      },
    });
  }

  static async at({ ports }: PluginBench): Promise<Visitor> {
    return new Visitor(await ports.network.connect(WHERE));
  }

  get text(): string {
    return Buffer.concat(this.received).toString('latin1');
  }

  say(text: string | Buffer): void {
    this.transport.write(Buffer.from(text as string, 'latin1'));
  }

  upgrade(): void {
    this.say(`GET / HTTP/1.1\r\n${UPGRADE.join('\r\n')}\r\n\r\n`);
  }
}

function framesOf(visitor: Visitor): ReadFrame[] {
  const bytes = Buffer.from(visitor.text, 'latin1');
  return readServerFrames(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)).frames;
}

async function settle(bench: PluginBench): Promise<void> {
  for (let round = 0; round < 5; round++) await bench.ports.clock.advance(1);
}

test('with and without what others provide it serves, and leaves nothing behind', async () => {
  const tls = { client: null, readBlock: () => null, load: () => null, accept: () => null };
  const capabilities = { 'tls.contexts': tls, 'account.resolver': { memory: {} } };
  await withEachCapabilitySet(plugin, { config: configWith(), capabilities }, async (bench) => {
    const visitor = await Visitor.at(bench);
    visitor.upgrade();
    await settle(bench);
    assert.match(visitor.text, /^HTTP\/1\.1 101 [\s\S]*INFO \{/);
    visitor.say(clientFrame('CONNECT {"verbose":false}\r\nPING\r\n'));
    await settle(bench);
    assert.match(visitor.text, /PONG\r\n/);
    visitor.transport.destroy();
    await settle(bench);
  });
});

test('who says nothing is let go after half a minute, who says half a request is told', async () => {
  const bench = await startPlugin(plugin, { config: configWith() });
  const [silent, half] = [await Visitor.at(bench), await Visitor.at(bench)];
  half.say('GET / HTTP/1.1\r\nHost:');
  await bench.ports.clock.advance(UPGRADE_MS - 10);
  assert.equal([silent.isClosed, half.isClosed], [false, false]);
  await bench.ports.clock.advance(20);
  await settle(bench);
  assert.equal([silent.isClosed, half.isClosed], [true, true]);
  assert.is(silent.text, '');
  assert.match(half.text, /^HTTP\/1\.1 400 Bad Request\r\n/);
  await bench.close();
});

test('who asks on and on without reading the answers is let go', async () => {
  const bench = await startPlugin(plugin, { config: configWith() });
  const visitor = await Visitor.at(bench);
  visitor.transport.pause();
  const refusals = (): number => bench.log.filter((line) => line.includes('websocket handshake error')).length;
  for (let count = 0; count < 100; count++) {
    visitor.say('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(100));
    await settle(bench);
  }
  assert.ok(refusals() > 100 && refusals() < 5000, `${refusals()} answers`);
  visitor.transport.resume();
  await settle(bench);
  assert.ok(visitor.isClosed);
  await bench.close();
});

test('of too many who have not become WebSockets the first are sent away', async () => {
  const bench = await startPlugin(plugin, { config: configWith() });
  const first = await Visitor.at(bench);
  const others: Visitor[] = [];
  for (let count = 1; count < VISITORS_MAX; count++) others.push(await Visitor.at(bench));
  await settle(bench);
  assert.not.ok(first.isClosed);
  assert.is(bench.broker.statistics().more['websocket.turned_away_total'], 0);
  const last = await Visitor.at(bench);
  await settle(bench);
  assert.ok(first.isClosed);
  assert.is(bench.broker.statistics().more['websocket.turned_away_total'], 1);
  assert.not.ok(others[0]!.isClosed);
  last.upgrade();
  await settle(bench);
  assert.match(last.text, /^HTTP\/1\.1 101 /);
  last.transport.destroy();
  await settle(bench);
  await bench.close();
});

test('who does not read the last frame is cut off', async () => {
  const bench = await startPlugin(plugin, { config: configWith() });
  const visitor = await Visitor.at(bench);
  visitor.upgrade();
  await settle(bench);
  const [connection] = bench.broker.connections.values();
  visitor.transport.pause();
  const block = Buffer.alloc(100_000, 0x20);
  for (let count = 0; count < 10; count++) connection!.send(block);
  await settle(bench);
  visitor.say(clientFrame(Buffer.from([0x03, 0xe8]), { opcode: 8 }));
  await settle(bench);
  assert.is(bench.broker.connections.size, 0);
  assert.not.ok(visitor.isClosed);
  await bench.ports.clock.advance(CLOSING_MS);
  await settle(bench);
  visitor.transport.resume();
  await settle(bench);
  assert.ok(visitor.isClosed);
  assert.not.ok(framesOf(visitor).some(({ opcode }) => opcode === 8));
  await bench.close();
});

test('who breaks the rules while a write is under way is told behind it, and the connection is told last', async () => {
  const bench = await startPlugin(plugin, { config: configWith() });
  const visitor = await Visitor.at(bench);
  visitor.upgrade();
  await settle(bench);
  const [connection] = bench.broker.connections.values();
  visitor.transport.pause();
  for (let count = 0; count < 5; count++) connection!.send(Buffer.alloc(100_000, 0x20));
  await settle(bench);
  visitor.say(clientFrame('', { opcode: 7 }));
  await settle(bench);
  // The memory of the write is the connection's until it is told.
  assert.is(bench.broker.connections.size, 1);
  connection!.send(Buffer.from('too late'));
  visitor.transport.resume();
  await settle(bench);
  assert.ok(visitor.isClosed);
  const frames = framesOf(visitor);
  assert.is(frames.at(-1)!.opcode, 8);
  assert.is(frames.at(-1)!.payload.toString('latin1', 2), 'unknown opcode 7');
  assert.is(bench.broker.connections.size, 0);
  assert.is(connection!.closeReason, 'Read Error');
  assert.ok(bench.log.some((line) => line.endsWith('read error: unknown opcode 7')));
  await bench.close();
});

test('who breaks the rules and does not read is cut off by the write deadline', async () => {
  const bench = await startPlugin(plugin, { config: configWith() });
  const visitor = await Visitor.at(bench);
  visitor.upgrade();
  await settle(bench);
  const [connection] = bench.broker.connections.values();
  visitor.transport.pause();
  for (let count = 0; count < 5; count++) connection!.send(Buffer.alloc(100_000, 0x20));
  await settle(bench);
  visitor.say(clientFrame('', { opcode: 7 }));
  await bench.ports.clock.advance(CLOSING_MS);
  await settle(bench);
  assert.is(bench.broker.connections.size, 0);
  assert.is(connection!.closeReason, 'Slow Consumer (Write Deadline)');
  assert.ok(!framesOf(visitor).some(({ opcode }) => opcode === 8));
  await bench.close();
});

test.run();
