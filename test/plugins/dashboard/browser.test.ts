/** What somebody sees who opens the page: in headless Chromium, where there is one, on brokers with real traffic. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { definePlugin, type PluginDefinition } from '../../../kernel/plugin-api.ts';
import type { Server } from '../../../kernel/server.ts';
import { plugin as dashboard } from '../../../plugins/dashboard/index.ts';
import { plugin as monitoring } from '../../../plugins/monitoring/index.ts';
import { plugin as tls } from '../../../plugins/tls/index.ts';
import { until } from '../../kits/until.ts';
import { skip } from '../../runner/skip.ts';
import { type Monitored, urlOf, withMonitor } from '../monitoring/monitored-server.ts';
import { compose, RawClient, withServer } from '../running-server.ts';
import { type BrowserPage, browserProgram, Chromium } from './chromium.ts';

const DESKTOP = { width: 1280, height: 800, scheme: 'light' } as const;
const PHONE = { width: 360, height: 740, scheme: 'dark' } as const;
const HOSTILE = '<img src=x onerror=alert(document.domain)>';
const TABS = ['overview', 'connections', 'subscriptions', 'accounts', 'streams', 'links', 'plugins'];

const program = browserProgram();
let browser: Chromium;

if (program === null) skip('no Chromium on PATH, and GNATLET_CHROMIUM names none');
else {
  test.before(() => {
    browser = new Chromium(program);
  });
  test.after(() => browser.close());
  test('figures of traffic appear, on a desktop and on a phone', showsTraffic);
  test('names that are markup and code are text', namesAreText);
  test('it works over HTTPS', overHttps);
  test('everything can be reached and done with the keyboard', worksByKeyboard);
  test('every tab fits a phone, in width', fitsAPhone);
  test('two thousand connections are paged, sorted and searched a little at a time', manyConnections);
  test('closed connections are shown with their reasons', closedConnections);
  test('a restart of the server is survived, and rates begin anew', survivesRestart);
  test('a page that is hidden or paused asks for nothing', restsUnseen);
  test('streams are shown where there are any, and their absence is told', streams);
  test('what went wrong is told with its reason, and an unhealthy server is called that', troubles);
}

type Look = typeof DESKTOP | typeof PHONE;

async function open(url: string, look: Look): Promise<BrowserPage> {
  const page = await browser.open();
  await page.visit(url, look);
  return page;
}

function contented(page: BrowserPage): void {
  assert.equal(page.complaints, []);
}

/** Runs a broker with the page below a base path; all requests of a test go there. */
function withPage(
  text: string,
  use: (monitored: Monitored, url: string) => Promise<void>,
  others: readonly PluginDefinition[] = [dashboard],
) {
  return withMonitor(
    `http_base_path: /ops\nserver_name: east-1\ndashboard { refresh: 500ms, rows: 50 }\n${text}`,
    (monitored) => use(monitored, `${monitored.url}/ops/dashboard`),
    others,
  );
}

/** Publishes until it is told to stop. */
function traffic(client: RawClient): { stop(): void } {
  const timer = setInterval(() => client.send('PUB orders.new 5\r\nhello\r\n'.repeat(20)), 20);
  return { stop: () => clearInterval(timer) };
}

function showsTraffic(): Promise<void> {
  return withPage('', async ({ client, url }, address) => {
    const publisher = await client('SUB orders.> 1\r\n', { name: 'order-writer' });
    const { stop } = traffic(publisher);
    try {
      for (const look of [DESKTOP, PHONE]) {
        const page = await open(address, look);
        const text = await page.sees(/in [\d.]+\s?k?\/s\s+out [\d.]+\s?k?\/s/);
        assert.match(text, /east-1\s+Healthy\s+gnatlet [\d.]+ · NATS [\d.]+ · up /);
        assert.match(text, /Connections\s+1\s+1 ever/);
        assert.match(text, /Nothing was dropped, stalled or refused/);
        assert.match(text, /\$G\s+1\s+/);
        assert.not.match(text, /NaN|undefined|Infinity|\[object/);
        const lines = await page.evaluate<string[]>(
          `new Promise((resolve) => setTimeout(resolve, 1500)).then(() =>
            [...document.querySelectorAll('.chart .line')].map((it) => it.getAttribute('d')))`,
        );
        assert.is(lines.length, 4);
        for (const line of lines) assert.match(line, /^(M[\d.]+,[\d.]+(L[\d.]+,[\d.]+)+)+$/);
        if (look === DESKTOP) await pointsAtChart(page);
        assert.ok(page.requests.every((request) => request.startsWith(url) || request.startsWith('data:')));
        assert.is(await page.evaluate('document.title'), 'east-1 · gnatlet');
        contented(page);
        await page.close();
      }
    } finally {
      stop();
    }
  });
}

/** The legend tells the figures of the moment under the pointer. */
async function pointsAtChart(page: BrowserPage): Promise<void> {
  const [x, y] = await page.evaluate<[number, number]>(
    `(({ left, top, width }) => [left + width * 0.85, top + 75])(document.querySelector('.chart').getBoundingClientRect())`,
  );
  await page.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y });
  await page.sees(/Messages\s+in [\d.]+\s?k?\/s\s+out [\d.]+\s?k?\/s\s+\d\d:\d\d:\d\d/);
  await page.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x: 1, y: 1 });
  assert.not.match(await page.text(), /\/s\s+\d\d:\d\d:\d\d/);
}

