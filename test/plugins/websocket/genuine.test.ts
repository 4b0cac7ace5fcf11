/** Byte by byte against a genuine server: the same requests, the same frames. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plugin as monitoring } from '../../../plugins/monitoring/index.ts';
import { skip } from '../../runner/skip.ts';
import { infoIn, RawClient } from '../running-server.ts';
import { BROWSER, COMPRESSED, KEY, RawWebSocket, UPGRADE, withWebSocket } from './raw-websocket.ts';

const BLOCK =
  'compression: true, same_origin: true, headers { X-A: "b" }, handshake_timeout: "5s", user_cookie: u, ' +
  'allowed_origins: ["http://127.0.0.1"], authorization { timeout: 3 }';
const TOP = 'max_payload: 1000\nhttp: "127.0.0.1:-1"';
const PATIENCE_MS = 150;

const program = genuineProgram();
if (program === null) skip('no nats-server on PATH, and GNATLET_NATS_SERVER names none');
else {
  test('every request is answered as by a genuine server', () => beside(program, compareRequests));
  test('frames, and why a connection ends, are those of a genuine server', () => beside(program, compareFrames));
  test('INFO and the monitor say the same of the listener', () => beside(program, compareWords));
}

interface Side {
  readonly wsPort: number;
  readonly monitorUrl: string;
}

async function beside(path: string, compare: (own: Side, their: Side) => Promise<void>): Promise<void> {
  const genuine = await startGenuine(path);
  try {
    await withWebSocket(
      BLOCK,
      async ({ wsPort, log }) => {
        const monitorUrl = /(http:\/\/|on )(127\.0\.0\.1:\d+)/.exec(
          log.find((line) => line.includes('http monitor'))!,
        )!;
        await compare({ wsPort, monitorUrl: `http://${monitorUrl[2]}` }, genuine);
      },
      { top: TOP, others: [monitoring] },
    );
  } finally {
    await genuine.stop();
  }
}

function request(lines: readonly string[], first = 'GET / HTTP/1.1'): string {
  return `${[first, ...lines].join('\r\n')}\r\n\r\n`;
}

function swapped(name: string, ...others: string[]): string {
  return request([...UPGRADE.filter((line) => !line.startsWith(name)), ...others]);
}

const REQUESTS: readonly string[] = [
  request(UPGRADE),
  request([...UPGRADE, COMPRESSED, 'Nats-No-Masking: true']),
  request([...UPGRADE, 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10']),
  request([...UPGRADE, 'Sec-WebSocket-Extensions: x-webkit-deflate-frame']),
  request([...UPGRADE, 'Sec-WebSocket-Protocol: chat']),
  request(UPGRADE, 'GET /x?y HTTP/1.1'),
  request(UPGRADE, 'GET /mqtt HTTP/1.1'),
  request(UPGRADE, 'GET /a/leafnode HTTP/1.1'),
  request(UPGRADE, 'GET http://a/x HTTP/1.1'),
  request(UPGRADE, 'GET / HTTP/1.0'),
  request(UPGRADE, 'HEAD / HTTP/1.1'),
  request(UPGRADE, 'PUT / HTTP/1.1'),
  request(UPGRADE, 'GET x HTTP/1.1'),
  request(UPGRADE, 'GET / HTTQ/1.1'),
  request(UPGRADE, 'GET /%zz HTTP/1.1'),
  request(['Host: a']),
  request(['Host: a']).repeat(2),
  request(['Host: a', 'Connection: close']),
  request([], 'GET / HTTP/1.0'),
  request(['Connection: keep-alive'], 'GET / HTTP/1.0'),
  request(['Upgrade: websocket']),
  `${request(['Host: a', 'Content-Length: 5'])}abcde${request(['Host: a'])}`,
  swapped('Host', 'Host: '),
  swapped('Host', 'Host: a b'),
  swapped('X', 'Host: second'),
  swapped('Upgrade', 'Upgrade: h2c'),
  swapped('Upgrade', 'Upgrade: h2c, WebSocket'),
  swapped('Connection', 'Connection: keep-alive'),
  swapped('Connection', 'Connection: keep-alive', 'Connection: upgrade'),
  swapped('Sec-WebSocket-Key', 'Sec-WebSocket-Key: abc'),
  swapped('Sec-WebSocket-Key', `Sec-WebSocket-Key: ${KEY}=`),
  swapped('Sec-WebSocket-Key'),
  swapped('Sec-WebSocket-Version', 'Sec-WebSocket-Version: 8'),
  swapped('Sec-WebSocket-Version', 'Sec-WebSocket-Version: 8, 13'),
  swapped('X', 'Origin: http://b'),
  swapped('X', 'Origin: http://127.0.0.1/page'),
  swapped('X', 'Origin: http://127.0.0.1:81'),
  swapped('X', 'Origin: https://127.0.0.1:80'),
  swapped('X', 'Origin: null'),
  swapped('X', 'Sec-WebSocket-Origin: http://b'),
  swapped('X', 'A : b'),
  swapped('X', 'nothing'),
  swapped('X', 'A: b', ' c'),
  swapped('X', 'A: \x01'),
  swapped('X', 'Content-Length: x'),
  swapped('X', 'Transfer-Encoding: foo'),
  'CONNECT {}\r\nPING\r\n',
  '\x16\x03\x01\r\n\r\n',
];

async function compareRequests(own: Side, their: Side): Promise<void> {
  const [ours, theirs] = await Promise.all([own, their].map(answersOf));
  for (const [index, text] of REQUESTS.entries()) {
    assert.is(ours![index], theirs![index], JSON.stringify(text));
  }
}

function answersOf({ wsPort }: Side): Promise<string[]> {
  return Promise.all(REQUESTS.map((text) => answerTo(wsPort, text)));
}

/** What comes within a moment, without what differs from run to run. */
async function answerTo(port: number, text: string): Promise<string> {
  const client = await RawClient.connect(port);
  client.send(text);
  const timer = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS * 4));
  await Promise.race([client.untilClosed(), timer]);
  client.socket.destroy();
  const told = client.text.replace(/Date: [^\r]*/g, 'Date: now').replace(/(101 [\s\S]*?\r\n\r\n)[\s\S]+/, '$1 frames');
  return `${client.isClosed ? 'closed' : 'open'} ${told}`;
}

