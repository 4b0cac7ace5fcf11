/** Beside a genuine server: the same questions and the same events, key by key in their order. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { plugin as monitoring } from '../../../plugins/monitoring/index.ts';
import { plugin } from '../../../plugins/system-events/index.ts';
import { genuineProgram, startGenuine } from '../../kits/genuine-server.ts';
import { skip } from '../../runner/skip.ts';
import { infoIn, RawClient, withServer } from '../running-server.ts';

const CONFIG = `server_name: asked
server_tags: ["zone:1"]
server_metadata: { where: here }
accounts {
  $SYS { users: [{user: sys, password: p}] }
  A { users: [{user: a, password: p, permissions: {publish: ["x.>", "$SYS.REQ.>"], subscribe: {allow: ["y q", "in.*"], deny: z}, allow_responses: true}}] }
  B { users: [{user: b, password: p}] }
}`;

const SERVER = 'IDZ STATSZ VARZ SUBSZ CONNZ ROUTEZ GATEWAYZ LEAFZ ACCOUNTZ JSZ HEALTHZ PROFILEZ RAFTZ'.split(' ');
const ACCOUNT = 'CONNZ LEAFZ JSZ STATZ CONNS'.split(' ');
/** Filters that let the request through, and bodies that cannot be read. */
const WELL_OR_BADLY_PUT = [
  ...['', '{}', 'null', ' {} ', '{"server_name":null}', '{"SERVER_NAME":"ask"}', '{"tags":[]}', '{"tags":["ZONE:1"]}'],
  ...['{"host":"127"}', '{"cluster":"","domain":""}', '{"server_name":"asked","exact_match":true}', '{"unknown":1}'],
  ...[
    '[]',
    '"x"',
    '5',
    'true',
    '{',
    '{"a"',
    '{"a":',
    '{"a":1,}',
    '{"a":1}x',
    'x',
    'nul',
    '{"tags":"x"}',
    '{"tags":[1]}',
  ],
  ...['{"exact_match":1}', '{"host":[]}'],
];
const CONNZ = [
  ...[
    '{"sort":5}',
    '{"sort":"stop"}',
    '{"state":"open"}',
    '{"state":1.5}',
    '{"state":2,"auth":true}',
    '{"auth":"true"}',
  ],
  ...['{"limit":1e3}', '{"limit":99999999999999999999}', '{"limit":-1}', '{"cid":1.0}', '{"cid":-1}', '{"cid":9999}'],
  ...[
    '{"offset":-5}',
    '{"offset":99}',
    '{"filter_subject":"y"}',
    '{"acc":"A","filter_subject":"in.>"}',
    '{"user":"a"}',
  ],
];

const BODIES: [subject: string, body: string][] = [
  ['$SYS.REQ.SERVER.PING', ''],
  ['$SYS.REQ.SERVER.PING.CONNZ', '{"subscriptions":true,"auth":true,"limit":1}'],
  ['$SYS.REQ.SERVER.PING.CONNZ', '{"subscriptions_detail":true,"sort":"subs"}'],
  ['$SYS.REQ.SERVER.PING.CONNZ', '{"state":"closed"}'],
  ['$SYS.REQ.SERVER.PING.CONNZ', '{"sort":"bad"}'],
  ['$SYS.REQ.SERVER.PING.CONNZ', '{"limit":1.5}'],
  ['$SYS.REQ.SERVER.PING.CONNZ', '{bad'],
  ['$SYS.REQ.SERVER.PING.CONNZ', '[]'],
  ['$SYS.REQ.SERVER.PING.CONNZ', '{"acc":"NO"}'],
  ['$SYS.REQ.SERVER.PING.VARZ', '{"tags":["zone:1"],"server_name":"asked","exact_match":true}'],
  ['$SYS.REQ.SERVER.PING.VARZ', '{"server_name":5}'],
  ['$SYS.REQ.SERVER.PING.HEALTHZ', '{"stream":"S"}'],
  ['$SYS.REQ.SERVER.PING.HEALTHZ', '{"stream":"S","details":true}'],
  ['$SYS.REQ.SERVER.PING.ACCOUNTZ', '{"account":"NO"}'],
  ['$SYS.REQ.SERVER.PING.SUBSZ', '{"subscriptions":true,"test":"a.*"}'],
  ['$SYS.REQ.SERVER.PING.PROFILEZ', '{"name":"x"}'],
  ['$SYS.REQ.SERVER.@.KICK', '{"cid":999}'],
  ['$SYS.REQ.SERVER.@.LDM', '{"cid":999}'],
  ['$SYS.REQ.ACCOUNT.NO.INFO', ''],
  ['$SYS.REQ.ACCOUNT.PING.STATZ', '{"accounts":["A","NO"]}'],
  ['$SYS.REQ.ACCOUNT.PING.CONNZ', ''],
  ['$SYS.REQ.USER.INFO', ''],
  ...WELL_OR_BADLY_PUT.map((body): [string, string] => ['$SYS.REQ.SERVER.PING.VARZ', body]),
  ...WELL_OR_BADLY_PUT.map((body): [string, string] => ['$SYS.REQ.SERVER.PING', body]),
  ...CONNZ.map((body): [string, string] => ['$SYS.REQ.SERVER.PING.CONNZ', body]),
  ['$SYS.REQ.SERVER.PING.PROFILEZ', '{"name":"cpu","duration":99999999999}'],
  ['$SYS.REQ.SERVER.PING.PROFILEZ', '{"name":"cpu"}'],
  ['$SYS.REQ.SERVER.PING.IPQUEUESZ', '{"filter":"none is called so"}'],
  ['$SYS.REQ.SERVER.PING.IPQUEUESZ', '{"all":5}'],
  ['$SYS.REQ.SERVER.PING.RAFTZ', '{"group":"x","account":"A"}'],
  ['$SYS.REQ.SERVER.PING.LEAFZ', '{"subscriptions":true,"account":"A"}'],
  ['$SYS.REQ.SERVER.PING.ROUTEZ', '{"subscriptions_detail":true}'],
  ['$SYS.REQ.SERVER.PING.GATEWAYZ', '{"name":"x","account_name":"A","subscriptions":true}'],
  ['$SYS.REQ.SERVER.PING.JSZ', '{"accounts":true,"streams":true,"consumer":true,"config":true,"raft":true}'],
  ['$SYS.REQ.SERVER.PING.HEALTHZ', '{"consumer":"C","details":true}'],
  ['$SYS.REQ.SERVER.PING.HEALTHZ', '{"js-enabled-only":true}'],
  ['$SYS.REQ.ACCOUNT.NO.STATZ', '{"include_unused":true}'],
  ['$SYS.REQ.ACCOUNT.A.STATZ', '{"accounts":"A"}'],
  ['$SYS.REQ.ACCOUNT.A.CONNZ', '{"acc":"B","filter_subject":"y"}'],
  ['$SYS.REQ.SERVER.@.RELOAD', '[]'],
  ['$SYS.REQ.ACCOUNT.NSUBS', '{"acc":"A","subject":"in.1"}'],
  ['$SYS.DEBUG.SUBSCRIBERS', 'in.*'],
];
const OF_ONESELF = [
  '$SYS.REQ.USER.INFO',
  '$SYS.REQ.ACCOUNT.PING.CONNZ',
  '$SYS.REQ.SERVER.PING.CONNZ',
  '$SYS.REQ.ACCOUNT.PING.STATZ',
];