function namesAreText(): Promise<void> {
  return withPage('accounts { "<b>A</b>": { mappings: {} } }', async ({ client }, address) => {
    await client('SUB "<svg/onload=alert(1)>" 1\r\nSUB <script>alert(2)</script> 2\r\n', {
      name: HOSTILE,
      lang: '<i>go</i>',
      version: '"><script>alert(3)</script>',
    });
    await client('', { name: `a\u202eb${'long '.repeat(200)}` });
    for (const look of [DESKTOP, PHONE]) {
      const page = await open(`${address}#connections`, look);
      await page.sees(look === DESKTOP ? /<img src=x onerror=alert\(document\.domain\)>/ : /<img/);
      await page.press('tbody button', '1');
      await page.sees(/<script>alert\(2\)<\/script>/);
      await page.evaluate(`document.querySelector('dialog').close(); location.hash = '#subscriptions'`);
      await page.sees(/<svg\/onload=alert\(1\)>/);
      await page.evaluate(`location.hash = '#accounts'`);
      await page.sees(/<b>A<\/b>/);
      const strangers = await page.evaluate<number>(
        `document.querySelectorAll('body img, body b:not(.key b), body i, body script').length`,
      );
      assert.is(strangers, 0);
      contented(page);
      await page.close();
    }
    const page = await open(address, DESKTOP);
    await page.sees(/Healthy/);
    const refusal = await page.evaluate<string>(
      `(() => { try { document.body.innerHTML = '<p>x'; return 'taken'; } catch (error) { return error.name; } })()`,
    );
    assert.is(refusal, 'TypeError', 'text cannot be made markup even by mistake');
    await page.close();
  });
}

function overHttps(): Promise<void> {
  const text = `https: "127.0.0.1:-1"
    http_base_path: a/b
    dashboard { refresh: "500ms" }
    tls { cert_file: "@tls/server.pem", key_file: "@tls/server-key.pem" }`;
  return withServer(text, [dashboard, monitoring, tls], async (running) => {
    const url = urlOf(running);
    assert.match(url, /^https:/);
    const page = await open(`${url}/a/b/dashboard`, DESKTOP);
    await page.sees(/Healthy.*over TLS/s);
    assert.ok(page.requests.every((request) => request.startsWith(`${url}/a/b/`) || request.startsWith('data:')));
    contented(page);
    await page.close();
  });
}

function worksByKeyboard(): Promise<void> {
  return withPage('', async ({ client }, address) => {
    await client('SUB a 1\r\n', { name: 'one' });
    await client('SUB b 1\r\n', { name: 'two' });
    const page = await open(address, DESKTOP);
    await page.sees(/Healthy/);
    const goTo = async (name: string): Promise<void> => {
      for (let steps = 0; steps < 40; steps++) {
        await page.key('Tab', 9);
        if ((await page.evaluate('document.activeElement.textContent')) === name) return;
      }
      assert.unreachable(`Tab never comes to ${name}`);
    };
    await goTo('Skip to the figures');
    assert.ok(await page.evaluate('document.activeElement.getBoundingClientRect().left >= 0'));
    await goTo('Connections');
    await page.key('Enter', 13);
    await page.sees(/1–2 of 2/);
    await goTo('Id');
    await page.key('Enter', 13);
    await page.sees(/two.*one/s);
    await goTo('2');
    await page.key('Enter', 13);
    await page.sees(/Connection 2.*Subject.*\sb\s/s);
    assert.ok(await page.evaluate(`document.querySelector('dialog').open`));
    await page.key('Escape', 27);
    assert.not(await page.evaluate(`document.querySelector('dialog').open`));
    assert.is(await page.evaluate('document.activeElement.textContent'), '2', 'back where it was opened');
    contented(page);
    await page.close();
  });
}

