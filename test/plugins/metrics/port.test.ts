/** The port of its own, and who is slow there. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memoryDuplex } from '../../../kernel/ports/memory-network.ts';
import { plugin, UNSEEN_MS } from '../../../plugins/metrics/index.ts';
import { ANSWER_MS, REQUEST_MS, SCRAPERS_MAX } from '../../../plugins/metrics/metrics-port.ts';
import { plugin as monitoring } from '../../../plugins/monitoring/index.ts';
import { settle } from '../../kits/fake-ports.ts';
import { until } from '../../kits/until.ts';
import { urlOf } from '../monitoring/monitored-server.ts';
import { compose, RawClient, type RunningServer, withServer } from '../running-server.ts';
import { parseExposition } from './exposition-parser.ts';
import { CONFIG, type MetricsBench, startMetrics } from './metrics-bench.ts';

const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const OPEN_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const ACCEPT_OPEN = { headers: { accept: 'application/openmetrics-text; version=1.0.0' } };

function addressOf({ log }: RunningServer): string {
  const line = log.find((entry) => entry.includes('Serving metrics on '))!;
  return line.slice(line.indexOf('http://'));
}

test('figures are served on a port of its own, without a monitor', () =>
  withServer('metrics { port: -1 }', [plugin], async (running) => {
    const url = addressOf(running);
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    const plain = await fetch(url);
    const { headers } = plain;
    assert.equal(
      [plain.status, headers.get('content-type'), headers.get('connection')],
      [200, PROMETHEUS_TYPE, 'close'],
    );
    const text = await plain.text();
    assert.is(Number(headers.get('content-length')), Buffer.byteLength(text));
    const families = parseExposition(text, 'prometheus');
    const { samples } = families.find(({ name }) => name === 'gnatsd_healthz_status')!;
    assert.is(samples[0]!.value, 0);
    const open = await fetch(`${url}?x=1`, ACCEPT_OPEN);
    assert.is(open.headers.get('content-type'), OPEN_TYPE);
    parseExposition(await open.text(), 'openmetrics');
  }));

test('the monitor serves them too, below its base path', () =>
  withServer('http: "127.0.0.1:-1"\nhttp_base_path: /m', [plugin, monitoring], async (running) => {
    const url = `${urlOf(running)}/m/metrics`;
    const plain = await fetch(url);
    assert.equal([plain.status, plain.headers.get('content-type')], [200, PROMETHEUS_TYPE]);
    parseExposition(await plain.text(), 'prometheus');
    const open = await fetch(url, ACCEPT_OPEN);
    assert.is(open.headers.get('content-type'), OPEN_TYPE);
    parseExposition(await open.text(), 'openmetrics');
    assert.is((await fetch(url, { method: 'HEAD' })).status, 200);
    assert.not(running.log.some((line) => line.includes('Serving metrics')));
  }));

test('other paths and methods are told what there is', () =>
  withServer('metrics { port: -1, path: "/m/x" }', [plugin], async (running) => {
    const url = addressOf(running);
    const missing = await fetch(url.replace('/m/x', '/metrics'));
    assert.equal([missing.status, await missing.text()], [404, '404 page not found, the figures are at /m/x\n']);
    const posted = await fetch(url, { method: 'POST', body: 'x'.repeat(100_000) });
    assert.equal([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD']);
    const head = await fetch(url, { method: 'HEAD' });
    assert.equal([head.status, await head.text()], [200, '']);
  }));

test('hostile requests get a clear answer or none, and the next scrape works', () =>
  withServer('metrics { port: -1 }', [plugin], async (running) => {
    const url = addressOf(running);
    const port = Number(new URL(url).port);
    const cases: [string, RegExp][] = [
      ['NONSENSE\r\n\r\n', /^HTTP\/1\.1 400 /],
      [`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 400 /],
      ['GET http://x/metrics HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 404 /],
      [`GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: ${',;q='.repeat(3000)}\r\n\r\n`, /^HTTP\/1\.1 200 /],
      ['GET /metrics HTTP/1.1\r\nHost: x\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n', /^HTTP\/1\.1 200 /],
    ];
    for (const [request, answer] of cases) {
      const raw = await RawClient.connect(port);
      raw.send(request);
      await raw.untilClosed();
      assert.match(raw.text, answer);
      assert.is(raw.text.match(/HTTP\/1\.1 /g)!.length, 1);
    }
    const gone = connect({ port, host: '127.0.0.1' });
    await once(gone, 'connect');
    gone.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    gone.resetAndDestroy();
    assert.is((await fetch(url)).status, 200);
  }));

test('a port that cannot be had keeps the broker from starting, and says why', () =>
  withServer('metrics { port: -1 }', [plugin], async (running) => {
    const taken = new URL(addressOf(running)).port;
    const second = await compose(`metrics { port: ${taken} }`, [plugin]);
    await second.start().then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, /metrics: cannot listen on 127\.0\.0\.1:\d+: .*in use/),
    );
  }));

const WRONG: [block: string, problem: RegExp][] = [
  ['port: 65536', /port value is too big/],
  ['port: -2', /port value -2 is too small, the minimum is -1/],
  ['max_accounts: 10001', /max_accounts value is too big/],
  ['max_accounts: -1', /max_accounts value -1 is too small/],
  ['path: "metrics"', /metrics: path "metrics" must begin with a slash/],
  ['path: "/a?b"', /metrics: path "\/a\?b" must begin/],
  ['prefix: "9a"', /metrics: prefix "9a" cannot begin a name/],
  [`prefix: ${'a'.repeat(65)}`, /cannot begin a name: .*at most 64/],
  ['prot: 1', /unknown field "prot".*port/],
];

for (const [block, problem] of WRONG) {
  test(`"${block.slice(0, 30)}" is refused with its place`, () =>
    compose(`metrics { ${block} }`, [plugin]).then(
      () => assert.unreachable(),
      (error: Error) => {
        assert.match(error.message, problem);
        assert.match(error.message, 'test.conf:3:');
      },
    ));
}

test('what is at a limit is taken', async () => {
  const config = `metrics { port: 65535, max_accounts: 10000, prefix: ${'a'.repeat(64)} }`;
  await (await compose(config, [plugin])).close();
});

interface Visitor {
  readonly stream: Duplex;
  text: () => string;
  isClosed: () => boolean;
}

async function visit(bench: MetricsBench, isReading = true): Promise<Visitor> {
  const [name] = [...bench.ports.network.listening];
  const at = name!.lastIndexOf(':');
  const where = { host: name!.slice(0, at), port: Number(name!.slice(at + 1)) };
  const stream = memoryDuplex(await bench.ports.network.connect(where));
  let [text, isClosed] = ['', false];
  if (isReading) stream.on('data', (bytes: Buffer) => (text += bytes.toString()));
  for (const end of ['close', 'end']) {
    stream.on(end, () => {
      isClosed = true;
    });
  }
  stream.on('error', () => {});
  return { stream, text: () => text, isClosed: () => isClosed };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await settle();
}

const REQUEST = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';

test('whoever is slow to ask is let go', async () => {
  const bench = await startMetrics({ host: 'here', port: 7777 });
  const slow = await visit(bench);
  slow.stream.write('GET /met');
  await bench.ports.clock.advance(REQUEST_MS - 1);
  await turns();
  assert.not(slow.isClosed());
  await bench.ports.clock.advance(1);
  await turns();
  assert.ok(slow.isClosed());
  await bench.close();
});

test('whoever is slow to take the answer holds up nobody, and is let go', async () => {
  const bench = await startMetrics({ host: 'here', port: 7777, maxAccounts: 10_000 });
  for (let index = 0; index < 10_000; index++) bench.broker.accounts.ensure(`account-${index}`);
  const slow = await visit(bench, false);
  slow.stream.write(REQUEST);
  await turns();
  const quick = await visit(bench);
  quick.stream.write(REQUEST);
  await until(() => quick.text().includes('gnatlet_scrapes_total'));
  assert.match(quick.text(), 'gnatlet_scrapes_total');
  await bench.ports.clock.advance(ANSWER_MS - 1);
  await turns();
  assert.not(slow.stream.destroyed);
  assert.ok(slow.stream.readableLength < 2_000_000, 'the answer is not made ahead of who takes it');
  await bench.ports.clock.advance(1);
  slow.stream.resume();
  await until(slow.isClosed);
  assert.ok(slow.isClosed());
  await bench.close();
});

test('of more scrapers than there may be the last is turned away, and counted', async () => {
  const bench = await startMetrics({ host: 'here', port: 7777 });
  const visitors: Visitor[] = [];
  for (let count = 0; count < SCRAPERS_MAX; count++) visitors.push(await visit(bench));
  await turns();
  assert.ok(visitors.every(({ isClosed }) => !isClosed()));
  assert.is((await bench.values()).get('gnatlet_refused_scrapes_total'), 0);
  const last = await visit(bench);
  await turns();
  assert.ok(last.isClosed());
  assert.is((await bench.values()).get('gnatlet_refused_scrapes_total'), 1);
  visitors[0]!.stream.destroy();
  await turns();
  const next = await visit(bench);
  next.stream.write(REQUEST);
  await until(next.isClosed);
  assert.match(next.text(), 'HTTP/1.1 200 OK');
  await bench.close();
});

test('a reload moves the port, keeps the counters, and closes what was there', async () => {
  const bench = await startMetrics({ host: 'here', port: 7777 });
  await bench.scrape();
  const old = await visit(bench);
  const reload = (config: object) => bench.host.reload(new Map([['metrics', { ...CONFIG, host: 'here', ...config }]]));
  await reload({ port: 8888, path: '/new' });
  assert.equal([...bench.ports.network.listening], ['here:8888']);
  await turns();
  assert.ok(old.isClosed());
  const visitor = await visit(bench);
  visitor.stream.write(REQUEST.replace('/metrics', '/new'));
  await until(visitor.isClosed);
  assert.match(visitor.text(), /gnatlet_scrapes_total\{[^}]*\} 2\n/);
  const kept = await visit(bench);
  await reload({ port: 8888, path: '/metrics' });
  await turns();
  assert.not(kept.isClosed(), 'another path moves nobody');
  kept.stream.write(REQUEST);
  await until(kept.isClosed);
  assert.match(kept.text(), '200 OK');
  await reload({ port: 0 });
  assert.equal([...bench.ports.network.listening], []);
  await bench.close();
});

test('a reload that cannot have the port leaves the old one open', async () => {
  const bench = await startMetrics({ host: 'here', port: 7777 });
  const other = await bench.ports.network.listen({ host: 'here', port: 8888 }, () => {});
  await bench.host.reload(new Map([['metrics', { ...CONFIG, host: 'here', port: 8888 }]])).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /metrics: cannot listen on here:8888: .*old one is in force again/),
  );
  assert.equal([...bench.ports.network.listening].sort(), ['here:7777', 'here:8888']);
  await other.close();
  await bench.close();
});

test('without a monitor that listens and without a port the log says that nobody can scrape', async () => {
  const warning = 'warn metrics: nobody can scrape: give it a port, or turn on the monitor by http';
  const cases: [config: object, urls: string[] | null, isWarned: boolean][] = [
    [{}, null, true],
    [{}, [], true],
    [{}, ['http://here:8222'], false],
    [{ host: 'here', port: 7777 }, null, false],
  ];
  for (const [config, urls, isWarned] of cases) {
    const capabilities = urls === null ? {} : { 'monitor.address': { urls: () => urls } };
    const bench = await startMetrics(config, { capabilities });
    assert.is(bench.log.includes(warning), isWarned, JSON.stringify([config, urls]));
    await bench.close();
  }
});

test('what is measured while somebody looks rests when nobody does', async () => {
  const bench = await startMetrics();
  assert.is(bench.ports.clock.pending, 0);
  await bench.scrape();
  await bench.ports.clock.advance(UNSEEN_MS - 1);
  await bench.scrape();
  await bench.ports.clock.advance(UNSEEN_MS - 1);
  assert.is(bench.ports.clock.pending, 1);
  await bench.ports.clock.advance(1);
  assert.is(bench.ports.clock.pending, 0);
  await bench.close();
});

test.run();
