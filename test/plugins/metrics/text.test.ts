/** The whole text for a small broker in a world where nothing moves by itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { definePlugin, NATS_VERSION, PRODUCT_VERSION } from '../../../kernel/plugin-api.ts';
import { Metrics } from '../../../plugins/metrics/metrics.ts';
import type { Meter } from '../../../plugins/metrics/process-meter.ts';
import { Watch } from '../../../plugins/metrics/watch.ts';
import { TLS_FIXTURES } from '../../fixtures/tls/certificates.ts';
import { QUIET, TestWire } from '../../kits/broker-bench.ts';
import { settle } from '../../kits/fake-ports.ts';
import { type PluginBench, startPlugin } from '../../kits/plugin-kit.ts';
import { parseExposition } from './exposition-parser.ts';
import { CONFIG, textOf } from './metrics-bench.ts';

const FIXTURES = join(TLS_FIXTURES, '..', 'metrics');

const METER: Meter = {
  read: () => ({
    cores: 4,
    cpuPercent: 12.5,
    cpuSeconds: 1.25,
    residentBytes: 60_000_000,
    heapUsedBytes: 7_000_000,
    heapTotalBytes: 12_000_000,
    heapLimitBytes: 4_000_000_000,
    externalBytes: 19_000_000,
    arrayBufferBytes: 17_000_000,
    loopActiveSeconds: 1.5,
    loopIdleSeconds: 60.25,
    loopDelay: {
      quantiles: [
        ['0.5', 0.0001],
        ['0.99', 0.012],
      ],
      sum: 0.25,
      count: 200,
    },
  }),
  rest: () => {},
};

async function smallBroker(): Promise<{ bench: PluginBench; metrics: Metrics }> {
  let metrics: Metrics | null = null;
  const plugin = definePlugin({
    name: 'small',
    version: '1.0.0',
    api: [1],
    register(ctx) {
      const describe = () => ({ plugins: ctx.describe().plugins.filter(({ name }) => name === 'small') });
      metrics = new Metrics({ config: CONFIG, kernel: ctx.kernel, watch: new Watch(ctx), meter: METER, describe });
      ctx.tap('stats.collect', ({ more }) => Object.assign(more, { 'small.things': 3, 'small.made_total': 4 }));
    },
  });
  const bench = await startPlugin(plugin);
  const { broker } = bench;
  broker.options = { ...broker.options, serverName: 'small "one"' };
  for (const input of ['SUB a.* 1\r\nSUB a.b 2\r\n', 'PUB a.b 5\r\nhello\r\nSUB a 1\r\nUNSUB 1\r\n']) {
    const wire = new TestWire();
    broker.listener.accept(wire);
    wire.input(QUIET + input);
    await settle();
    await settle();
  }
  broker.connections.get(1)!.close('Client Closed');
  await bench.ports.clock.advance(61_500);
  return { bench, metrics: metrics! };
}

/** Without what another version changes, and with a shorter id. */
function steady(text: string, id: string): string {
  const versions: [string, string][] = [
    [id, 'ID'],
    [`node_version="${process.versions.node}"`, 'node_version="NODE"'],
    [`nats_version="${NATS_VERSION}"`, 'nats_version="NATS"'],
    [`version="${PRODUCT_VERSION}"`, 'version="OURS"'],
    [`value="${NATS_VERSION}"`, 'value="NATS"'],
  ];
  return versions.reduce((shown, [from, to]) => shown.replaceAll(from, to), text);
}

for (const [accept, format, file] of [
  ['', 'prometheus', 'small-broker.txt'],
  ['application/openmetrics-text', 'openmetrics', 'small-broker.openmetrics.txt'],
] as const) {
  test(`the text of a small broker is as it stands in ${file}`, async () => {
    const { bench, metrics } = await smallBroker();
    const text = await textOf(await metrics.answer(accept));
    parseExposition(text, format);
    const lines = readFileSync(join(FIXTURES, file), 'utf8').split('\n');
    assert.equal(steady(text, bench.broker.identity.id).split('\n'), lines);
    bench.broker.closeConnections();
    await bench.close();
  });
}

test.run();
