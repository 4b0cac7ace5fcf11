import { randomBytes } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CLOSING_MS } from '../../../plugins/websocket/websocket-transport.ts';
import { BROWSER, type RawWebSocket, type Served, withWebSocket } from './raw-websocket.ts';

const QUIET = 'CONNECT {"verbose":false}\r\n';

function reasonsIn({ log }: Served): string[] {
  return log.flatMap((line) => /Client connection closed: (.*)/.exec(line)?.[1] ?? []);
}

/** Somebody else is served still. */
async function stillServes({ open }: Served): Promise<void> {
  const socket = await open();
  await socket.connect();
  socket.close();
}

test('frames and protocol lines have nothing to do with each other', () =>
  withWebSocket('', async ({ open }) => {
    const socket = await open();
    const text = `${QUIET}SUB a 1\r\nPUB a 6\r\n\xc3\xa4\xe2\x82\xac!\r\nPUB a 3\r\nabc\r\nPING\r\n`;
    for (const byte of text) socket.send(byte, { opcode: 1 + (byte.charCodeAt(0) & 1) });
    await socket.until(/MSG a 1 6\r\n\xc3\xa4\xe2\x82\xac!\r\nMSG a 1 3\r\nabc\r\nPONG\r\n$/);
    socket.send('PI', { isFinal: false });
    socket.send('between', { opcode: 9 });
    socket.send('NG\r\nPING\r\n', { opcode: 0 });
    await socket.until(/PONG\r\nPONG\r\nPONG\r\n$/);
    assert.is((await socket.untilFrame(10)).payload.toString(), 'between');
    socket.close();
  }));

test('what leaves in one turn is one frame, of any size', () =>
  withWebSocket('', async ({ open }) => {
    const socket = await open();
    await socket.connect({}, 'SUB a 1\r\n');
    const before = socket.frames.length;
    const [count, size] = [500, 100];
    socket.send(`${`PUB a ${size}\r\n${'x'.repeat(size)}\r\n`.repeat(count)}PING\r\n`);
    await socket.until(/PONG\r\n[\s\S]*PONG\r\n$/);
    const frames = socket.frames.slice(before);
    assert.ok(frames.length <= 2, `${frames.length} frames`);
    assert.ok(frames[0]!.payload.length > 40_000);
    socket.close();
  }));

test('a browser gets frames of at most 4096 bytes, each a message', () =>
  withWebSocket('', async ({ open }) => {
    const socket = await open({ headers: [BROWSER] });
    await socket.connect({}, 'SUB a 1\r\n');
    const payload = 'y'.repeat(10_000);
    socket.send(`PUB a 10000\r\n${payload}\r\nPING\r\n`);
    await socket.until(new RegExp(`MSG a 1 10000\r\n${payload}\r\nPONG\r\n$`));
    assert.ok(
      socket.frames.every(({ payload: { length }, opcode, isFinal }) => length <= 4096 && opcode === 2 && isFinal),
    );
    assert.ok(socket.frames.filter(({ payload: { length } }) => length === 4096).length >= 2);
    socket.close();
  }));

test('large messages pass whole in both directions, in a frame of any length', () =>
  withWebSocket('', async ({ open }) => {
    for (const headers of [[], [BROWSER]]) {
      const socket = await open({ headers });
      await socket.connect({}, 'SUB a 1\r\n');
      const payload = randomBytes(1_048_576);
      socket.send(Buffer.concat([Buffer.from('PUB a 1048576\r\n'), payload, Buffer.from('\r\nPING\r\n')]));
      await socket.until(/PONG\r\n[\s\S]*PONG\r\n$/);
      const { stream } = socket;
      const start = stream.indexOf('MSG a 1 1048576\r\n') + 'MSG a 1 1048576\r\n'.length;
      assert.ok(Buffer.from(stream.slice(start, start + payload.length), 'latin1').equals(payload));
      socket.close();
    }
  }));

test('a ping is answered with what it said, a pong with nothing', () =>
  withWebSocket('', async ({ open }) => {
    const socket = await open();
    socket.send('x'.repeat(125), { opcode: 10 });
    socket.send('hello', { opcode: 9 });
    await socket.untilFrame(10);
    assert.equal(
      socket.frames.filter(({ opcode }) => opcode === 10).map(({ payload }) => payload.toString()),
      ['hello'],
    );
    socket.close();
  }));

test('a flood of pings is answered, if not one by one, and others are served meanwhile', () =>
  withWebSocket('', async (served) => {
    const socket = await served.open();
    const ping = (text: string): void => socket.send(text, { opcode: 9 });
    for (let count = 0; count < 20_000; count++) ping('flood');
    ping('last');
    while (socket.frames.at(-1)?.payload.toString() !== 'last') await new Promise(setImmediate);
    await socket.connect();
    await stillServes(served);
    socket.close();
  }));

