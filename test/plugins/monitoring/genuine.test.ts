/** Field by field against a genuine server: the same traffic, the same questions. */
import { request } from 'node:http';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plugin as sharing } from '../../../plugins/account-sharing/index.ts';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { plugin as events } from '../../../plugins/system-events/index.ts';
import { genuineProgram, startGenuine } from '../../kits/genuine-server.ts';
import { skip } from '../../runner/skip.ts';
import { RawClient } from '../running-server.ts';
import { withMonitor } from './monitored-server.ts';

const CONFIG = `server_name: asked
server_tags: ["zone:1"]
accounts {
  $SYS { users: [{user: sys, password: p}] }
  A {
    users: [{user: a, password: p}]
    exports: [{service: "svc.*", accounts: [B], latency: {sampling: 50, subject: lat}}]
    mappings: {old: new}
  }
  B { users: [{user: b, password: p}], imports: [{service: {account: A, subject: "svc.1"}, to: mine}] }
}
`;

const BOOLEANS = ['', '1', 'true', 'TRUE', 'f', '0', 'x', 'detail', 'DETAIL'];
const INTEGERS = ['', '0', '1', '-1', '2', '1x', '99999999999999999999', '+1', '1.5'];
const SORTS =
  'cid start subs pending msgs_to msgs_from bytes_to bytes_from last idle uptime stop reason rtt x CID'.split(' ');
const SUBJECTS = ['foo', 'foo.1', 'foo.*', '>', 'a..b', '.a', 'a%20b', '%20', 'y'];
const ACCOUNTS = ['A', 'B', '$G', '$SYS', 'NO'];

/** Each value of each parameter. A number after a tilde is that of a client, the first is 1. */
const PATHS = [
  ...[
    '/varz',
    '/connz',
    '/subsz',
    '/subscriptionsz',
    '/accountz',
    '/accstatz',
    '/healthz',
    '/routez',
    '/gatewayz',
    '/leafz',
  ],
  ...['/jsz', '/raftz', '/raftz?acc=A&group=x', '/ipqueuesz', '/ipqueuesz?all=x', '/ipqueuesz?queues=none&all=1'],
  ...[
    '/varz/',
    '//varz',
    '/./varz',
    '/x/../varz',
    '/%76arz',
    '/var%zz',
    '/varz?%zz',
    '/varz?',
    '/nothing',
    '/debug/pprof/',
  ],
  ...['/connz?limit=1;offset=1', '/connz?limit=1&limit=2', '/connz#x', '/healthz?callback=cb', '/connz?mqtt_client=x'],
  ...SORTS.flatMap((sort) =>
    ['', 'open', 'closed', 'all', 'ANY', 'x'].map((state) => `/connz?sort=${sort}&state=${state}`),
  ),
  ...BOOLEANS.flatMap((value) =>
    ['auth', 'subs'].flatMap((name) => [`/connz?${name}=${value}`, `/connz?state=closed&${name}=${value}`]),
  ),
  ...INTEGERS.flatMap((value) => ['offset', 'limit', 'cid'].map((name) => `/connz?state=closed&${name}=${value}`)),
  ...['~1', '~3', '~4', '~9'].flatMap((cid) =>
    ['open', 'closed', 'all'].map((state) => `/connz?cid=${cid}&state=${state}`),
  ),
  ...['a', 'b', 'nobody'].flatMap((user) =>
    ['open', 'closed', 'all'].map((state) => `/connz?user=${user}&auth=1&state=${state}`),
  ),
  ...ACCOUNTS.flatMap((name) => [
    ...['open', 'closed', 'all'].map((state) => `/connz?acc=${name}&auth=1&state=${state}`),
    ...[`/connz?acc=${name}&cid=~1&state=all`, `/accountz?acc=${name}`, `/subsz?acc=${name}`, `/leafz?acc=${name}`],
    ...[`/jsz?acc=${name}&streams=1`, `/healthz?account=${name}`, `/healthz?account=${name}&stream=s`],
  ]),
  ...[
    '/connz?auth=1&subs=detail&state=all',
    '/connz?subs=1&state=closed',
    '/connz?offset=100',
    '/connz?filter_subject=foo',
  ],
  ...BOOLEANS.flatMap((value) => [
    ...[`/routez?subs=${value}`, `/gatewayz?subs=${value}`, `/gatewayz?accs=${value}`, `/leafz?subs=${value}`],
    ...[`/accstatz?unused=${value}`, `/subsz?acc=NO&subs=${value}`],
    ...[
      'accounts',
      'streams',
      'consumers',
      'direct-consumers',
      'config',
      'leader-only',
      'raft',
      'stream-leader-only',
    ].map((name) => `/jsz?${name}=${value}`),
    ...['js-enabled', 'js-enabled-only', 'js-server-only', 'js-meta-only', 'details'].map(
      (name) => `/healthz?${name}=${value}`,
    ),
  ]),
  ...INTEGERS.flatMap((value) =>
    ['/subsz?limit=', '/subsz?offset=', '/jsz?limit=', '/jsz?offset='].map((path) => path + value),
  ),
  ...SUBJECTS.flatMap((subject) => [`/subsz?test=${subject}`, `/subsz?subs=1&acc=B&test=${subject}`]),
  ...['/gatewayz?gw_name=X', '/gatewayz?acc_name=A', '/healthz?stream=x', '/healthz?consumer=x&details=1'],
];
const METHODS = ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];

