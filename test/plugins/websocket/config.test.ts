import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../../kernel/config/load.ts';
import { Problems } from '../../../kernel/config/problem.ts';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { plugin as tls } from '../../../plugins/tls/index.ts';
import { reloadAnswer, type WebSocketConfig, websocketConfig } from '../../../plugins/websocket/config.ts';
import { plugin } from '../../../plugins/websocket/index.ts';
import { compose, withServer } from '../running-server.ts';

async function problemsOf(text: string): Promise<string> {
  return compose(text, [plugin, auth, tls]).then(
    () => '',
    (error: Error) => error.message,
  );
}

/** What stands in the block besides port and `no_tls`, and what is said of it. */
const MISTAKES: [string, string][] = [
  ['foo: 1', 'unknown field "foo"'],
  ['port: x', 'interface conversion: interface {} is string, not int64'],
  ['port: 70000', 'port value is too big'],
  ['listen: true', 'expected port or host:port, got bool'],
  ['listen: "x"', 'could not parse address string "x"'],
  ['no_tls: 1', 'interface conversion: interface {} is int64, not bool'],
  ['compress: x', 'interface conversion: interface {} is string, not bool'],
  ['same_origin: x', 'interface conversion: interface {} is string, not bool'],
  ['origin: 1', 'error parsing allowed origins: unsupported type int64'],
  ['allow_origins: ["http://a", 1 ]', 'error parsing allowed origins: unsupported type in array int64'],
  ['origins: "foo"', 'unable to parse allowed origin: parse "foo": invalid URI for request'],
  [
    'origin: "ftp://a"',
    'unable to parse allowed origin "ftp://a": allowed origins must be absolute URLs with http or https scheme',
  ],
  [
    'origin: "/a"',
    'unable to parse allowed origin "/a": allowed origins must be absolute URLs with http or https scheme',
  ],
  ['origin: "http://"', 'unable to parse allowed origin "http://": host is required'],
  ['handshake_timeout: true', 'error parsing handshake timeout: unsupported type bool'],
  ['handshake_timeout: "x"', 'time: invalid duration "x"'],
  ['headers: 1', 'error parsing headers: unsupported type int64'],
  ['headers { a: 1 }', 'error parsing header key a: unsupported type int64'],
  ['headers { Host: "a" }', 'websocket: invalid header "Host" not allowed'],
  ['headers { content-length: "1" }', 'websocket: invalid header "content-length" not allowed'],
  ['headers { Nats-No-Masking: "1" }', 'websocket: invalid header "Nats-No-Masking" not allowed'],
  [
    'headers { Sec-WebSocket-X: "1" }',
    'websocket: invalid header "Sec-WebSocket-X", "Sec-WebSocket-" prefix not allowed',
  ],
  ['headers { "a b": "1" }', 'websocket: invalid header "a b": no header can have this name or value'],
  ['headers { a: "1\\r\\nb: 2" }', 'websocket: invalid header "a": no header can have this name or value'],
  ['authorization: 1', 'interface conversion: interface {} is int64, not map[string]interface {}'],
  ['authorization { users: [] }', 'unknown field "users"'],
  ['authorization { user: 1 }', 'interface conversion: interface {} is int64, not string'],
  ['authentication { timeout: "x" }', 'time: invalid duration "x"'],
  ['authorization { timeout: true }', 'interface conversion: interface {} is bool, not int64'],
  ['jwt_cookie: 1', 'interface conversion: interface {} is int64, not string'],
  ['advertise: 1', 'interface conversion: interface {} is int64, not string'],
  ['advertise: "a:b"', 'Unable to get websocket connect URLs: strconv.Atoi: parsing "b": invalid syntax'],
  ['trusted_proxies: ["10.0.0.0/33"]', 'websocket: trusted_proxies: "10.0.0.0/33" is neither an address nor a range'],
  ['ping_interval: "x"', 'error parsing ping_interval: time: invalid duration "x"'],
];

test('every mistake in the block is told in the words of a NATS server', async () => {
  for (const [mistake, text] of MISTAKES) {
    const told = await problemsOf(`websocket {\nport: 1\nno_tls: true\n${mistake}\n}`);
    assert.ok(told.includes(text), `${mistake}: ${told}`);
  }
  assert.match(await problemsOf('websocket: 8'), 'Expected websocket to be a map, got int64');
  assert.is(await problemsOf('websocket { port: 1 }'), 'websocket requires TLS configuration');
});

test('what is right is taken in all its spellings, and without a port nothing is looked at', async () => {
  const rights = [
    'ws { net: "127.0.0.1", port: 1, no_tls: true, handshake_timeout: 2, ping_interval: "5s", compression: true }',
    'websocket { listen: "127.0.0.1:1", no_tls: true, handshake_timeout: "2s", authorization { username: a, password: b, timeout: "1s" } }',
    'websocket { port: 1, no_tls: true, allowed_origin: "http://a", headers { A: "b" }, advertise: "a" }',
    'websocket { port: 1, no_tls: true, allow_origin: ["http://a"], advertise: "a:1", authorization { token: a, timeout: 1.5 } }',
    'websocket { origin: foo }',
  ];
  for (const right of rights) assert.is(await problemsOf(right), '', right);
});

test('without a port nothing listens', () =>
  withServer('websocket { no_tls: true, authorization { token: t } }', [plugin], async ({ server, log }) => {
    assert.is(server.broker.hooks.connectionHello.slot, null);
    assert.not.ok(log.some((line) => line.includes('websocket')));
  }));

test('a port that is taken is told', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as { port: number };
  const text = `websocket { host: 127.0.0.1, port: ${port}, no_tls: true }`;
  await withServer(text, [plugin], async () => {}).then(
    () => assert.unreachable(),
    ({ message }: Error) =>
      assert.match(
        message,
        `Unable to listen for websocket connections: listen tcp 127.0.0.1:${port}: bind: address already in use`,
      ),
  );
  holder.close();
});

function configOf(block: string): WebSocketConfig {
  const text = `websocket { port: 1, no_tls: true, ${block} }`;
  const claim = { owner: 'websocket', available: true, key: 'websocket' };
  const { blocks } = loadConfig({ text, path: 'test.conf', claims: new Map([['websocket', claim]]) });
  const problems = new Problems();
  const config = websocketConfig.read(blocks.get('websocket'), problems);
  assert.equal(problems.list, []);
  return config;
}

test('only certificates change under way; secrets are not told', () => {
  const cases: [before: string, after: string, keys: string | null][] = [
    ['', '', null],
    ['compress: true', '', 'compression'],
    ['', 'headers { a: "b" }, jwt_cookie: c', 'jwt_cookie, headers'],
    ['authorization { user: a, pass: secret }', 'authorization { user: a, pass: hidden }', 'authorization'],
    ['tls { cert_file: a, key_file: b }', 'tls { cert_file: c, key_file: d, timeout: 3 }', null],
    ['tls { pinned_certs: [] }', 'tls { pinned_certs: ["a"] }', 'tls'],
    ['', 'tls { cert_file: a }', 'tls'],
  ];
  for (const [before, after, keys] of cases) {
    const answer = reloadAnswer({ before: configOf(before), after: configOf(after) });
    const expected = keys === null ? 'live' : { refuse: `config reload not supported for Websocket: ${keys} changed` };
    assert.equal(answer, expected, `${before} -> ${after}`);
  }
});

test.run();