const program = genuineProgram('2.15');
if (program === null) skip('no nats-server 2.15 on PATH, and GNATLET_NATS_SERVER names none');
else test('answers and events have the shape of those of a genuine server', () => compare(program));

async function compare(path: string): Promise<void> {
  const theirs = await ofGenuine(path);
  let ours: string[] = [];
  await withServer(CONFIG, [auth, monitoring, plugin], async ({ port }) => {
    ours = await observe(port);
  });
  assert.equal(ours, theirs);
}

/** Everything that is said, one line each, without what differs from run to run. */
async function observe(port: number): Promise<string[]> {
  const lines: string[] = [];
  const listener = await login(port, 'sys', 'SUB $SYS.ACCOUNT.B.> 1\r\nSUB $SYS.SERVER.*.CLIENT.AUTH.ERR 2\r\n');
  const a = await login(port, 'a');
  const sys = await login(port, 'sys');
  const id = String(infoIn(sys.text).server_id);
  for (const service of SERVER) lines.push(await ask(sys, `$SYS.REQ.SERVER.${id}.${service}`));
  for (const service of ACCOUNT) lines.push(await ask(sys, `$SYS.REQ.ACCOUNT.A.${service}`));
  for (const [subject, body] of BODIES) lines.push(await ask(sys, subject.replace('@', id), body));
  for (const subject of OF_ONESELF) lines.push(await ask(a, subject));
  const b = await login(port, 'b');
  b.socket.destroy();
  await listener.until(/client_disconnect[\s\S]*Client Closed/);
  const stranger = await RawClient.connect(port);
  stranger.send('CONNECT {"user":"b","pass":"wrong"}\r\n');
  await stranger.untilClosed();
  await listener.until(/Authentication Failure/);
  for (const [, subject, body] of listener.text.matchAll(/^MSG (\$SYS\S+) \d+ +\d+\r\n(.*)\r\n/gm)) {
    lines.push(`${subject!.replace(id, '@')} ${shapeOf(JSON.parse(body!))}`);
  }
  for (const client of [listener, a, sys]) client.socket.destroy();
  return lines.map((line) => line.replaceAll(id, '@'));
}

async function login(port: number, user: string, commands = ''): Promise<RawClient> {
  const client = await RawClient.connect(port);
  const options = { verbose: false, user, pass: 'p', headers: true, no_responders: true, name: user, lang: 'x' };
  client.send(`CONNECT ${JSON.stringify({ ...options, version: '1' })}\r\nSUB in.* 9\r\n${commands}PING\r\n`);
  await client.until(/PONG/);
  return client;
}

let asked = 0;

async function ask(client: RawClient, subject: string, body = ''): Promise<string> {
  const reply = `in.${++asked}`;

  client.send(`PUB ${subject} ${reply} ${body.length}\r\n${body}\r\n`);
  const [, text] = await client.until(new RegExp(`MSG ${reply} 9 +\\d+\\r\\n(.*)\\r\\n`));
  return `${subject} ${body} ${shapeOf(JSON.parse(text!))}`;
}

/** Keys and types; errors and what is said of permissions word for word. */
function shapeOf(value: unknown, key = ''): string {
  if (key === 'error' || key === 'reason' || key === 'type') return JSON.stringify(value);
  // In what order subjects are named is chance there.
  if (key === 'permissions') return JSON.stringify(value, (_key, part) => (Array.isArray(part) ? part.sort() : part));
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${shapeOf(value[0])}]`;
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  // Not every server runs with the same options of its runtime.
  const members = Object.entries(value).filter(([name]) => name !== 'git_commit');
  return `{${members.map(([name, member]) => `${name}:${shapeOf(member, name)}`).join(' ')}}`;
}

async function ofGenuine(path: string): Promise<string[]> {
  const server = await startGenuine(path, CONFIG);
  try {
    return await observe(server.port);
  } finally {
    await server.stop();
  }
}

test.run();