/** What the other side closes with, and what it is answered. */
const CLOSES: [payload: Buffer, code: number, text: string][] = [
  [Buffer.alloc(0), 0, ''],
  [Buffer.from('\x03\xe8', 'latin1'), 1000, ''],
  [Buffer.from('\x03\xe9bye', 'latin1'), 1001, 'bye'],
  [Buffer.from('\x13\x87mine', 'latin1'), 4999, 'mine'],
  [Buffer.from('\x03\xe8\xff', 'latin1'), 1007, 'invalid utf8 body in close frame'],
  [Buffer.from('\x03', 'latin1'), 1002, 'close frame payload cannot be 1 byte'],
  [Buffer.from('\x03\xed', 'latin1'), 1002, 'invalid close status code 1005'],
];

test('a close frame is answered, behind what is still to be sent, and the reason is the client', () =>
  withWebSocket('', async (served) => {
    for (const [payload, code, text] of CLOSES) {
      const socket = await served.open();
      await socket.connect({}, 'SUB a 1\r\n');
      socket.send('PUB a 2\r\nhi\r\n');
      socket.send(payload, { opcode: 8 });
      assert.equal(await socket.untilClosed(), { code, text });
      if (text !== '' && code === 1002) continue;
      assert.match(socket.stream, /MSG a 1 2\r\nhi\r\n$/);
      assert.is(socket.frames.at(-1)!.opcode, 8);
    }
    assert.equal(reasonsIn(served), [...Array(5).fill('Client Closed'), 'Read Error', 'Read Error']);
  }));

test('frames against the rules are answered with a reason, and the broker goes on', () =>
  withWebSocket('', async (served) => {
    const wrongs: [text: string, send: (socket: RawWebSocket) => void][] = [
      ['mask bit missing', (socket) => socket.send('PING\r\n', { key: null })],
      ['unknown opcode 3', (socket) => socket.send('', { opcode: 3 })],
      ['RSV2 and RSV3 must be clear', (socket) => socket.send('', { bits: 0x10 })],
      ['invalid continuation frame', (socket) => socket.send('', { opcode: 0 })],
      [
        'compressed frame received without negotiated permessage-deflate',
        (socket) => socket.send('', { isCompressed: true }),
      ],
      ['control frame does not have final bit set', (socket) => socket.send('', { opcode: 9, isFinal: false })],
    ];
    for (const [text, send] of wrongs) {
      const socket = await served.open();
      await socket.connect();
      send(socket);
      socket.send('x'.repeat(200_000));
      assert.equal(await socket.untilClosed(), { code: 1002, text });
      assert.ok(
        served.log.some((line) => line.endsWith(` - read error: ${text}`) && line.includes('wid:')),
        text,
      );
    }
    assert.equal(new Set(reasonsIn(served)), new Set(['Read Error']));
    await stillServes(served);
  }));

test('what comes before a frame against the rules has its effect', () =>
  withWebSocket('', async ({ open }) => {
    const [listener, speaker] = [await open(), await open()];
    await listener.connect({}, 'SUB a 1\r\n');
    await speaker.connect();
    speaker.send('PUB a 2\r\nhi\r\n');
    speaker.send('', { opcode: 5 });
    await listener.until(/MSG a 1 2\r\nhi\r\n/);
    listener.close();
  }));

/** What a client does, and the code and reason it is told. */
const ENDS: [name: string, config: string, input: string, code: number, text: string, error: RegExp][] = [
  ['an unknown verb', '', 'CONNECT {}\r\nFOO\r\n', 1002, 'Protocol Violation', /-ERR 'Unknown Protocol Operation'/],
  [
    'a large payload',
    'max_payload: 10',
    'CONNECT {}\r\nPUB a 11\r\n',
    1009,
    'Maximum Message Payload Exceeded',
    /-ERR 'Maximum Payload Violation'/,
  ],
  [
    'a long line',
    'max_control_line: 32',
    `SUB ${'x'.repeat(64)}`,
    1008,
    'Maximum Control Line Exceeded',
    /-ERR 'maximum control line exceeded'/,
  ],
  [
    'no responders without headers',
    '',
    'CONNECT {"no_responders":true}\r\n',
    1011,
    'No Responders Requires Headers',
    /-ERR/,
  ],
  [
    'a new protocol',
    '',
    'CONNECT {"protocol":7}\r\n',
    1002,
    'Bad Client Protocol Version',
    /-ERR 'invalid client protocol'/,
  ],
  [
    'a wrong password',
    'authorization { user: a, pass: b }',
    'CONNECT {"user":"a","pass":"c"}\r\n',
    1008,
    'Authentication Failure',
    /-ERR 'Authorization Violation'/,
  ],
  [
    'saying nothing',
    'authorization { user: a, pass: b, timeout: 0.1 }',
    '',
    1008,
    'Authentication Timeout',
    /-ERR 'Authentication Timeout'/,
  ],
  [
    'not answering',
    'ping_interval: "50ms", ping_max: 1',
    'CONNECT {}\r\n',
    1001,
    'Stale Connection',
    /-ERR 'Stale Connection'/,
  ],
];