function fitsAPhone(): Promise<void> {
  return withPage('', async ({ client }, address) => {
    for (let count = 0; count < 8; count++) {
      await client(`SUB a.very.long.subject.of.${'many.'.repeat(20)}tokens ${count}\r\n`, { name: 'n'.repeat(150) });
    }
    const page = await open(address, PHONE);
    for (const tab of TABS) {
      await page.evaluate(`location.hash = '#${tab}'`);
      await page.sees(tab === 'streams' ? /JetStream is not enabled/ : tab === 'links' ? /stands alone/ : /\d/);
      const [content, window] = await page.evaluate<[number, number]>(
        '[document.documentElement.scrollWidth, innerWidth]',
      );
      assert.is(content, window, tab);
      assert.is(await page.evaluate(`document.querySelector('nav [aria-current]').hash`), `#${tab}`);
    }
    contented(page);
    await page.close();
  });
}

function manyConnections(): Promise<void> {
  return withPage('', async ({ port }, address) => {
    const clients: RawClient[] = [];
    for (let at = 0; at < 2000; at++) {
      const client = await RawClient.connect(port);
      client.send(
        `CONNECT {"verbose":false,"name":"device-${at}"}\r\n${at === 1234 ? 'PUB a 1\r\nx\r\n' : ''}PING\r\n`,
      );
      clients.push(client);
    }
    await Promise.all(clients.map((client) => client.until(/PONG/)));
    const page = await open(`${address}#connections`, DESKTOP);
    await page.sees(/1–50 of 2\s000/);
    await page.press('button', 'Next page');
    await page.sees(/51–100 of 2\s000.*device-50\s/s);
    await page.press('button.order', 'Msgs in');
    await page.sees(/Uptime\s+1235\s+device-1234\s/);
    await page.press('button.order', 'Id');
    await page.press('button.order', 'Id');
    await page.sees(/Uptime\s+2000\s+device-1999\s/);
    assert.is(await page.evaluate(`document.querySelector('[aria-sort=descending]').innerText`), 'Id');
    await page.type('Find connections', 'device-777');
    await page.sees(/1 found, 2\s000 searched/);
    await page.type('Find connections', 'nobody at all');
    await page.sees(/No connection matches/);
    const limits = page.requests.flatMap((request) => (/connz.*limit=(\d+)/.exec(request) ?? []).slice(1).map(Number));
    assert.ok(limits.length > 5 && Math.max(...limits) <= 500, limits.join());
    contented(page);
    await page.close();
    for (const { socket } of clients) socket.destroy();
  });
}

function closedConnections(): Promise<void> {
  return withPage('', async ({ client }, address) => {
    const rude = await client('', { name: 'rude' });
    rude.send('NONSENSE\r\n');
    await rude.untilClosed();
    const page = await open(`${address}#connections`, DESKTOP);
    await page.sees(/Nobody is connected/);
    await page.press('button', 'Closed');
    await page.sees(/Protocol Violation 1.*rude\s+Protocol Violation\s+\d{4}-/s);
    contented(page);
    await page.close();
  });
}

async function survivesRestart(): Promise<void> {
  const start = async (port: string | number): Promise<Server> => {
    const text = `http: "127.0.0.1:${port}"\ndashboard { refresh: 500ms }`;
    const server = await compose(text, [dashboard, monitoring]);
    await server.start();
    return server;
  };
  const first = await start(-1);
  const url = urlOf({ server: first, port: 0, log: [] });
  const page = await open(`${url}/dashboard`, DESKTOP);
  const id = /Server id\s+(\w+)/;
  const [, before] = id.exec(await page.sees(/Healthy.*in 0\/s/s))!;
  await first.close();
  const lost = await page.sees(/Reconnecting ….*does not answer; trying again\. Figures are of \d\d:\d\d:\d\d/s);
  assert.match(lost, before!, 'what was known stays to be seen');
  const second = await start(new URL(url).port);
  try {
    const text = await page.sees(/Healthy.*restarted: figures begin anew/s);
    assert.is.not(id.exec(text)![1], before);
    await page.sees(/in 0\/s/);
    assert.not.match(await page.text(), /NaN|-\d+\/s/);
  } finally {
    await page.close();
    await second.close();
  }
}

