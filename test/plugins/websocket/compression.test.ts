import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { STRANGER_COMPRESSED_MAX } from '../../../plugins/websocket/reception.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';
import { BROWSER, COMPRESSED, deflated, SAFARI, withWebSocket } from './raw-websocket.ts';

const OFFER = { headers: [COMPRESSED] };
const AGREED =
  'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n';

test('messages are compressed where both sides want it, INFO among them', () =>
  withWebSocket('compression: true', async ({ open }) => {
    const socket = await open(OFFER);
    assert.ok(socket.head.includes(AGREED));
    await socket.until(/^INFO /);
    assert.ok(socket.frames[0]!.isCompressed);
    socket.sendCompressed('CONNECT {"verbose":false}\r\nSUB a 1\r\nPUB a 100\r\n');
    socket.sendCompressed(`${'x'.repeat(100)}\r\nPING\r\n`);
    socket.send('PING\r\n');
    await socket.until(new RegExp(`MSG a 1 100\r\n${'x'.repeat(100)}\r\nPONG\r\n(PONG\r\n)$`));
    socket.close();
  }));

test('up to 64 bytes leave as they are, 65 are compressed', () =>
  withWebSocket('compression: true', async ({ open }) => {
    const socket = await open(OFFER);
    await socket.connect({ protocol: 0 }, 'SUB a 1\r\n');
    for (const [length, isCompressed] of [
      [64, false],
      [65, true],
    ] as const) {
      const before = socket.frames.length;
      const payload = 'y'.repeat(length - 'MSG a 1 40\r\n\r\n'.length);
      socket.send(`PUB a ${payload.length}\r\n${payload}\r\n`);
      while (socket.frames.length === before) await new Promise(setImmediate);
      assert.is(socket.frames[before]!.isCompressed, isCompressed, `${length} bytes`);
    }
    socket.close();
  }));

test('who does not ask, or is not allowed, speaks plainly', async () => {
  await withWebSocket('compression: true', async ({ open }) => {
    const socket = await open();
    assert.not.match(socket.head, /extensions/i);
    await socket.connect();
    assert.ok(socket.frames.every(({ isCompressed }) => !isCompressed));
    socket.close();
  });
  await withWebSocket('', async ({ open }) => {
    const socket = await open(OFFER);
    assert.not.match(socket.head, /extensions/i);
    await socket.connect();
    socket.close();
  });
});

test('a browser gets a compressed message in parts, Safari in one', () =>
  withWebSocket('compression: true', async ({ open }) => {
    const random = new Seeded(1);
    const payload = String.fromCharCode(...Array.from({ length: 20_000 }, () => random.below(256)));
    for (const [agent, isCut] of [
      [BROWSER, true],
      [SAFARI, false],
    ] as const) {
      const socket = await open({ headers: [COMPRESSED, agent] });
      await socket.connect({}, 'SUB a 1\r\n');
      const before = socket.frames.length;
      socket.send(`PUB a 20000\r\n${payload}\r\nPING\r\n`);
      await socket.until(/PONG\r\n[\s\S]*PONG\r\n$/);
      assert.ok(socket.stream.includes(`MSG a 1 20000\r\n${payload}\r\n`));
      const parts = socket.frames.slice(before);
      assert.is(parts[0]!.isCompressed, true);
      assert.is(parts[0]!.payload.length, isCut ? 4096 : parts[0]!.payload.length);
      assert.is(parts[0]!.isFinal, !isCut);
      assert.is(parts[1]?.opcode ?? 0, 0);
      socket.close();
    }
  }));

test('compressed and plain messages keep their order, with control frames between', () =>
  withWebSocket('compression: true', async ({ open }) => {
    const socket = await open(OFFER);
    await socket.connect({}, 'SUB a 1\r\n');
    const seed = chosenSeed();
    const random = new Seeded(seed);
    const count = 300;
    for (let number = 0; number < count; number++) {
      const text = `PUB a 6\r\n${String(number).padStart(6, '0')}\r\n`;
      const way = random.below(4);
      if (way < 2) socket.send(text);
      else if (way === 2) socket.sendCompressed(text);
      else {
        const bytes = deflated(text);
        socket.send(bytes.subarray(0, 5), { isCompressed: true, isFinal: false });
        socket.send('p', { opcode: 9 });
        socket.send(bytes.subarray(5), { opcode: 0 });
      }
    }
    socket.send('PING\r\n');
    await socket.until(/PONG\r\n[\s\S]*PONG\r\n$/);
    const numbers = [...socket.stream.matchAll(/MSG a 1 6\r\n(\d{6})/g)].map((match) => Number(match[1]));
    assert.equal(numbers, [...Array(count).keys()], `GNATLET_SEED=${seed}`);
    socket.close();
  }));

