/** What the plugin serves, over HTTP. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import type { EndpointText } from '../../../kernel/plugin-api.ts';
import { plugin } from '../../../plugins/dashboard/index.ts';
import { OTHER, REASONS_MAX } from '../../../plugins/dashboard/watch.ts';
import { plugin as metrics } from '../../../plugins/metrics/index.ts';
import { startPlugin } from '../../kits/plugin-kit.ts';
import { packageRoot } from '../../runner/package-root.ts';
import { type Monitored, type Row, withMonitor } from '../monitoring/monitored-server.ts';
import { compose } from '../running-server.ts';

const CSP = 'content-security-policy';

function withDashboard(
  text: string,
  use: (monitored: Monitored) => Promise<void>,
  others: readonly PluginDefinition[] = [],
): Promise<void> {
  return withMonitor(text, use, [plugin, ...others]);
}

test('the page is one document that allows itself nothing but what is in it', () =>
  withDashboard('', async ({ fetch }) => {
    const response = await fetch('/dashboard');
    const html = await response.text();
    const { headers } = response;
    assert.equal([response.status, headers.get('content-type')], [200, 'text/html; charset=utf-8']);
    const policy = new Map(
      headers
        .get(CSP)!
        .split('; ')
        .map((rule) => [rule.slice(0, rule.indexOf(' ')), rule.slice(rule.indexOf(' ') + 1)]),
    );
    for (const element of ['script', 'style']) {
      const [, text] = new RegExp(`<${element}[^>]*>(.*?)</${element}>`, 's').exec(html)!;
      const hash = createHash('sha256').update(text!).digest('base64');
      assert.is(policy.get(`${element}-src`), `'sha256-${hash}'`);
      assert.is(html.split(`<${element}`).length, 2, `there is one ${element}`);
    }
    for (const rule of ['default-src', 'base-uri', 'form-action', 'frame-ancestors']) {
      assert.is(policy.get(rule), "'none'", rule);
    }
    assert.equal([policy.get('connect-src'), policy.get('img-src')], ["'self'", 'data:']);
    assert.equal([policy.get('require-trusted-types-for'), policy.get('trusted-types')], ["'script'", "'none'"]);
    assert.equal(
      ['x-content-type-options', 'x-frame-options', 'referrer-policy', 'cache-control'].map((name) =>
        headers.get(name),
      ),
      ['nosniff', 'DENY', 'no-referrer', 'no-cache'],
    );
    assert.is(headers.get('access-control-allow-origin'), null);
  }));

test('nothing in the page comes from elsewhere, and it fits in 100 kB', () =>
  withDashboard('', async ({ fetch }) => {
    const html = await (await fetch('/dashboard')).text();
    const addresses = html.match(/(?:https?:)?\/\/[\w.-]+\.[a-z]+[^\s"'`)]*/g) ?? [];
    assert.equal(
      [...new Set(addresses)].filter((address) => !address.startsWith('http://www.w3.org/')),
      [],
    );
    assert.not.match(html, /\b(src|action)\s*=\s*["']/);
    assert.not.match(html, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/);
    assert.ok(html.length < 100_000, String(html.length));
  }));

test('the page in the bundle is the page that is tested', () => {
  const [here, bundled] = ['plugins/dashboard', 'bundle'].map((folder) =>
    readFileSync(join(packageRoot(), 'dist', folder, 'dashboard.html'), 'utf8'),
  );
  assert.is(here, bundled);
});

