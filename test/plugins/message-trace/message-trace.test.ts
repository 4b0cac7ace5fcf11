import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Permissions } from '../../../kernel/permissions/permissions.ts';
import { plugin } from '../../../plugins/message-trace/index.ts';
import { TestWire } from '../../kits/broker-bench.ts';
import { withEachCapabilitySet } from '../../kits/plugin-kit.ts';
import { until } from '../../kits/until.ts';
import { framesOn, headed, only, reportsOn, traceBench } from './trace-bench.ts';

const TRACE = 'Nats-Trace-Dest: trace';
const ONLY = 'Nats-Trace-Only: 1';
const SAMPLED = 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const CONNECT = 'CONNECT {"verbose":false,"headers":true,"no_responders":true,"name":"me"}\r\n';
const READER = 'CONNECT {"verbose":false,"headers":true}\r\nSUB trace 9\r\n';

async function scene(options: Parameters<typeof traceBench>[0] = {}, connect = CONNECT) {
  const { bench, broker, host } = await traceBench(options);
  const reader = await bench.client(READER);
  const client = await bench.client(connect);
  const send = async (bytes: string): Promise<void> => {
    client.input(bytes);
    await bench.turn();
  };
  return { bench, broker, host, reader, client, send };
}

function withoutTimes(events: Record<string, unknown>[]): Record<string, unknown>[] {
  return events.map(({ ts, ...rest }) => rest);
}

const IN = { type: 'in', kind: 0, cid: 2, name: 'me', acc: '$G', subj: 'a' };
const OUT = { type: 'eg', kind: 0, cid: 2, name: 'me', sub: 'a' };

test('a report has every field in its place', async () => {
  const { broker, reader, send } = await scene({ serverName: 'here' });
  await send(`SUB a q 1\r\n${headed('a', [TRACE, 'Zeta: 1', 'Alpha:  <&> ', 'Zeta: \xc3\xa9'])}`);
  const ts = '2020-01-01T00:00:00Z';
  const { id } = broker.identity;
  const { body } = only(framesOn(reader, '9'));
  assert.is(
    body.toString(),
    `{"server":{"name":"here","host":"0.0.0.0","id":"${id}","ver":"2.15.0","jetstream":false,"flags":0,"seq":1,` +
      `"time":"${ts}"},"request":{"header":{"Alpha":["\\u003c\\u0026\\u003e"],"Nats-Trace-Dest":["trace"],` +
      `"Zeta":["1","é"]},"msgsize":71},"events":[{"type":"in","ts":"${ts}","kind":0,"cid":2,"name":"me","acc":"$G",` +
      `"subj":"a"},{"type":"eg","ts":"${ts}","kind":0,"cid":2,"name":"me","sub":"a","queue":"q"}]}`,
  );
});

test('a traced message is delivered, and one that is only traced is not', async () => {
  const { reader, client, send } = await scene();
  await send(`SUB a 1\r\n${headed('a', [TRACE, ONLY], '1')}${headed('a', [TRACE], '2')}`);
  assert.equal(
    framesOn(client, '1').map(({ body }) => body.toString()),
    ['2'],
  );
  assert.equal(
    reportsOn(reader).map(({ events }) => withoutTimes(events)),
    [
      [IN, OUT],
      [IN, OUT],
    ],
  );
});

test('a request that is only traced gets the answer that nobody is there, if nobody is', async () => {
  const { client, send } = await scene();
  await send(`SUB r 1\r\n${headed('a', [TRACE, ONLY], 'hi', 'r')}`);
  assert.match(client.text, /NATS\/1\.0 503\r\nNats-Subject: a\r\n/);
  client.clear();
  await send(`SUB a 2\r\n${headed('a', [TRACE, ONLY], 'hi', 'r')}`);
  assert.is(client.text, '');
});

test('what is only traced uses up no auto-unsubscribe', async () => {
  const { reader, client, send } = await scene();
  await send(`SUB a 1\r\nUNSUB 1 1\r\n${headed('a', [TRACE, ONLY]).repeat(2)}${headed('a', [TRACE]).repeat(2)}`);
  assert.is(framesOn(client, '1').length, 1);
  assert.equal(
    reportsOn(reader).map(({ events }) => events.length),
    [2, 2, 2, 1],
  );
});

