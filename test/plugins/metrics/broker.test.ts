/** What the figures say of a broker. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DEFAULT_BROKER_OPTIONS } from '../../../kernel/broker-options.ts';
import { CloseReason } from '../../../kernel/connection/close-reason.ts';
import { refuse } from '../../../kernel/hooks/refusal.ts';
import type { Permissions } from '../../../kernel/permissions/permissions.ts';
import { CONTRIBUTED_MAX } from '../../../plugins/metrics/families/contributed.ts';
import { VARZ_MAX } from '../../../plugins/metrics/families/varz.ts';
import { plugin } from '../../../plugins/metrics/index.ts';
import { REASONS_MAX } from '../../../plugins/metrics/watch.ts';
import type { MonitorSection } from '../../../plugins/monitoring/contract.ts';
import { settle } from '../../kits/fake-ports.ts';
import { withEachCapabilitySet } from '../../kits/plugin-kit.ts';
import { parseExposition } from './exposition-parser.ts';
import { CONFIG, type MetricsBench, startMetrics, textOf, valuesIn } from './metrics-bench.ts';

const OWNER = { plugin: 'test', rank: 0 };

test('traffic is counted once however it is shown', async () => {
  const bench = await startMetrics();
  const receiver = await bench.client('SUB a 1\r\n');
  await bench.client('PUB a 5\r\nhello\r\nPUB b 3\r\nxxx\r\n');
  receiver.receiver!.onClosed(null);
  const values = await bench.values();
  const expected: [string, number][] = [
    ['gnatsd_varz_connections', 1],
    ['gnatsd_varz_total_connections', 2],
    ['gnatsd_varz_in_msgs', 2],
    ['gnatsd_varz_in_bytes', 8],
    ['gnatsd_varz_in_client_msgs', 2],
    ['gnatsd_varz_out_msgs', 1],
    ['gnatsd_varz_out_bytes', 5],
    ['gnatsd_connz_num_connections', 1],
    ['gnatsd_connz_in_msgs', 2],
    ['gnatsd_connz_out_msgs', 0],
    ['gnatsd_accstatz_received_messages{$G}', 2],
    ['gnatsd_accstatz_sent_bytes{$G}', 5],
    ['gnatsd_accstatz_current_connections{$G}', 1],
    ['gnatsd_accstatz_received_messages{$SYS}', 0],
    ['gnatlet_received_messages_total', 2],
    ['gnatlet_sent_bytes_total', 5],
    ['gnatlet_connections{client}', 1],
    ['gnatlet_opened_connections_total', 2],
    ['gnatlet_closed_connections_total{Client Closed}', 1],
    ['gnatsd_subsz_num_inserts', 1],
    ['gnatsd_subsz_num_removes', 1],
  ];
  assert.equal(
    expected.map(([name]) => [name, values.get(name)]),
    expected,
  );
  await bench.close();
});

const NO_SECRETS: Permissions = {
  mayPublish: (bytes, start, end) => bytes.toString('latin1', start, end) !== 'secret',
  maySubscribe: (subject) => subject !== 'secret',
  deliveryFilter: () => null,
  replies: null,
};

type Provocation = (bench: MetricsBench) => unknown;

function options(bench: MetricsBench, change: Partial<typeof DEFAULT_BROKER_OPTIONS>): void {
  bench.broker.options = { ...bench.broker.options, ...change };
}

async function stuckReceiver(bench: MetricsBench): Promise<void> {
  const receiver = await bench.client('SUB a 1\r\n');
  receiver.isStuck = true;
  await bench.client(`PUB a 3000\r\n${'x'.repeat(3000)}\r\n`);
  await settle();
}

const PROVOCATIONS: [counter: string, provoke: Provocation][] = [
  [
    'gnatlet_limit_hits_total{connections}',
    (bench) => {
      options(bench, { maxConnections: 1 });
      return bench.client();
    },
  ],
  [
    'gnatlet_limit_hits_total{account_connections}',
    (bench) => {
      bench.broker.configureAccount({ name: '$G', limits: { maxConnections: 0 } });
      bench.broker.hooks.connectionAuthenticate.tap(OWNER, async () => ({
        account: '$G',
        user: '',
        permissions: null,
      }));
      return bench.client();
    },
  ],
  [
    'gnatlet_limit_hits_total{subscriptions}',
    (bench) => {
      options(bench, { maxSubscriptions: 1 });
      return bench.client('SUB a 1\r\nSUB b 2\r\n');
    },
  ],
  [
    'gnatlet_limit_hits_total{authentication}',
    (bench) => {
      bench.broker.hooks.connectionAuthenticate.tap(OWNER, async () => refuse('no'));
      return bench.client();
    },
  ],
  [
    'gnatlet_limit_hits_total{unauthenticated_bytes}',
    (bench) => {
      bench.broker.hooks.connectionAuthenticate.tap(OWNER, () => new Promise(() => {}));
      return bench.client(' '.repeat(20_000));
    },
  ],
  [
    'gnatlet_limit_hits_total{payload}',
    (bench) => {
      options(bench, { maxPayload: 1 });
      return bench.client('PUB a 2\r\nxx\r\n');
    },
  ],
  ['gnatlet_limit_hits_total{control_line}', (bench) => bench.client(`SUB ${'a'.repeat(5000)} 1\r\n`)],
  [
    'gnatlet_limit_hits_total{subscription_tokens}',
    (bench) => {
      options(bench, { maxSubscriptionTokens: 1 });
      return bench.client('SUB a.b 1\r\n');
    },
  ],
  [
    'gnatlet_limit_hits_total{publish_permissions}',
    (bench) => {
      const identity = { account: '$G', user: '', permissions: NO_SECRETS };
      bench.broker.hooks.connectionAuthenticate.tap(OWNER, async () => identity);
      return bench.client('PUB secret 0\r\n\r\n');
    },
  ],
  [
    'gnatlet_limit_hits_total{subscribe_permissions}',
    (bench) => {
      const identity = { account: '$G', user: '', permissions: NO_SECRETS };
      bench.broker.hooks.connectionAuthenticate.tap(OWNER, async () => identity);
      return bench.client('SUB secret 1\r\n');
    },
  ],
  [
    'gnatlet_slow_consumers_total{Slow Consumer (Pending Bytes)}',
    async (bench) => {
      options(bench, { maxPending: 2000 });
      await stuckReceiver(bench);
    },
  ],
  [
    'gnatlet_slow_consumers_total{Slow Consumer (Write Deadline)}',
    async (bench) => {
      await stuckReceiver(bench);
      await bench.ports.clock.advance(11_000);
    },
  ],
  [
    'gnatlet_slow_consumers_total{Slow Consumer (Outbound Budget)}',
    (bench) => {
      const [connection] = [...bench.broker.connections.values()];
      connection!.slowConsumer(CloseReason.slowConsumerBudget);
    },
  ],
  [
    'gnatlet_stale_connections_total',
    async (bench) => {
      for (let minute = 0; minute < 8; minute++) await bench.ports.clock.advance(60_000);
    },
  ],
  [
    'gnatlet_dropped_deliveries_total{slow}',
    async (bench) => {
      options(bench, { maxPending: 4000 });
      Object.assign(bench.broker.flow.options, { dropsInsteadOfStalling: true });
      await stuckReceiver(bench);
      await bench.client('PUB a 1\r\nx\r\n'.repeat(20));
    },
  ],
  [
    'gnatlet_stalls_total',
    async (bench) => {
      options(bench, { maxPending: 4000 });
      await stuckReceiver(bench);
      await bench.client('PUB a 1\r\nx\r\n'.repeat(20));
    },
  ],
  [
    'gnatlet_hook_failures_total{connection.closed}',
    (bench) => {
      bench.broker.hooks.connectionClosed.tap(OWNER, () => {
        throw new Error('clumsy');
      });
      [...bench.broker.connections.values()][0]!.close(CloseReason.kicked);
    },
  ],
  [
    'gnatlet_closed_connections_total{Kicked}',
    (bench) => [...bench.broker.connections.values()][0]!.close(CloseReason.kicked),
  ],
];

for (const [counter, provoke] of PROVOCATIONS) {
  test(`${counter} rises when that happens, and not before`, async () => {
    const bench = await startMetrics();
    await bench.client();
    assert.is((await bench.values()).get(counter) ?? 0, 0);
    await provoke(bench);
    await settle();
    assert.ok((await bench.values()).get(counter)! > 0);
    bench.broker.closeConnections();
    await bench.ports.clock.advance(20_000);
    await bench.close();
  });
}

test('no hook on the road of a message is tapped', async () => {
  const bench = await startMetrics();
  const { publishCheck, publishUnrouted, traceHop, subscriptionCheck, interestChanged } = bench.hooks;
  for (const { name, slot } of [publishCheck, publishUnrouted, traceHop, subscriptionCheck, interestChanged]) {
    assert.is(slot, null, name);
  }
  await bench.close();
});

test('every limit that the broker counts has its counter', async () => {
  const bench = await startMetrics();
  const names = Object.keys(bench.broker.limitHits).map((name) =>
    name.replace(/[A-Z]/g, (it) => `_${it.toLowerCase()}`),
  );
  const provoked = PROVOCATIONS.map(([counter]) => counter);
  const values = await bench.values();
  for (const name of names) {
    assert.is(values.get(`gnatlet_limit_hits_total{${name}}`), 0);
    assert.ok(provoked.includes(`gnatlet_limit_hits_total{${name}}`), `${name} is tried above`);
  }
  await bench.close();
});

test('past so many reasons to close all further ones are one', async () => {
  const bench = await startMetrics();
  for (let count = 0; count <= REASONS_MAX + 1; count++) {
    await bench.client();
    [...bench.broker.connections.values()][0]!.close(`reason ${count}`);
  }
  const values = await bench.values();
  assert.is(values.get(`gnatlet_closed_connections_total{reason ${REASONS_MAX - 1}}`), 1);
  assert.is(values.get(`gnatlet_closed_connections_total{reason ${REASONS_MAX}}`), undefined);
  assert.is(values.get('gnatlet_closed_connections_total{_other}'), 2);
  await bench.close();
});

test('figures of plugins get names that Prometheus takes, as many as there may be', async () => {
  const bench = await startMetrics();
  const untap = bench.broker.hooks.statsCollect.tap(OWNER, (statistics) => {
    assert.is(statistics.totalConnections, 0);
    Object.assign(statistics.more, {
      'auth.blocked_logins': 3,
      'auth-callout.turned-away': 4,
      'Area.done_total': 5,
      'area done total': 6,
      event_loop_delay_seconds: 7,
      '...': 8,
      '\n"{}': 9,
      'a.nan': Number.NaN,
      'a.text': 'x',
    });
  });
  const text = await bench.scrape();
  const values = valuesIn(text);
  assert.is(values.get('gnatlet_auth_blocked_logins'), 3);
  assert.is(values.get('gnatlet_auth_callout_turned_away'), 4);
  assert.is(values.get('gnatlet_area_done_total'), 5);
  assert.ok(Number.isNaN(values.get('gnatlet_a_nan')));
  assert.is(values.get('gnatlet_a_text'), undefined);
  assert.match(text, '# TYPE gnatlet_area_done_total counter\n');
  assert.match(text, '# TYPE gnatlet_auth_blocked_logins untyped\n');
  assert.is(text.match(/# TYPE gnatlet_event_loop_delay_seconds /g)!.length, 1);
  untap();
  bench.broker.hooks.statsCollect.tap(OWNER, ({ more }) => {
    for (let index = 0; index <= CONTRIBUTED_MAX; index++) more[`many.n${index}`] = index;
  });
  const many = await bench.values();
  assert.is(many.get(`gnatlet_many_n${CONTRIBUTED_MAX - 1}`), CONTRIBUTED_MAX - 1);
  assert.not(many.has(`gnatlet_many_n${CONTRIBUTED_MAX}`));
  await bench.close();
});

const SECTION: MonitorSection = {
  varz: () => ({
    routes: 4,
    cluster: { name: 'c "1"', cluster_port: 6222, pool_size: 3, urls: ['a'] },
    jetstream: { config: { max_memory: 7n, domain: 'hub', store_dir: '/x', strict: true }, stats: { 'api/level': 5 } },
    leaf: { port: 1 },
    tls_required: true,
  }),
  accountStatistics: (account) => (account.name === '$G' ? { leafnodes: 2 } : undefined),
};

test('what other plugins add to /varz is shown as the exporter would, with them and without', () =>
  withEachCapabilitySet(
    plugin,
    { config: CONFIG, capabilities: { 'monitor.section': [SECTION], 'monitor.address': { urls: () => [] } } },
    async (bench, absent) => {
      const { value } = bench.host.endpoints.get('/metrics')!;
      const answer = await value({ path: '/metrics', query: new URLSearchParams() });
      const values = valuesIn(await textOf(answer as Parameters<typeof textOf>[0]));
      const isThere = !absent.includes('monitor.section');
      assert.is(values.get('gnatsd_varz_routes'), isThere ? 4 : 0);
      assert.is(values.get('gnatsd_routez_num_routes'), isThere ? 4 : 0);
      assert.is(values.get('gnatsd_accstatz_leaf_nodes{$G}'), isThere ? 2 : 0);
      assert.is(values.get('gnatsd_varz_cluster_name{c "1"}'), isThere ? 1 : undefined);
      assert.is(values.get('gnatsd_varz_cluster_pool_size'), isThere ? 3 : undefined);
      assert.is(values.get('gnatsd_varz_jetstream_config_max_memory'), isThere ? 7 : undefined);
      assert.is(values.get('gnatsd_varz_jetstream_config_domain{hub}'), isThere ? 1 : undefined);
      assert.is(values.get('gnatsd_varz_jetstream_stats_api_level'), isThere ? 5 : undefined);
      for (const name of ['cluster_cluster_port', 'leaf_port', 'tls_required', 'jetstream_config_store_dir']) {
        assert.is(values.get(`gnatsd_varz_${name}`), undefined, name);
      }
    },
  ));

test('of the numbers of /varz so many are shown and no more', async () => {
  const numbers = Object.fromEntries(Array.from({ length: VARZ_MAX + 1 }, (_, index) => [`n${index}`, index]));
  const bench = await startMetrics({}, { capabilities: { 'monitor.section': [{ varz: () => ({ many: numbers }) }] } });
  const names = [...(await bench.values()).keys()].filter((name) => name.startsWith('gnatsd_varz_'));
  assert.is(names.length, VARZ_MAX);
  await bench.close();
});

const HEALTH: [what: string, health: MonitorSection['health'], word: string][] = [
  ['nothing is wrong', () => [], 'ok'],
  ['something is not there', () => [{ type: 'X', error: 'x' }], 'unavailable'],
  ['something is missing', () => [{ type: 'X', error: 'x', code: 404 }], 'unavailable'],
  ['something is broken', async () => [{ type: 'X', error: 'x', code: 500 }], 'error'],
  ['the check itself fails', () => Promise.reject(new Error('x')), 'error'],
];

for (const [what, health, word] of HEALTH) {
  test(`when ${what} the health is ${word}`, async () => {
    const bench = await startMetrics({}, { capabilities: { 'monitor.section': [{ health }] } });
    bench.broker.options = { ...bench.broker.options, port: null };
    const values = await bench.values();
    assert.is(values.get('gnatsd_healthz_status'), word === 'ok' ? 0 : 1);
    assert.is(values.get(`gnatsd_healthz_status_value{${word}}`), word === 'ok' ? 1 : 0);
    await bench.close();
  });
}

test('a broker that does not listen where it should, or not any more, is not well', async () => {
  const bench = await startMetrics();
  assert.is((await bench.values()).get('gnatsd_healthz_status_value{error}'), 0);
  bench.broker.options = { ...bench.broker.options, port: null };
  bench.broker.isLameDuck = true;
  const values = await bench.values();
  assert.is(values.get('gnatsd_healthz_status_value{error}'), 0);
  assert.is(values.get('gnatlet_lame_duck'), 1);
  await bench.close();
});

test('plugins are shown with what their phases took', async () => {
  const bench = await startMetrics();
  const values = await bench.values();
  assert.is(values.get('gnatlet_plugin_info{metrics,1.0.0,ready}'), 1);
  assert.is(values.get('gnatlet_plugin_phase_seconds{metrics,listen}'), 0);
  await bench.close();
});

test('names of accounts and of the server are told as they are, whatever is in them', async () => {
  const bench = await startMetrics();
  const name = 'evil"} 1\nup{x="\\';
  bench.broker.accounts.ensure(name).title = '"\n';
  bench.broker.options = { ...bench.broker.options, serverName: name };
  for (const [accept, format] of [
    ['', 'prometheus'],
    ['application/openmetrics-text', 'openmetrics'],
  ] as const) {
    const families = parseExposition(await bench.scrape(accept), format);
    const { samples } = families.find((family) => family.name === 'gnatsd_accstatz_subscriptions')!;
    const labels = samples.map((sample) => sample.labels).find(({ account }) => account === name)!;
    assert.equal([labels.account_id, labels.account_name, labels.server_name], [name, '"\n', name]);
  }
  await bench.close();
});

test('those who ask at once look once, and each gets all of it', async () => {
  const bench = await startMetrics();
  let looks = 0;
  bench.broker.hooks.statsCollect.tap(OWNER, () => void looks++);
  const texts = await Promise.all([bench.scrape(), bench.scrape('application/openmetrics-text'), bench.scrape()]);
  assert.is(looks, 1);
  assert.is(texts[0], texts[2]);
  assert.match(texts[0]!, 'gnatlet_scrapes_total');
  assert.ok(texts[1]!.endsWith('# EOF\n'));
  await bench.scrape();
  assert.is(looks, 2);
  await bench.close();
});

test.run();