test('a base path is respected, and a slash behind the path leads to the page', () =>
  withDashboard('http_base_path: /ops/nats', async ({ fetch, url }) => {
    const page = await fetch('/ops/nats/dashboard');
    assert.is(page.status, 200);
    // All it asks for is relative.
    assert.not.match(await page.text(), /["'`]\/(varz|connz|dashboard)/);
    const slash = await fetch('/ops/nats/dashboard/');
    assert.is(slash.status, 301);
    assert.is(new URL(slash.headers.get('location')!, slash.url).href, `${url}/ops/nats/dashboard`);
    for (const path of ['/dashboard', '/dashboard/server']) assert.is((await fetch(path)).status, 404, path);
    assert.is((await fetch('/ops/nats/dashboard/server')).status, 200);
  }));

test('the index page of the monitor links to it, once', () =>
  withDashboard('http_base_path: /m', async ({ fetch }) => {
    const index = await (await fetch('/m')).text();
    assert.match(index, 'href="./m/dashboard"');
    assert.not.match(index, 'href="./m/dashboard/"');
  }));

test('HEAD is answered like GET without a body, and other paths are not there', () =>
  withDashboard('', async ({ fetch }) => {
    const head = await fetch('/dashboard', { method: 'HEAD' });
    assert.equal([head.status, await head.text()], [200, '']);
    assert.is(head.headers.get(CSP), (await fetch('/dashboard')).headers.get(CSP));
    for (const path of ['/dashboard/x', '/dashboard.html', '/dashboard/../dashboard/page']) {
      assert.is((await fetch(path)).status, 404, path);
    }
    assert.is((await fetch('/dashboard?whatever=1')).status, 200);
  }));

test('the figures tell what was dropped, refused and ended, by reason', () =>
  withDashboard(
    'dashboard { refresh: 5s, history: "30m", rows: 100 }\nmax_payload: 10',
    async ({ get, client, server }) => {
      const before = await get('/dashboard/server');
      assert.equal(before.settings, { refresh_ms: 5000, history_ms: 1_800_000, rows: 100 });
      assert.equal([before.server_id, before.is_lame_duck], [server.broker.identity.id, false]);
      assert.equal([before.closed_connections, before.slow_consumers, before.dropped_deliveries], [{}, {}, {}]);
      const loud = await client();
      loud.send('PUB a 11\r\nhello world\r\n');
      await loud.untilClosed();
      const after = await get('/dashboard/server');
      assert.equal(after.closed_connections, { 'Maximum Message Payload Exceeded': 1 });
      assert.is((after.limit_hits as Row).payload, 1);
      assert.type((after.more as Row)['monitoring.turned_away_total'], 'number');
    },
  ));

test('plugins are listed with their phases, and the last of each counts', () =>
  withDashboard(
    '',
    async ({ get }) => {
      const { plugins } = (await get('/dashboard/plugins')) as { plugins: Row[] };
      assert.equal(plugins.map(({ name }) => name).sort(), ['dashboard', 'metrics', 'monitoring']);
      const own = plugins.find(({ name }) => name === 'dashboard')!;
      assert.equal([own.status, own.version], ['ready', '1.0.0']);
      assert.equal((own.taps as string[]).sort(), ['connection.closed', 'delivery.dropped']);
      const phases = own.phases as { phase: string; milliseconds: number; outcome: string }[];
      assert.is(new Set(phases.map(({ phase }) => phase)).size, phases.length);
      assert.ok(phases.every(({ milliseconds, outcome }) => milliseconds >= 0 && outcome === 'done'));
    },
    [metrics],
  ));

test('reasons beyond the limit are counted as one', async () => {
  const bench = await startPlugin(plugin);
  const { value } = bench.host.endpoints.get('/dashboard/server')!;
  const reasons = async (): Promise<Record<string, number>> => {
    const answer = await value({ path: '/dashboard/server', query: new URLSearchParams() });
    return (answer as { closed_connections: Record<string, number> }).closed_connections;
  };
  for (let count = 0; count < REASONS_MAX; count++) bench.hooks.connectionClosed.slot!({} as never, `reason ${count}`);
  assert.equal([Object.keys(await reasons()).length, (await reasons())[OTHER]], [REASONS_MAX, undefined]);
  for (const reason of ['one more', 'another', 'reason 3']) bench.hooks.connectionClosed.slot!({} as never, reason);
  assert.equal([(await reasons())[OTHER], (await reasons())['reason 3']], [2, 2]);
  await bench.close();
});

test('a page that cannot be read is told as an error, and read the next time', async () => {
  const bench = await startPlugin(plugin);
  const ask = async (): Promise<EndpointText> => {
    const { value } = bench.host.endpoints.get('/dashboard')!;
    return (await value({ path: '/dashboard', query: new URLSearchParams() })) as EndpointText;
  };
  await ask().then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, 'dashboard.html'),
  );
  const path = join(packageRoot(), 'dist', 'plugins', 'dashboard', 'dashboard.html');
  await bench.ports.disk.writeFile(path, '<script>1</script><style>2</style>');
  const { text, headers } = await ask();
  assert.is(text, '<script>1</script><style>2</style>');
  assert.match(headers!['Content-Security-Policy']!, /script-src 'sha256-[\w+/=]+'; style-src 'sha256-/);
  await bench.close();
});

test('without a monitor that listens the log says that nobody can see it', async () => {
  const cases: [urls: string[] | null, isWarned: boolean][] = [
    [null, true],
    [[], true],
    [['http://here:8222'], false],
  ];
  for (const [urls, isWarned] of cases) {
    const capabilities = urls === null ? {} : { 'monitor.address': { urls: () => urls } };
    const bench = await startPlugin(plugin, { capabilities });
    const warning = 'warn dashboard: nobody can see it: turn on the monitor by http';
    assert.is(bench.log.includes(warning), isWarned, JSON.stringify(urls));
    await bench.close();
  }
});

const WRONG: [block: string, problem: RegExp][] = [
  ['refresh: "499ms"', /dashboard: refresh is 499ms and must be from 500ms to 1m0s, in quotes/],
  ['refresh: "61s"', /dashboard: refresh is 1m1s and must be from 500ms to 1m0s/],
  ['refresh: soon', /error parsing refresh/],
  ['history: "59s"', /dashboard: history is 59s and must be from 1m0s to 1h0m0s/],
  ['history: "61m"', /dashboard: history is 1h1m0s and must be/],
  ['history: 10m', /dashboard: history is \d+h.* and must be from 1m0s to 1h0m0s, in quotes/],
  ['rows: 9', /rows value 9 is too small, the minimum is 10/],
  ['rows: 501', /rows value is too big/],
  ['row: 50', /unknown field "row".*rows/],
];

for (const [block, problem] of WRONG) {
  test(`"${block}" is refused with its place`, () =>
    compose(`dashboard { ${block} }`, [plugin]).then(
      () => assert.unreachable(),
      (error: Error) => {
        assert.match(error.message, problem);
        assert.match(error.message, 'test.conf:3:');
      },
    ));
}

test('what is at a limit is taken', async () => {
  for (const block of ['refresh: "500ms", history: "1m", rows: 10', 'refresh: "1m", history: "1h", rows: 500']) {
    await (await compose(`dashboard { ${block} }`, [plugin])).close();
  }
});

test('a reload changes what open pages are told', async () => {
  const bench = await startPlugin(plugin);
  const { value } = bench.host.endpoints.get('/dashboard/server')!;
  const settings = async (): Promise<unknown> =>
    ((await value({ path: '/dashboard/server', query: new URLSearchParams() })) as Row).settings;
  assert.equal(await settings(), { refresh_ms: 2000, history_ms: 600_000, rows: 50 });
  await bench.host.reload(new Map([['dashboard', { refreshMs: 1000, historyMs: 60_000, rows: 20 }]]));
  assert.equal(await settings(), { refresh_ms: 1000, history_ms: 60_000, rows: 20 });
  await bench.close();
});

test.run();