/** Whose order is that of a map there. */
const LISTS_IN_ANY_ORDER = new Set([
  'accounts',
  'account_statz',
  'imports',
  'exports',
  'subscriptions_list',
  'subscriptions_list_detail',
]);
/** Sorted by what differs from one server to the other, or is the same for several: rows may stand in any order. */
const SORTED_BY_CHANCE = /sort=(?!cid|start|reason)\w/;
/** The broker has fewer subscriptions of its own: these are compared as numbers are. */
const SAME_VALUES =
  /^(max_[cps]|ping_|num_connections|offset|limit|in_msgs|in_bytes|connections|auth_timeout|tls_timeout|cid|total|conns|total_conns|status_code|weight)/;
const SAME_TEXTS = new Set([
  'kind',
  'type',
  'reason',
  'name',
  'lang',
  'authorized_user',
  'account',
  'name_tag',
  'acc',
  'subject',
  'sid',
]);

const program = genuineProgram('2.15');
if (program === null) skip('no nats-server 2.15 on PATH, and GNATLET_NATS_SERVER names none');
else test('every field stands where it stands with a genuine server, and is of the same type', () => compare(program));

async function compare(path: string): Promise<void> {
  const genuine = await startGenuine(path, CONFIG);
  try {
    await withMonitor(
      CONFIG,
      async ({ url, port }) => {
        const ours = await traffic(url, port);
        const theirs = await traffic(genuine.url, genuine.port);
        assert.equal(await differences(ours, theirs), []);
        for (const { socket } of [...ours.clients, ...theirs.clients]) socket.destroy();
      },
      [auth, sharing, events],
    );
  } finally {
    await genuine.stop();
  }
}

async function differences(ours: Asked, theirs: Asked): Promise<string[]> {
  const found: string[] = [];
  const questions = [...PATHS.map((path) => ['GET', path]), ...METHODS.map((method) => [method, '/healthz'])];
  for (const [method = '', path = ''] of questions) {
    const [own, their] = [await answerOf(ours, method, path), await answerOf(theirs, method, path)];
    if (own !== their) found.push(`${method} ${path}: ${firstDifference(own, their)}`);
  }
  return found;
}

const SHOWN = 100;

function firstDifference(own: string, their: string): string {
  let at = 0;
  while (own[at] === their[at]) at++;
  const from = Math.max(0, at - SHOWN);
  return `"${own.slice(from, at + SHOWN)}" instead of "${their.slice(from, at + SHOWN)}"`;
}

