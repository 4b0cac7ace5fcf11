/** What may be asked, by whom, and how much at a time. */
import { gunzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Pace } from '../../../kernel/ports/pace.ts';
import { CLIENT_SINK, Subscription } from '../../../kernel/routing/subscription.ts';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { plugin as monitoring } from '../../../plugins/monitoring/index.ts';
import { COMPACT_TEXT_MAX, compactText } from '../../../plugins/monitoring/json-text.ts';
import { plugin } from '../../../plugins/system-events/index.ts';
import { decode, FILTERS } from '../../../plugins/system-events/requests/decode.ts';
import { REQUESTS_MAX } from '../../../plugins/system-events/requests/reception.ts';
import { decodeStream } from '../../../protocols/s2/stream.ts';
import { countedSlices } from '../../kits/counted-slices.ts';
import { createFakePorts, settle } from '../../kits/fake-ports.ts';
import { RawClient, withServer } from '../running-server.ts';
import { listen, withQuietServer } from './quiet-server.ts';

const USERS = `server_name: asked, server_tags: ["zone:1"]
accounts { $SYS { users: [{user: sys, password: p}] }, A { users: [{user: a, password: p}] }, B { users: [{user: b, password: p}] } }`;
const DECODERS: Record<string, (body: Buffer) => Buffer> = {
  identity: (body) => body,
  gzip: (body) => gunzipSync(body),
  snappy: (body) => decodeStream(body, { outputBytesMax: 1e6 }),
};
const PLUGINS = [auth, monitoring, plugin];
const FIELDS = { ...FILTERS, limit: 'int', cid: 'uint64', auth: 'bool' } as const;

const BODIES: [body: string, outcome: object][] = [
  ['', { options: {} }],
  ['null', { options: {} }],
  ['{}', { options: {} }],
  ['{"LIMIT":5,"other":[1]}', { options: { limit: 5 } }],
  ['{"tags":["a"],"auth":null}', { options: { tags: ['a'] } }],
  ['[]', { failure: 'json: cannot unmarshal array into Go value of type server.T' }],
  ['7', { failure: 'json: cannot unmarshal number into Go value of type server.T' }],
  ['{"limit":1.5}', { failure: 'json: cannot unmarshal number 1.5 into Go struct field T.limit of type int' }],
  ['{"cid":-1}', { failure: 'json: cannot unmarshal number -1 into Go struct field T.cid of type uint64' }],
  ['{"auth":"x"}', { failure: 'json: cannot unmarshal string into Go struct field T.auth of type bool' }],
  ['{"host":5}', { failure: 'json: cannot unmarshal number into Go struct field T.host of type string' }],
  ['{"tags":[5]}', { failure: 'json: cannot unmarshal number into T.tags.0 of type string' }],
  ['{"tags":5}', { failure: 'json: cannot unmarshal number into Go struct field T.tags of type []string' }],
  ['{"__proto__":{"limit":"x"}}', { options: {} }],
  ['{bad', { failure: "invalid character 'b' looking for beginning of object key string" }],
  ['{"limit":', { failure: 'unexpected end of JSON input' }],
];

for (const [body, outcome] of BODIES) {
  test(`the body ${body === '' ? 'that is empty' : body} is read as a NATS server reads it`, () => {
    assert.equal(decode(body, 'T', FIELDS), outcome);
  });
}

class Asker {
  readonly client: RawClient;
  #asked = 0;

  constructor(client: RawClient) {
    this.client = client;
  }

  static async login(port: number, user: string): Promise<Asker> {
    const client = await RawClient.connect(port);
    const options = { verbose: false, user, pass: 'p', headers: true, no_responders: true, protocol: 1 };
    client.send(`CONNECT ${JSON.stringify(options)}\r\nSUB in.* 1\r\nPING\r\n`);
    await client.until(/PONG/);
    return new Asker(client);
  }

  async ask(subject: string, body = ''): Promise<Record<string, unknown>> {
    const reply = `in.${++this.#asked}`;
    this.client.send(`PUB ${subject} ${reply} ${body.length}\r\n${body}\r\n`);
    const [, text] = await this.client.until(new RegExp(`MSG ${reply} 1 \\d+\\r\\n(.*)\\r\\n`));
    return JSON.parse(text!) as Record<string, unknown>;
  }
}

function withAskers(use: (sys: Asker, a: Asker, id: string) => Promise<void>): Promise<void> {
  return withServer(USERS, PLUGINS, async ({ server, port }) => {
    const [sys, a] = [await Asker.login(port, 'sys'), await Asker.login(port, 'a')];
    await use(sys, a, server.broker.identity.id);
    for (const { client } of [sys, a]) client.socket.destroy();
  });
}