test('a client is told by a close frame why it is sent away', async () => {
  for (const [name, top, input, code, text, error] of ENDS) {
    await withWebSocket(
      '',
      async ({ open }) => {
        const socket = await open();
        if (input !== '') socket.send(input);
        assert.equal(await socket.untilClosed(), { code, text }, name);
        assert.match(socket.stream, error);
        assert.is(socket.frames.filter(({ opcode }) => opcode === 8).length, 1);
      },
      { top },
    );
  }
});

test('too many connections, and a broker that shuts down, are told as well', async () => {
  let last: RawWebSocket | null = null;
  await withWebSocket(
    '',
    async ({ open }) => {
      last = await open();
      await last.connect();
      const second = await open();
      assert.equal(await second.untilClosed(), { code: 1008, text: 'Maximum Connections Exceeded' });
      assert.match(second.stream, /-ERR 'maximum connections exceeded'/);
    },
    { top: 'max_connections: 1' },
  );
  assert.equal(await last!.untilClosed(), { code: 1001, text: 'Server Shutdown' });
});

test('lame duck mode closes the port and tells clients, who are sent away later', () =>
  withWebSocket(
    '',
    async ({ open, wsPort, server }) => {
      const socket = await open();
      await socket.connect();
      const gone = server.drain();
      const info = await socket.until(/INFO (\{[^\r]*"ldm":true[^\r]*\}) \r\n/);
      assert.is(JSON.parse(info[1]!).port, wsPort);
      await open().then(
        () => assert.unreachable('the port is open'),
        (error: NodeJS.ErrnoException) => assert.is(error.code, 'ECONNREFUSED'),
      );
      assert.equal(await socket.untilClosed(), { code: 1001, text: 'Server Shutdown' });
      await gone;
    },
    { top: 'lame_duck_duration: "30s", lame_duck_grace_period: "100ms"' },
  ));

test('a client that does not read is cut off without slowing others down, and without a word', () =>
  withWebSocket(
    '',
    async (served) => {
      const { open, server } = served;
      const [lazy, busy] = [await open(), await open()];
      await lazy.connect({}, 'SUB a 1\r\n');
      lazy.client.socket.pause();
      await busy.connect({ verbose: false });
      const batch = `PUB a 60000\r\n${'z'.repeat(60_000)}\r\n`;
      while (server.broker.slowConsumerCount === 0) {
        busy.send(`${batch.repeat(10)}PING\r\n`);
        await new Promise(setImmediate);
      }
      lazy.client.socket.resume();
      assert.is(await lazy.untilClosed(), null);
      assert.match(reasonsIn(served)[0]!, /^Slow Consumer/);
      busy.close();
    },
    { top: 'max_payload: 100kb, max_pending: 1mb' },
  ));

test('producers wait for a slow receiver, and nothing is lost', () =>
  withWebSocket(
    '',
    async ({ open }) => {
      const [receiver, sender] = [await open(), await open()];
      await receiver.connect({}, 'SUB a 1\r\n');
      await sender.connect();
      const count = 400;
      receiver.client.socket.pause();
      sender.send(`PUB a 10000\r\n${'w'.repeat(10_000)}\r\n`.repeat(count));
      receiver.client.socket.resume();
      sender.send('PUB a 4\r\nlast\r\n');
      await receiver.until(/MSG a 1 4\r\nlast\r\n$/);
      assert.is(receiver.stream.split('MSG a 1 10000\r\n').length - 1, count);
      receiver.close();
      sender.close();
    },
    { top: 'max_pending: 64mb' },
  ));

test('a client may go without a word', () =>
  withWebSocket('', async (served) => {
    const socket = await served.open();
    await socket.connect();
    socket.client.socket.end();
    await socket.client.untilClosed();
    while (served.server.broker.connections.size > 0) await new Promise(setImmediate);
    assert.equal(reasonsIn(served), ['Client Closed']);
    assert.ok(CLOSING_MS >= 1000);
  }));

test.run();