test('a report says who did not want an echo, in each queue member that was tried', async () => {
  const { reader, send } = await scene({}, CONNECT.replace('{', '{"echo":false,'));
  await send(`SUB a 1\r\nSUB a q 2\r\n${headed('a', [TRACE])}`);
  const error = 'Not delivered because of no echo';
  const report = only(reportsOn(reader));
  assert.equal(withoutTimes(report.events), [IN, { ...OUT, error }, { ...OUT, queue: 'q', error }]);
});

function permissions(subjects: readonly string[], denied = ''): Permissions {
  return {
    mayPublish: (bytes, start, end) => subjects.includes(bytes.toString('latin1', start, end)),
    maySubscribe: () => true,
    deliveryFilter: () => ({ allows: (bytes, start, end) => bytes.toString('latin1', start, end) !== denied }),
    replies: null,
  };
}

async function restricted(allowed: Permissions) {
  const all = await traceBench();
  const reader = await all.bench.client(READER);
  all.broker.hooks.connectionAuthenticate.tap({ plugin: 'test', rank: 0 }, () => ({
    account: '$G',
    user: '',
    permissions: allowed,
  }));
  const client = await all.bench.client(CONNECT);
  return { ...all, reader, client };
}

test('a refused message shows why in its report', async () => {
  const { bench, reader, client } = await restricted(permissions(['trace']));
  client.input(headed('a"', [TRACE]));
  await bench.turn();
  assert.is(client.text, `-ERR 'Permissions Violation for Publish to "a\\""'\r\n`);
  const report = only(reportsOn(reader));
  const error = 'Permissions Violation for Publish to "a\\""';
  assert.equal(withoutTimes(report.events), [{ ...IN, subj: 'a"', error }]);
});

test('a message traced to where its publisher may not publish is refused itself', async () => {
  const { bench, reader, client } = await restricted(permissions(['a']));
  client.input(`SUB a 1\r\n${headed('a', [TRACE])}`);
  await bench.turn();
  assert.is(client.text, `-ERR 'Permissions Violation for Publish to "trace"'\r\n`);
  assert.is(reader.text, '');
});

test("a report says that a subscription's owner may not see the message", async () => {
  const { bench, reader, client } = await restricted(permissions(['a', 'trace'], 'a'));
  client.input(`SUB a 1\r\n${headed('a', [TRACE])}`);
  await bench.turn();
  const report = only(reportsOn(reader));
  assert.is(report.events[1]?.error, 'Not delivered because subscription denies this subject');
});

test('no trace goes to subjects of the broker', async () => {
  const { client, send } = await scene();
  for (const subject of ['_GR_.abcdef.ghijkl.x', '$NRG.x', '$GR.x']) {
    client.clear();
    await send(headed('a', [`Nats-Trace-Dest: ${subject}`]));
    assert.is(client.text, `-ERR 'Permissions Violation for Publish to "${subject}"'\r\n`);
  }
});

test('a destination that is no subject leaves the message alone, unless it was only to be traced', async () => {
  const { client, send } = await scene();
  for (const subject of ['t.*', 'a b', '.a', 'a..b']) {
    client.clear();
    const line = `Nats-Trace-Dest: ${subject}`;
    await send(`SUB a 1\r\n${headed('a', [line], '1')}${headed('a', [line, ONLY], '2')}`);
    assert.equal(
      framesOn(client, '1').map(({ body }) => body.toString()),
      ['1'],
      subject,
    );
  }
});

test('a trace for another account is left alone, and no other server takes it up', async () => {
  const { reader, client, send } = await scene();
  const origin = 'Nats-Trace-Origin-Account: X';
  await send(`SUB a 1\r\n${headed('a', [TRACE, origin], '1')}${headed('a', [TRACE, ONLY, origin], '2')}`);
  const frames = framesOn(client, '1');
  assert.equal(
    frames.map(({ header }) => header),
    [`NATS/1.0\r\n${origin}\r\nNats-Trace-Dest: trace disabled\r\n\r\n`],
  );
  assert.is(reader.text, '');
});

const account = (samplingPercent: number) => ({
  accounts: [{ name: '$G', trace: { subject: 'trace', samplingPercent } }],
});

test('a foreign trace is reported where the account says, and nowhere if it does not', async () => {
  const { reader, send } = await scene(account(100));
  await send(headed('a', [SAMPLED, ONLY]));
  assert.is(reportsOn(reader).length, 1);
  const other = await scene();
  await other.send(`SUB a 1\r\n${headed('a', [SAMPLED])}`);
  assert.is(other.reader.text, '');
  assert.is(framesOn(other.client, '1')[0]?.header, `NATS/1.0\r\n${SAMPLED}\r\n\r\n`);
});