type Talk = (socket: RawWebSocket) => void;

/** What is said after CONNECT. */
const TALKS: Record<string, Talk> = {
  'text frames': (socket) => socket.send('PING\r\n', { opcode: 1 }),
  'lines over frames': (socket) => {
    for (const letter of 'PING\r\nPING\r\n') socket.send(letter);
  },
  'a ping': (socket) => socket.send('hello', { opcode: 9 }),
  'a pong': (socket) => socket.send('hello', { opcode: 10 }),
  'an empty close': (socket) => socket.send('', { opcode: 8 }),
  'a close with a reason': (socket) => socket.send(Buffer.from('\x03\xe9bye', 'latin1'), { opcode: 8 }),
  'a close that is no UTF-8': (socket) => socket.send(Buffer.from('\x03\xe8\xff', 'latin1'), { opcode: 8 }),
  'a large payload': (socket) => socket.send('PUB a 1001\r\n'),
  'an unknown error': (socket) => socket.send("-ERR 'x'\r\n"),
  'a message to itself': (socket) => socket.send(`SUB a 1\r\nPUB a 900\r\n${'x'.repeat(900)}\r\n`),
};

async function compareFrames(own: Side, their: Side): Promise<void> {
  for (const headers of [[], [BROWSER], [COMPRESSED]]) {
    for (const [name, talk] of Object.entries(TALKS)) {
      const [ours, theirs] = await Promise.all([own, their].map((side) => framesAfter(side, headers, talk)));
      assert.equal(ours, theirs, `${name}, with ${headers}`);
    }
  }
}

/** The protocol's bytes after INFO, and the control frames. */
async function framesAfter({ wsPort }: Side, headers: readonly string[], talk: Talk): Promise<object> {
  const socket = await RawWebSocket.open(wsPort, { headers });
  socket.send('CONNECT {"verbose":false,"pedantic":false,"protocol":0}\r\nPING\r\n');
  await socket.until(/PONG\r\n/);
  const start = socket.stream.length;
  talk(socket);
  await Promise.race([socket.client.untilClosed(), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
  const controls = socket.frames.filter(({ opcode }) => opcode > 2);
  const said = { stream: socket.stream.slice(start), isClosed: socket.client.isClosed };
  socket.close();
  return { ...said, controls: controls.map(({ opcode, payload }) => `${opcode}:${payload.toString('latin1')}`) };
}

async function compareWords(own: Side, their: Side): Promise<void> {
  const [ours, theirs] = await Promise.all([own, their].map(wordsOf));
  assert.equal(ours, theirs);
}

async function wordsOf({ wsPort, monitorUrl }: Side): Promise<object> {
  const socket = await RawWebSocket.open(wsPort, { headers: ['X-Forwarded-For: 10.0.0.1'] });
  await socket.connect({ lang: 'nats.ws' });
  const info = infoIn(socket.stream);
  const [varz, connz] = (await Promise.all(
    ['/varz', '/connz'].map(async (path) => (await fetch(monitorUrl + path)).json()),
  )) as [{ websocket: object }, { connections: Record<string, unknown>[] }];
  const { kind, type, ip, lang } = connz.connections[0]!;
  socket.close();
  return {
    info: Object.keys(info).join(),
    isOwnPort: [info.host, info.port === wsPort],
    websocket: { ...varz.websocket, port: 0 },
    connection: { kind, type, ip, lang },
  };
}

interface Genuine extends Side {
  stop(): Promise<void>;
}

function genuineProgram(): string | null {
  const named = (process.env.GNATLET_NATS_SERVER ?? '').split(delimiter).filter((path) => path !== '');
  const found = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'nats-server'));
  return [...named, ...found].find((path) => existsSync(path)) ?? null;
}

async function startGenuine(path: string): Promise<Genuine> {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-websocket-'));
  const file = join(folder, 'genuine.conf');
  writeFileSync(file, `listen: "127.0.0.1:-1"\n${TOP}\nwebsocket { listen: "127.0.0.1:-1", no_tls: true, ${BLOCK} }\n`);
  const child = spawn(path, ['-c', file, '--ports_file_dir', folder], { stdio: 'ignore' });
  const ports = await portsOf(child, folder);
  return {
    monitorUrl: ports.monitoring[0]!,
    wsPort: Number(new URL(ports.websocket[0]!).port),
    async stop() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function portsOf(child: ChildProcess, folder: string): Promise<Record<'websocket' | 'monitoring', string[]>> {
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline && child.exitCode === null) {
    const name = readdirSync(folder).find((entry) => entry.endsWith('.ports'));
    const text = name === undefined ? '' : readFileSync(join(folder, name), 'utf8');
    if (text.endsWith('}')) return JSON.parse(text);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  child.kill('SIGKILL');
  throw new Error('the genuine server did not write its ports');
}

test.run();