/** A server with clients, whose numbers begin behind `offset`. */
interface Asked {
  readonly url: string;
  readonly offset: number;
  readonly clients: readonly RawClient[];
}

/** The head, and the shape of the body. */
async function answerOf({ url, offset }: Asked, method: string, path: string): Promise<string> {
  const numbered = path.replace(/~(\d+)/, (_mark, cid: string) => String(Number(cid) + offset));
  const { head, body } = await ask(url, method, numbered);
  if (!head.includes('application/json') || method === 'HEAD') return `${head} ${body}`;
  const value = JSON.parse(body, (key, member) => (key === 'cid' && member > 0 ? member - offset : member));
  const layout = body.includes('\n') ? /\n +/.exec(body)?.[0].length : 'one line';
  return `${head} ${layout} ${shapeOf(value, '', SORTED_BY_CHANCE.test(path))}`;
}

function ask(url: string, method: string, path: string): Promise<{ head: string; body: string }> {
  const { hostname: host, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path, method, agent: false }, (response) => {
      const names = ['content-type', 'access-control-allow-origin', 'x-content-type-options', 'location'];
      const head = [response.statusCode, ...names.map((name) => response.headers[name])].join(' ');
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ head, body }));
    });
    asked.on('error', reject).end();
  });
}

function shapeOf(value: unknown, key: string, isByChance: boolean): string {
  if (Array.isArray(value)) {
    const rows = value.map((row) => shapeOf(row, key, isByChance));
    const isAnyOrder = LISTS_IN_ANY_ORDER.has(key) || (isByChance && key === 'connections');
    return `[${(isAnyOrder ? rows.sort() : rows).join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, member]) => `${name}:${shapeOf(member, name, isByChance)}`);
    return `{${members.join(' ')}}`;
  }
  if (typeof value === 'number') return SAME_VALUES.test(key) ? String(value) : 'number';
  // Switches of the reference server: what they are set to is its own matter.
  if (typeof value === 'boolean' && key.startsWith('js_')) return 'boolean';
  if (typeof value !== 'string') return String(value);
  return SAME_TEXTS.has(key) || LISTS_IN_ANY_ORDER.has(key) ? value : typeof value;
}

const HELLO = { verbose: false, lang: 'test', version: '1' };

/** Two clients that stay, one that is closed for what it says, one that leaves, and one that is not let in. */
async function traffic(url: string, port: number): Promise<Asked> {
  const a = await login(port, { user: 'a', name: 'bob' }, 'SUB y q 1\r\nSUB bar 2\r\nUNSUB 2 10\r\n');
  const b = await login(port, { user: 'b' }, 'SUB foo.* 1\r\nSUB foo.1 7\r\nSUB baz w 3\r\n');
  a.send('PUB bar 5\r\nhello\r\nPING\r\n');
  await a.until(/PONG[\s\S]*PONG/);
  const bad = await login(port, { user: 'b', name: 'bad' }, 'SUB q1 1\r\nSUB q2 g 2\r\n');
  bad.send('PUB\r\n');
  await bad.untilClosed();
  const gone = await login(port, { user: 'a', name: 'gone' }, 'SUB in.2 1\r\n');
  gone.socket.destroy();
  const stranger = await RawClient.connect(port);
  stranger.send(`CONNECT ${JSON.stringify({ ...HELLO, user: 'b', pass: 'wrong' })}\r\n`);
  await stranger.untilClosed();
  for (;;) {
    const { body } = await ask(url, 'GET', '/connz?state=all');
    const rows = (JSON.parse(body) as { connections: { cid: number; stop?: string }[] }).connections;
    if (rows.filter(({ stop }) => stop !== undefined).length === 3)
      return { url, offset: rows[0]!.cid - 1, clients: [a, b] };
  }
}

async function login(port: number, options: object, commands: string): Promise<RawClient> {
  const client = await RawClient.connect(port);
  client.send(`CONNECT ${JSON.stringify({ ...HELLO, pass: 'p', ...options })}\r\n${commands}PING\r\n`);
  await client.until(/PONG/);
  return client;
}

test.run();