test('every service of a server answers for all and for this one, in its envelope', () =>
  withAskers(async (sys, _a, id) => {
    const services = ['VARZ', 'SUBSZ', 'CONNZ', 'ROUTEZ', 'GATEWAYZ', 'LEAFZ', 'ACCOUNTZ', 'JSZ', 'HEALTHZ'];
    for (const service of [...services, 'PROFILEZ', 'EXPVARZ', 'IPQUEUESZ', 'RAFTZ']) {
      for (const whom of ['PING', id]) {
        const answer = await sys.ask(`$SYS.REQ.SERVER.${whom}.${service}`, '{"tags":["zone:1"],"server_name":"sk"}');
        assert.equal(Object.keys(answer), ['server', 'data'], `${whom}.${service}`);
      }
    }
  }));

test('every service of an account answers about that account', () =>
  withAskers(async (sys) => {
    const connections = (await sys.ask('$SYS.REQ.ACCOUNT.A.CONNZ', '{"acc":"B","auth":true}')).data as Listed;
    assert.equal(
      connections.connections.map(({ account }) => account),
      ['A'],
    );
    const info = (await sys.ask('$SYS.REQ.ACCOUNT.A.INFO')).data as { account_name: string };
    assert.is(info.account_name, 'A');
    const figures = (await sys.ask('$SYS.REQ.ACCOUNT.A.STATZ')).data as { account_statz: { acc: string }[] };
    assert.equal(
      figures.account_statz.map(({ acc }) => acc),
      ['A'],
    );
    assert.is((await sys.ask('$SYS.REQ.ACCOUNT.A.CONNS', '{"acc":"A"}')).conns, 1);
    const missing = { code: 500, description: 'Account NO does not exist' };
    assert.equal((await sys.ask('$SYS.REQ.ACCOUNT.NO.INFO')).error, missing);
    assert.equal((await sys.ask('$SYS.REQ.ACCOUNT.A.JSZ')).error, { code: 500, description: 'jetstream not enabled' });
  }));

interface Listed {
  readonly connections: { readonly account: string }[];
}

test('connections can be chosen by what they subscribe to', () =>
  withAskers(async (sys) => {
    const count = async (filter: string): Promise<unknown> => {
      const body = JSON.stringify({ acc: 'A', filter_subject: filter });
      return ((await sys.ask('$SYS.REQ.SERVER.PING.CONNZ', body)).data as { num_connections: number }).num_connections;
    };
    assert.equal([await count('in.>'), await count('other.>')], [1, 0]);
  }));

test('a client is told to go elsewhere and stays, or is kicked and goes', () =>
  withAskers(async (sys, a, id) => {
    const { data } = await a.ask('$SYS.REQ.ACCOUNT.PING.CONNZ');
    const [{ cid }] = (data as { connections: [{ cid: number }] }).connections;
    assert.equal(Object.keys(await sys.ask(`$SYS.REQ.SERVER.${id}.LDM`, JSON.stringify({ cid }))), ['server']);
    await a.client.until(/INFO .*"ldm":true/);
    assert.equal(Object.keys(await sys.ask(`$SYS.REQ.SERVER.${id}.KICK`, JSON.stringify({ cid }))), ['server']);
    await a.client.untilClosed();
    const nobody = { code: 500, description: 'no such client or leafnode id' };
    assert.equal((await sys.ask(`$SYS.REQ.SERVER.${id}.KICK`, JSON.stringify({ cid }))).error, nobody);
  }));

test('a broker without a configuration file says that it cannot be reloaded', () =>
  withAskers(async (sys, _a, id) => {
    const { error } = await sys.ask(`$SYS.REQ.SERVER.${id}.RELOAD`);
    assert.match((error as { description: string }).description, /does not run from a configuration file/);
  }));

test('subscribers are counted with a rest after each slice, however many there are and ask', () =>
  withQuietServer(async (bench) => {
    const { broker } = bench;
    const sink = { kind: CLIENT_SINK, id: 1 } as never;
    const { sublist } = broker.accounts.global;
    const all = Array.from({ length: 5000 }, (_, at) => new Subscription(sink, `s.${at % 2500}`, '', String(at)));
    for (const subscription of all) sublist.insert(subscription);
    const { heard, stop } = listen(bench, 'count.*');
    const { longest, rests } = countedSlices(bench, 0.1);
    for (const [subject, reply] of [
      ['s.7', 'count.literal'],
      ['s.*', 'count.some'],
      ['>', 'count.all'],
    ] as const) {
      const body = Buffer.from(JSON.stringify({ acc: '$G', subject }));
      broker.publisher.publish(broker.accounts.system!, { subject: '$SYS.REQ.ACCOUNT.NSUBS', reply, body });
    }
    while (heard.length < 3) await settle();
    assert.equal(Object.fromEntries(heard.map(({ subject, body }) => [subject, body])), {
      'count.literal': '2',
      'count.some': '5000',
      'count.all': '5000',
    });
    assert.ok(longest() <= 3, `${longest()} ms in one go`);
    assert.ok(rests() > 10, `${rests()} rests`);
    sublist.removeAll(all.reverse());
    stop();
  }));