function restsUnseen(): Promise<void> {
  return withPage('', async (_monitored, address) => {
    const page = await open(address, DESKTOP);
    await page.sees(/Healthy/);
    const count = async (milliseconds: number): Promise<number> => {
      const before = page.requests.length;
      await page.evaluate(`new Promise((resolve) => setTimeout(resolve, ${milliseconds}))`);
      return page.requests.length - before;
    };
    const hide = (isHidden: boolean): Promise<void> =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`);
    await hide(true);
    assert.is(await count(1500), 0);
    await hide(false);
    await until(async () => (await count(100)) > 0);
    await page.press('button', 'Pause');
    await page.sees(/Paused/);
    await count(200);
    assert.is(await count(1500), 0);
    await page.press('button', 'Resume');
    await until(async () => (await count(100)) > 0);
    await page.sees(/Healthy/);
    contented(page);
    await page.close();
  });
}

const CONSUMER = {
  stream_name: 'ORDERS',
  name: 'billing',
  delivered: { consumer_seq: 9, stream_seq: 9 },
  ack_floor: { consumer_seq: 7, stream_seq: 7 },
  num_ack_pending: 2,
  num_redelivered: 1,
  num_waiting: 0,
  num_pending: 1234,
};

const STREAM = {
  name: 'ORDERS',
  config: { subjects: ['orders.>'], storage: 'file', num_replicas: 3 },
  cluster: {
    leader: 'east-1',
    replicas: [
      { name: 'east-2', current: true },
      { name: '<u>3</u>', current: false },
    ],
  },
  state: { messages: 4321, bytes: 2048, first_seq: 1, last_seq: 4321, consumer_count: 1 },
  consumer_detail: [CONSUMER],
};

/** What a server with streams and links says. */
const clustered = definePlugin({
  name: 'clustered',
  version: '1.0.0',
  api: [1],
  provides: [{ name: 'monitor.section', cardinality: 'chain' }],
  register(ctx) {
    const counts = { streams: 1, consumers: 1, messages: 4321, bytes: 2048, total: 1 };
    const account_details = [{ name: 'SHOP', id: 'SHOP', stream_detail: [STREAM] }];
    const route = { rid: 7, remote_name: 'east-2', ip: '10.0.0.2', port: 6222, rtt: '412µs', in_msgs: 5, out_msgs: 6 };
    const endpoints = [
      { path: '/jsz', answer: () => ({ json: { ...counts, account_details } }) },
      { path: '/routez', answer: () => ({ json: { num_routes: 1, routes: [route] } }) },
      { path: '/leafz', answer: () => ({ text: 'gone\n', status: 404 }) },
    ];
    ctx.provide('monitor.section', { endpoints });
  },
});

async function streams(): Promise<void> {
  await withPage('', async (_monitored, address) => {
    const page = await open(`${address}#streams`, DESKTOP);
    await page.sees(/JetStream is not enabled on this server, so there are no streams/);
    contented(page);
    await page.close();
  });
  const others = [dashboard, clustered];
  await withPage(
    '',
    async (_monitored, address) => {
      const page = await open(`${address}#streams`, DESKTOP);
      const text = await page.sees(/ORDERS\s+SHOP\s+orders\.>\s+file\s+4\.32\sk/);
      assert.match(text, /2 of 3 current/);
      assert.match(text, /billing\s+ORDERS\s+SHOP\s+pull\s+1\.23\sk\s+2\s+1/);
      await page.evaluate(`location.hash = '#links'`);
      await page.sees(/route\s+east-2\s+10\.0\.0\.2:6222.*412 µs/s);
      // An endpoint that is not there is no news of a lost server.
      assert.ok(page.complaints.every((complaint) => complaint.includes('leafz')));
      await page.close();
    },
    others,
  );
}

function troubles(): Promise<void> {
  const unwell = definePlugin({
    name: 'unwell',
    version: '1.0.0',
    api: [1],
    provides: [{ name: 'monitor.section', cardinality: 'chain' }],
    register: (ctx) =>
      void ctx.provide('monitor.section', { health: () => [{ type: 'STREAM', error: 'stream is <em>lost</em>' }] }),
  });
  return withPage(
    'max_payload: 10',
    async ({ client }, address) => {
      const loud = await client();
      loud.send('PUB a 11\r\nhello world\r\n');
      await loud.untilClosed();
      const page = await open(address, DESKTOP);
      await page.sees(/Refused\s+payload\s+1\s+0/);
      await page.sees(/east-1\s+stream is <em>lost<\/em>/);
      const louder = await client();
      louder.send('PUB a 11\r\nhello world\r\n');
      await page.sees(/Refused\s+payload\s+2\s+\+1/);
      assert.ok(page.complaints.every((complaint) => complaint.includes('healthz')));
      await page.close();
    },
    [dashboard, unwell],
  );
}

test.run();
