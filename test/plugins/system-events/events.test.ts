/** What the system account hears, when, and at what cost. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Connection } from '../../../kernel/connection/connection.ts';
import { plugin as auth } from '../../../plugins/auth/index.ts';
import { plugin as monitoring } from '../../../plugins/monitoring/index.ts';
import { EVENTS_MAX, EventQueue } from '../../../plugins/system-events/events/event-queue.ts';
import { plugin } from '../../../plugins/system-events/index.ts';
import { createFakePorts, FakeClock, settle } from '../../kits/fake-ports.ts';
import { listLog } from '../../kits/plugin-kit.ts';
import { RawClient, withServer } from '../running-server.ts';
import { listen, withQuietServer } from './quiet-server.ts';

const USERS = 'accounts { $SYS { users: [{user: sys, password: p}] }, A { users: [{user: a, password: p}] } }';
const PLUGINS = [auth, monitoring, plugin];

async function login(port: number, user: string, commands = ''): Promise<RawClient> {
  const client = await RawClient.connect(port);
  client.send(`CONNECT ${JSON.stringify({ verbose: false, user, pass: 'p' })}\r\n${commands}PING\r\n`);
  await client.until(/PONG/);
  return client;
}

function eventsIn(text: string): Record<string, unknown>[] {
  return [...text.matchAll(/^MSG \S+ \d+ \d+\r\n(.*)\r\n/gm)].map(([, body]) => JSON.parse(body!));
}

test('statistics are told more and more slowly, up to every ten seconds', () =>
  withQuietServer(async (bench) => {
    const { heard, stop } = listen(bench, '$SYS.SERVER.*.STATSZ');
    await bench.ports.clock.advance(36_000);
    await settle();
    assert.equal(
      heard.map(({ atMs }) => atMs),
      [250, 1750, 3750, 7750, 15_750, 25_750, 35_750],
    );
    stop();
  }));

test('nothing is counted or put together while nobody listens', () =>
  withQuietServer(async (bench, monitor) => {
    await bench.ports.clock.advance(60_000);
    assert.is(monitor.figured, 0);
  }));

test('a request for statistics without an address makes all hear them at once', () =>
  withQuietServer(async (bench) => {
    const { heard, stop } = listen(bench, '$SYS.SERVER.*.STATSZ');
    await bench.ports.clock.advance(2000);
    const before = heard.length;
    const { broker } = bench;
    broker.publisher.publish(broker.accounts.system!, { subject: '$SYS.REQ.SERVER.PING.STATSZ' });
    for (let turn = 0; turn < 2000 && heard.length === before; turn++) await settle();
    assert.is(heard.length, before + 1);
    stop();
  }));

test('the connections of an account are told with each change, every half minute, and once more when there are none', () =>
  withQuietServer(async (bench) => {
    const { heard, stop } = listen(bench, '$SYS.ACCOUNT.A.SERVER.CONNS');
    const account = bench.broker.accounts.ensure('A');
    const connection = { account, kindName: 'other' } as unknown as Connection;
    account.connections.add(connection);
    bench.hooks.connectionAuthenticated.slot?.(connection);
    await bench.ports.clock.advance(65_000);
    await settle();
    account.connections.delete(connection);
    bench.hooks.connectionClosed.slot?.(connection, 'Client Closed');
    await bench.ports.clock.advance(120_000);
    await settle();
    assert.equal(
      heard.map(({ body }) => (JSON.parse(body) as { conns: number }).conns),
      [1, 1, 1, 0],
    );
    stop();
  }));

test('events have the keys of a NATS server in its order, and come in order', () =>
  withServer(USERS, PLUGINS, async ({ port }) => {
    const sys = await login(port, 'sys', 'SUB $SYS.ACCOUNT.A.> 1\r\nSUB $SYS.SERVER.ACCOUNT.A.CONNS 2\r\n');
    const client = await login(port, 'a');
    client.socket.destroy();
    await sys.until(/client_disconnect[\s\S]*Client Closed/);
    const events = eventsIn(sys.text);
    const types = events.map(({ type }) => String(type).split('.').at(-1));
    const counts = ['account_connections', 'account_connections'];
    assert.equal(types, [...counts, 'client_connect', ...counts, 'client_disconnect']);
    const numbers = events.map(({ server }) => (server as { seq: number }).seq);
    assert.equal(
      numbers,
      [...numbers].sort((one, other) => one - other),
    );
    const head = ['type', 'id', 'timestamp', 'server'];
    assert.equal(Object.keys(events.at(-1)!), [...head, 'client', 'sent', 'received', 'reason']);
    const figures = ['acc', 'name', 'conns', 'leafnodes', 'total_conns', 'num_subscriptions', 'sent', 'received'];
    assert.equal(Object.keys(events[0]!), [...head, ...figures, 'slow_consumers']);
    const server = ['name', 'host', 'id', 'ver', 'feature_flags', 'jetstream', 'flags', 'seq', 'time'];
    assert.equal(Object.keys(events[0]!.server as object), server);
    assert.match(String(events[0]!.id), /^[0-9A-Za-z]{22}$/);
  }));

test('the last word is SHUTDOWN, with nothing around it', async () => {
  let sys: RawClient | null = null;
  await withServer(USERS, PLUGINS, async ({ port }) => {
    sys = await login(port, 'sys', 'SUB $SYS.> 1\r\n');
    await login(port, 'a');
  });
  const client = sys as unknown as RawClient;
  await client.untilClosed();
  const messages = [...client.text.matchAll(/^MSG (\S+) \d+ \d+\r\n(.*)\r\n/gm)];
  const [, subject, body] = messages.at(-1)!;
  assert.match(subject!, /^\$SYS\.SERVER\.N\w{55}\.SHUTDOWN$/);
  assert.is(Object.keys(JSON.parse(body!) as object)[0], 'name');
});

test('without a system account there is nothing, and nobody is answered', () =>
  withServer('no_system_account: true', PLUGINS, async ({ server, port }) => {
    assert.is(server.broker.accounts.subscriptionCount, 0);
    const client = await RawClient.connect(port);
    client.send('CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nSUB in 1\r\n');
    client.send('PUB $SYS.REQ.USER.INFO in 0\r\n\r\n');
    await client.until(/NATS\/1\.0 503/);
    client.socket.destroy();
  }));

/** Each look at it takes a while. */
class BusyClock extends FakeClock {
  #looks = 0;

