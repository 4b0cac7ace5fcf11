import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { definePlugin, endpointText } from '../../../kernel/plugin-api.ts';
import { memoryDuplex } from '../../../kernel/ports/memory-network.ts';
import { PIPELINED_MAX } from '../../../plugins/monitoring/http/http-monitor.ts';
import { plugin } from '../../../plugins/monitoring/index.ts';
import { settle } from '../../kits/fake-ports.ts';
import { type PluginBench, startPlugin } from '../../kits/plugin-kit.ts';
import { compose, RawClient } from '../running-server.ts';
import { type Monitored, withMonitor } from './monitored-server.ts';

test('replies carry the headers tools look for', () =>
  withMonitor('', async ({ fetch }) => {
    const cases: [string, number, string, string | null][] = [
      ['/varz', 200, 'application/json', '*'],
      ['/healthz', 200, 'application/json', '*'],
      ['/healthz?stream=x', 400, 'application/json', '*'],
      ['/', 200, 'text/html; charset=utf-8', null],
      ['/none', 404, 'text/plain; charset=utf-8', null],
      ['/varz/', 404, 'text/plain; charset=utf-8', null],
    ];
    for (const [path, status, type, origin] of cases) {
      const { headers, ...response } = await fetch(path).then((it) => ({ status: it.status, headers: it.headers }));
      assert.equal(
        [response.status, headers.get('content-type'), headers.get('access-control-allow-origin')],
        [status, type, origin],
        path,
      );
    }
    const missing = await fetch('/none');
    assert.is(missing.headers.get('x-content-type-options'), 'nosniff');
    assert.is(await missing.text(), '404 page not found\n');
  }));

test('the index page links to what there is', () =>
  withMonitor('http_base_path: nats/', async ({ fetch, get }) => {
    const page = await (await fetch('/nats')).text();
    for (const path of ['varz', 'connz', 'subsz', 'healthz']) assert.match(page, `href="./nats/${path}"`);
    assert.is((await fetch('/')).status, 404);
    assert.is((await fetch('/nats/')).status, 404);
    assert.is((await fetch('/varz')).status, 404);
    assert.is((await get('/nats/varz')).http_base_path, 'nats/');
    assert.equal((await get('/nats/varz')).http_req_stats, { '/': 1, '/varz': 2 });
  }));

test('a path that is not clean is sent to the clean one', () =>
  withMonitor('', async ({ fetch }) => {
    const response = await fetch('//connz?limit=1');
    assert.equal([response.status, response.headers.get('location')], [301, '/connz?limit=1']);
    assert.is(await response.text(), '<a href="/connz?limit=1">Moved Permanently</a>.\n\n');
  }));

test('nothing can be changed, whatever the method', () =>
  withMonitor('', async ({ fetch }) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const response = await fetch('/healthz', { method, body: method === 'POST' ? 'x'.repeat(100_000) : undefined });
      assert.equal([response.status, await response.text()], [200, '{"status":"ok"}'], method);
      assert.is((await fetch('/none', { method })).status, 404);
    }
    const head = await fetch('/varz', { method: 'HEAD' });
    assert.equal([head.status, await head.text()], [200, '']);
  }));

test('a callback makes no script of the answer', () =>
  withMonitor('', async ({ fetch }) => {
    for (const path of ['/healthz', '/varz', '/subsz']) {
      const response = await fetch(`${path}?callback=app.show`);
      assert.is(response.headers.get('content-type'), 'application/json');
      assert.is(response.headers.get('access-control-allow-origin'), '*');
      assert.match(await response.text(), /^\{/);
    }
  }));

test('an answer too long to hold at once arrives whole', () =>
  withMonitor('', async ({ client, rows }) => {
    const subscriptions = Array.from(
      { length: 2000 },
      (_, index) => `SUB some.rather.long.subject.${index} ${index}\r\n`,
    );
    await client(subscriptions.join(''));
    const list = await rows('/subsz?subs=1&limit=5000', 'subscriptions_list');
    assert.is(new Set(list.map((row) => row.sid)).size, 2000);
  }));

test('one connection serves request after request', () =>
  withMonitor('', async ({ url }) => {
    const raw = await RawClient.connect(Number(new URL(url).port));
    raw.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await raw.until(/"ok"\}[\s\S]*"ok"\}/);
    raw.send('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await raw.untilClosed();
    assert.is(raw.text.match(/200 OK/g)?.length, 3);
  }));