test('an answer that would be longer than a message should be is refused, with what to do instead', async () => {
  const long = { rows: Array.from({ length: 17 }, () => 'x'.repeat(1024 * 1024)).values() };
  try {
    await compactText(long, new Pace(createFakePorts().clock));
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /longer than 16 MiB: ask for less at a time, with "limit"/);
  }
  const short = { rows: Array.from({ length: 15 }, () => 'x'.repeat(1024 * 1024)).values() };
  assert.ok((await compactText(short, new Pace(createFakePorts().clock))).length < COMPACT_TEXT_MAX);
});

test('an answer is compressed for whoever asks for that, in a way that is known here', () =>
  withQuietServer(async (bench) => {
    const { broker } = bench;
    const system = broker.accounts.system!;
    const headers: string[] = [];
    const bodies: string[] = [];
    const stop = broker.publisher.subscribe(system, 'in', '', (message) => {
      headers.push(Buffer.from(message.header).toString());
      const encoding = /Content-Encoding: (\w+)/.exec(headers.at(-1)!)?.[1] ?? '';
      bodies.push(DECODERS[encoding]!(Buffer.from(message.body)).toString());
      return true;
    });
    for (const wish of ['gzip', 'SNAPPY', 'gzip, s2', 'br']) {
      const header = Buffer.from(`NATS/1.0\r\nAccept-Encoding: ${wish}\r\n\r\n`);
      broker.publisher.publish(system, { subject: '$SYS.REQ.SERVER.PING.HEALTHZ', reply: 'in', header });
      const before = headers.length;
      while (headers.length === before) await settle();
    }
    assert.match(headers[0]!, /Content-Encoding: gzip/);
    assert.match(headers[1]!, /Content-Encoding: snappy/);
    assert.match(headers[2]!, /Content-Encoding: snappy/);
    assert.match(headers[3]!, /Content-Encoding: identity/);
    for (const body of bodies) assert.match(body, /"data":\{"status":"ok","status_code":200\}\}$/);
    stop();
  }));

test('as many requests are taken at a time as the limit says, and no more', () =>
  withQuietServer(async (bench, monitor) => {
    const { broker } = bench;
    let open = (): void => {};
    monitor.gate = new Promise((resolve) => {
      open = resolve;
    });
    const request = { subject: '$SYS.REQ.SERVER.PING.HEALTHZ', reply: 'in' };
    const ask = (): number => broker.publisher.publish(broker.accounts.system!, request);
    for (let at = 0; at < REQUESTS_MAX; at++) assert.is(ask(), 1);
    const { more } = broker.statistics();
    assert.is(more['system_events.turned_away_total'], 0);
    assert.is(ask(), 0);
    assert.is(broker.statistics().more['system_events.turned_away_total'], 1);
    const { heard, stop } = listen(bench, 'in');
    open();
    while (heard.length < REQUESTS_MAX) await settle();
    await settle();
    assert.is(ask(), 1);
    while (heard.length <= REQUESTS_MAX) await settle();
    await settle();
    stop();
  }));

test('however much others ask about themselves, the system account is answered', () =>
  withQuietServer(async (bench, monitor) => {
    const { broker } = bench;
    let open = (): void => {};
    monitor.gate = new Promise((resolve) => {
      open = resolve;
    });
    const client = { kindName: 'client', account: broker.accounts.global };
    const { heard, stop } = listen(bench, 'in');
    const request = { subject: '$SYS.REQ.ACCOUNT.PING.CONNZ', reply: 'out', origin: client };
    const ask = (): number => broker.publisher.publish(broker.accounts.global, request);
    for (let at = 0; at < REQUESTS_MAX; at++) assert.is(ask(), 1);
    assert.is(ask(), 0);
    broker.publisher.publish(broker.accounts.system!, { subject: '$SYS.REQ.SERVER.PING.IDZ', reply: 'in' });
    while (heard.length === 0) await settle();
    open();
    while (ask() === 0) await settle();
    for (let turn = 0; turn < 10; turn++) await settle();
    stop();
  }));

test('ten thousand accounts are served without a subscription in any', () =>
  withQuietServer(async ({ broker }) => {
    const before = broker.accounts.subscriptionCount;
    for (let at = 0; at < 10_000; at++) broker.accounts.ensure(`N${at}`);
    assert.is(broker.accounts.subscriptionCount, before);
    for (const at of [0, 9999]) {
      assert.ok(broker.accounts.get(`N${at}`)!.sublist.hasInterest('$SYS.REQ.USER.INFO'));
    }
  }));

test.run();