test('foreign traces are sampled, and those that are left out say so', async () => {
  const { reader, client, send } = await scene(account(20));
  await send(`SUB a 1\r\n${headed('a', [SAMPLED]).repeat(1000)}`);
  const traced = reportsOn(reader).length;
  const marked = framesOn(client, '1').filter(({ header }) =>
    header.endsWith('Nats-Trace-Dest: trace disabled\r\n\r\n'),
  );
  assert.ok(traced > 120 && traced < 280, `${traced} of 1000 are traced`);
  assert.is(traced + marked.length, 1000);
});

test('reports are compressed for those who ask', async () => {
  const { reader, send } = await scene();
  const ask = async (value: string): Promise<string> => {
    reader.clear();
    await send(headed('a', [TRACE, value]));
    await until(() => reader.text !== '');
    assert.is(reportsOn(reader).length, 1, value);
    return framesOn(reader, '9')[0]?.header ?? '';
  };
  assert.match(await ask('Accept-Encoding: GZIP, deflate'), 'Content-Encoding: gzip\r\n');
  assert.match(await ask('Accept-Encoding: br'), 'Content-Encoding: identity\r\n');
  assert.match(await ask('Accept-Encoding: Snappy'), 'Content-Encoding: snappy\r\n');
  assert.match(await ask('Accept-Encoding: gzip, s2'), 'Content-Encoding: snappy\r\n');
  assert.is(await ask('accept-encoding: gzip'), '');
});

test('a large report is compressed too', async () => {
  for (const [encoding, count] of [
    ['gzip', 400],
    ['snappy', 4000],
  ] as const) {
    const { reader, client, send } = await scene();
    for (let sid = 100; sid < 100 + count; sid++) client.input(`SUB a ${sid}\r\n`);
    await send(headed('a', [TRACE, `Accept-Encoding: ${encoding}`]));
    await until(() => reader.text !== '');
    assert.is(reportsOn(reader)[0]?.events.length, count + 1, encoding);
  }
});

test('a message over the limit is reported when its header came with it', async () => {
  const { reader, client, send } = await scene({ maxPayload: 100 });
  await send(headed('a', [TRACE], '0123456789'.repeat(30)));
  assert.is(client.text, "-ERR 'Maximum Payload Violation'\r\n");
  const report = only(reportsOn(reader));
  assert.is(report.request.msgsize, 336);
  assert.equal(withoutTimes(report.events), [{ ...IN, error: 'maximum payload exceeded' }]);
  const other = await scene({ maxPayload: 100 });
  await other.send(headed('a', [TRACE], '0123456789'.repeat(30)).slice(0, 30));
  assert.is(other.reader.text, '');
});

test('whoever taps trace.hop sees every event of a report', async () => {
  const { broker, send } = await scene();
  const seen: string[] = [];
  broker.hooks.traceHop.tap({ plugin: 'test', rank: 0 }, (message, station) => {
    seen.push(`${station.type} ${message.subject}`);
  });
  await send(`SUB a 1\r\n${headed('a', [TRACE])}${headed('a', ['X: y'])}`);
  assert.equal(seen, ['in a', 'eg a']);
});

test('without the plugin nothing is traced', async () => {
  const { broker, host, reader, client, send } = await scene();
  await host.close();
  assert.is(broker.messageTracer, null);
  await send(`SUB a 1\r\n${headed('a', [TRACE, ONLY])}`);
  assert.is(reader.text, '');
  assert.is(framesOn(client, '1').length, 1);
});

test('who describes the server is asked for each report', async () => {
  const stamp = () => ({ name: 'stamped' });
  await withEachCapabilitySet(plugin, { capabilities: { 'server.stamp': stamp } }, (bench, absent) => {
    const names: unknown[] = [];
    const { broker } = bench;
    const undo = broker.publisher.subscribe(broker.accounts.global, 'trace', '', ({ body }) => {
      names.push(JSON.parse(Buffer.from(body).toString()).server.name);
      return true;
    });
    const wire = new TestWire();
    broker.listener.accept(wire);
    wire.input(CONNECT + headed('a', [TRACE]));
    wire.receiver?.onClosed(null);
    undo();
    assert.equal(names, [absent.length === 0 ? 'stamped' : broker.name]);
  });
});

test.run();