test('hostile requests get a clear answer or none, and the monitor goes on', () =>
  withMonitor('', async ({ url, get }) => {
    const port = Number(new URL(url).port);
    const cases: [string, RegExp][] = [
      ['NONSENSE\r\n\r\n', /^HTTP\/1\.1 400 /],
      [`GET / HTTP/1.1\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
      ['GET /%zz?cid=%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400 /],
      ['GET /connz?cid=%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 200 /],
      ['GET /connz?cid=1e9 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400 /],
      [`GET /varz?${'a=b&'.repeat(10_000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, /^HTTP\/1\.1 200 /],
      [
        'GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
        /301 [\s\S]*Location: \/etc\/passwd\r/,
      ],
      ['GET /%2e%2e/%2e%2e/etc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /301 [\s\S]*Location: \/etc\r/],
      ['GET http://elsewhere/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 200 /],
      ['GET /healthz#x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 404 /],
      ['GET /connz?limit=1;offset=x&limit=2&limit=x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /"limit": 2,/],
      ['GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', /^HTTP\/1\.1 400 /],
      ['GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 301 /],
      ['\x16\x03\x01\x00\x05hello', /^HTTP\/1\.1 400 /],
    ];
    for (const [request, answer] of cases) {
      const raw = await RawClient.connect(port);
      raw.send(request);
      await raw.untilClosed();
      assert.match(raw.text, answer);
    }
    const gone = connect({ port, host: '127.0.0.1' });
    await once(gone, 'connect');
    gone.write('GET /connz HTTP/1.1\r\nHost: x\r\n\r\n');
    gone.resetAndDestroy();
    assert.is((await get('/varz')).connections, 0);
  }));

async function visit(bench: PluginBench): Promise<{ stream: Duplex; text: () => string; isClosed: () => boolean }> {
  const [name] = [...bench.ports.network.listening];
  const at = name!.lastIndexOf(':');
  const where = { host: name!.slice(0, at), port: Number(name!.slice(at + 1)) };
  const stream = memoryDuplex(await bench.ports.network.connect(where));
  let [text, isClosed] = ['', false];
  stream.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  stream.on('close', () => {
    isClosed = true;
  });
  stream.on('end', () => {
    isClosed = true;
  });
  stream.on('error', () => {});
  return { stream, text: () => text, isClosed: () => isClosed };
}

const CONNECTIONS_MAX = 20;
const CONFIG = { host: 'monitor', httpPort: 8222, httpsPort: 0, basePath: '', connectionsMax: CONNECTIONS_MAX };

type Visitor = Awaited<ReturnType<typeof visit>>;

async function untilTold({ text }: Visitor, words: string): Promise<void> {
  for (let turn = 0; turn < 200 && !text().includes(words); turn++) await settle();
  assert.ok(text().includes(words), `"${words}" in "${text()}"`);
}

async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn++) await settle();
}

test('a client that is slow to ask, or does not come back, is let go', async () => {
  const bench = await startPlugin(plugin, { config: CONFIG });
  const slow = await visit(bench);
  slow.stream.write('GET /heal');
  await bench.ports.clock.advance(4900);
  await turns();
  assert.not(slow.isClosed());
  await bench.ports.clock.advance(200);
  await turns();
  assert.ok(slow.isClosed());

  const idle = await visit(bench);
  idle.stream.write('GET /varz HTTP/1.1\r\nHost: x\r\n\r\n');
  for (let turn = 0; turn < 50 && !idle.text().includes('disk_io'); turn++) await settle();
  assert.match(idle.text(), '200 OK');
  await bench.ports.clock.advance(100_000);
  await turns();
  assert.not(idle.isClosed());
  await bench.ports.clock.advance(30_000);
  await turns();
  assert.ok(idle.isClosed());
  await bench.close();
});

test('of more visitors than there may be, who has nothing under way makes room for a probe, longest first, and is counted', async () => {
  const bench = await startPlugin(plugin, { config: CONFIG });
  const figure = (name: string) => bench.broker.statistics().more[`monitoring.${name}_total`];
  const visitors: Visitor[] = [];
  for (let count = 0; count < CONNECTIONS_MAX; count++) visitors.push(await visit(bench));
  const asked = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
  visitors[0]!.stream.write(asked);
  await untilTold(visitors[0]!, '"status"');
  assert.is(figure('cut_off'), 0);
  const probe = await visit(bench);
  probe.stream.write(asked);
  await untilTold(probe, '"status"');
  await turns();
  assert.equal(
    visitors.map(({ isClosed }) => isClosed()),
    visitors.map((_, at) => at === 1),
  );
  assert.equal([figure('cut_off'), figure('turned_away')], [1, 0]);
  await bench.ports.clock.advance(5100);
  await turns();
  assert.is(figure('cut_off'), CONNECTIONS_MAX - 1, 'so are those who are too slow to ask');
  await bench.close();
});

test('where all visitors wait for answers the last is turned away with 503, and counted', async () => {
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isAsked = false;
  const patient = definePlugin({
    name: 'patient',
    version: '1.0.0',
    api: [1],
    endpoints: [{ path: '/wait', summary: '' }],
    init(ctx) {
      ctx.endpoint('/wait', () => {
        isAsked = true;
        return released.then(() => ({ waited: true }));
      });
    },
  });
  const use = async ({ url, server, get, fetch }: Monitored): Promise<void> => {
    const busy = await RawClient.connect(Number(new URL(url).port));
    busy.send('GET /wait HTTP/1.1\r\nHost: x\r\n\r\nGET /wait HTTP/1.1\r\nHost: x\r\n\r\n');
    while (!isAsked) await settle();
    assert.is((await fetch('/healthz')).status, 503);
    assert.is(server.broker.statistics().more['monitoring.turned_away_total'], 1);
    release();
    await busy.until(/waited[\s\S]*waited/);
    assert.is((await get('/healthz')).status, 'ok');
    await busy.untilClosed();
  };
  await withMonitor('http_max_connections: 1', use, [patient]);
});

test('of requests in a row no more are taken than may wait, and who sends more is cut off', () =>
  withMonitor('', async ({ url, server }) => {
    const cutOff = (): unknown => server.broker.statistics().more['monitoring.cut_off_total'];
    const ask = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
    const patient = await RawClient.connect(Number(new URL(url).port));
    patient.send(ask.repeat(PIPELINED_MAX));
    await patient.until(new RegExp(`(?:"ok"[^]*?){${PIPELINED_MAX}}`));
    assert.equal([patient.isClosed, cutOff()], [false, 0]);
    const flood = await RawClient.connect(Number(new URL(url).port));
    flood.send(ask.repeat(PIPELINED_MAX + 1));
    await flood.untilClosed();
    assert.is(cutOff(), 1);
    patient.socket.destroy();
  }));

test('closing the plugin cuts whoever is still connected and leaves nothing behind', async () => {
  const bench = await startPlugin(plugin, { config: CONFIG });
  assert.ok(bench.log.includes('info Starting http monitor on monitor:8222'));
  const visitor = await visit(bench);
  await turns();
  await bench.close();
  await turns();
  assert.ok(visitor.isClosed());
});

const extra = definePlugin({
  name: 'extra',
  version: '1.0.0',
  api: [1],
  endpoints: ['/textz', '/jsonz', '/varz2'].map((path) => ({ path, summary: '' })),
  init(ctx) {
    ctx.endpoint('/textz', ({ accept, path }) => endpointText('text/x-test', `${path} as ${accept}`));
    ctx.endpoint('/jsonz', ({ query }) => ({ n: query.get('n') }));
    ctx.endpoint('/varz2', () => Promise.reject(new Error('broken')));
  },
});

test('what other plugins serve is served here, as text of its kind or as JSON, and linked', () =>
  withMonitor(
    'http_base_path: /m',
    async ({ fetch, log }) => {
      const text = await fetch('/m/textz', { headers: { accept: 'text/x-test' } });
      const { headers } = text;
      assert.equal([text.status, headers.get('content-type')], [200, 'text/x-test']);
      assert.is(headers.get('access-control-allow-origin'), null);
      assert.is(await text.text(), '/textz as text/x-test');
      const json = await fetch('/m/jsonz?n=7');
      assert.equal([json.headers.get('content-type'), await json.json()], ['application/json', { n: '7' }]);
      assert.match(await (await fetch('/m')).text(), 'href="./m/textz"');
      assert.is((await fetch('/textz')).status, 404);
      assert.is((await fetch('/m/varz2')).status, 500);
      assert.ok(log.includes('error monitoring: /m/varz2: Error: broken'));
    },
    [extra],
  ));

test('without a port nothing listens, and other plugins may still ask', async () => {
  const bench = await startPlugin(plugin);
  assert.is(bench.ports.network.listening.size, 0);
  const varz = bench.host.endpoints.get('/varz')!;
  const answer = (await varz.value({ path: '/varz', query: new URLSearchParams() })) as {
    json: { connections: number };
  };
  assert.is(answer.json.connections, 0);
  await bench.close();
});

test('a monitor that cannot be had keeps the broker from starting, and says why', async () => {
  const cases: [string, RegExp][] = [
    ['https: 8222', /Can't start monitoring: TLS cert and key required for HTTPS/],
    ['http: 8222\nhttps: 8223', /Can't start monitoring: can't specify both HTTP \(8222\) and HTTPs \(8223\) ports/],
  ];
  for (const [text, message] of cases) {
    const server = await compose(text, [plugin]);
    await server.start().then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, message),
    );
  }
  await withMonitor('', async ({ url }) => {
    const second = await compose(`http: "127.0.0.1:${new URL(url).port}"`, [plugin]);
    await second.start().then(
      () => assert.unreachable(),
      (error: Error) =>
        assert.match(error.message, /Can't start monitoring: can't listen to the monitor port: .*in use/),
    );
  });
});

test('options of the wrong kind are told with their place', async () => {
  const problems = await compose('http_port: x\nhttp_base_path: 3\nhttps: true\nhttps_port: 70000', [plugin]).then(
    () => '',
    (error: Error) => error.message,
  );
  assert.match(problems, 'test.conf:3:1: interface conversion: interface {} is string, not int64');
  assert.match(problems, 'test.conf:4:1: interface conversion: interface {} is int64, not string');
  assert.match(problems, 'test.conf:5:1: expected port or host:port, got bool');
  assert.match(problems, 'test.conf:6:1: https_port value is too big');
});

test.run();