  override monotonic(): number {
    return ++this.#looks / 10;
  }
}

test('many events at once let others have their turn', async () => {
  const queue = new EventQueue(new BusyClock(), listLog([]));
  let published = 0;
  for (let at = 0; at < 1000; at++) queue.add(async () => void published++);
  const seen: number[] = [];
  while (published < 1000) {
    await settle();
    seen.push(published);
  }
  assert.ok(seen.length > 20, `${seen.length} turns`);
});

test('events beyond the limit are dropped, and the log says how many', async () => {
  const log: string[] = [];
  const queue = new EventQueue(createFakePorts().clock, listLog(log));
  let published = 0;
  const work = (): undefined => {
    published++;
    return undefined;
  };
  for (let at = 0; at < EVENTS_MAX + 2; at++) queue.add(work);
  while (queue.length > 0) await settle();
  assert.equal([published, queue.dropped], [EVENTS_MAX, 2]);
  assert.equal(log, [`warn 2 events were dropped: ${EVENTS_MAX} were waiting already`]);
});

test('an event that fails does not keep the next from going out', async () => {
  const log: string[] = [];
  const queue = new EventQueue(createFakePorts().clock, listLog(log));
  let published = 0;
  queue.add(() => {
    throw new Error('torn');
  });
  queue.add(() => Promise.reject(new Error('late')));
  queue.add(() => void published++ as undefined);
  while (queue.length > 0) await settle();
  assert.is(published, 1);
  assert.equal(log, ['error an event could not be published: torn', 'error an event could not be published: late']);
});

test.run();