test('many small messages may be compressed together beyond what one payload may have', () =>
  withWebSocket(
    'compression: true',
    async ({ open }) => {
      const socket = await open(OFFER);
      await socket.connect({}, 'SUB a 1\r\n');
      socket.sendCompressed(`${'PUB a 1000\r\n'}${'z'.repeat(1000)}\r\n`.repeat(7).concat('PING\r\n'));
      await socket.until(/PONG\r\n[\s\S]*PONG\r\n$/);
      socket.close();
    },
    { top: 'max_payload: 1kb' },
  ));

test('what grows too large, before or after, ends the connection with 1009', () =>
  withWebSocket(
    'compression: true',
    async ({ open, log }) => {
      const bomb = await open(OFFER);
      await bomb.connect();
      bomb.sendCompressed(Buffer.alloc(50_000_000, 0x20));
      assert.equal(await bomb.untilClosed(), { code: 1009, text: 'maximum payload exceeded' });
      const edge = await open(OFFER);
      await edge.connect();
      edge.sendCompressed(`${' '.repeat(8 * 1024 + 1)}`);
      assert.equal(await edge.untilClosed(), { code: 1009, text: 'maximum payload exceeded' });
      const parts = await open(OFFER);
      await parts.connect();
      parts.send(Buffer.alloc(8000), { isCompressed: true, isFinal: false });
      parts.send(Buffer.alloc(193), { opcode: 0, isFinal: false });
      assert.equal(await parts.untilClosed(), { code: 1009, text: 'maximum payload exceeded' });
      assert.is(log.filter((line) => line.endsWith('read error: maximum payload exceeded')).length, 3);
      const other = await open();
      await other.connect();
      other.close();
    },
    { top: 'max_payload: 1kb' },
  ));

test('before it has logged in a client may send little that is compressed', () =>
  withWebSocket(
    'compression: true',
    async ({ open }) => {
      const noise = (bytes: number): Buffer => Buffer.alloc(bytes, 0xff);
      const socket = await open(OFFER);
      socket.send(noise(STRANGER_COMPRESSED_MAX), { isCompressed: true, isFinal: false });
      socket.send('', { opcode: 9 });
      await socket.untilFrame(10);
      socket.send(noise(1), { opcode: 0, isFinal: false });
      assert.equal(await socket.untilClosed(), { code: 1009, text: 'maximum payload exceeded' });
      const known = await open(OFFER);
      await known.connect({ user: 'a', pass: 'b' });
      known.send(noise(STRANGER_COMPRESSED_MAX + 1), { isCompressed: true, isFinal: false });
      known.send('', { opcode: 9 });
      await known.untilFrame(10);
      known.close();
    },
    { top: 'authorization { user: a, pass: b }' },
  ));

test('what cannot be inflated ends the connection with 1007', () =>
  withWebSocket('compression: true', async ({ open, log }) => {
    const socket = await open(OFFER);
    await socket.connect();
    socket.send(Buffer.alloc(40, 0xff), { isCompressed: true });
    assert.is((await socket.untilClosed())!.code, 1007);
    assert.ok(log.some((line) => / - read error: invalid/.test(line)));
  }));

test('a large compressed message passes, and one that closes meanwhile leaves nothing behind', () =>
  withWebSocket('compression: true', async ({ open, server }) => {
    const socket = await open(OFFER);
    await socket.connect({}, 'SUB a 1\r\n');
    const payload = 'abcdefgh'.repeat(100_000);
    socket.sendCompressed(`PUB a ${payload.length}\r\n${payload}\r\nPING\r\n`);
    await socket.until(/PONG\r\n[\s\S]*PONG\r\n$/);
    assert.ok(socket.stream.includes(payload));
    socket.sendCompressed(`PUB a ${payload.length}\r\n${payload}\r\n`.repeat(5));
    socket.close();
    while (server.broker.connections.size > 0) await new Promise(setImmediate);
  }));

test.run();
