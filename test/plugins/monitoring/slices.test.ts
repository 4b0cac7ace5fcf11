/** However much there is to show, nobody waits for long. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CLIENT_SINK, Subscription } from '../../../kernel/routing/subscription.ts';
import type { MonitorEndpoints } from '../../../plugins/monitoring/contract.ts';
import { SEARCHES_MAX } from '../../../plugins/monitoring/gate.ts';
import { Query } from '../../../plugins/monitoring/http/query.ts';
import { plugin } from '../../../plugins/monitoring/index.ts';
import { TestWire } from '../../kits/broker-bench.ts';
import { countedSlices } from '../../kits/counted-slices.ts';
import { type PluginBench, startPlugin } from '../../kits/plugin-kit.ts';

const CONFIG = { host: '', httpPort: 0, httpsPort: 0, basePath: '', connectionsMax: 1 };
const SLICE_MS = 2;
const STEP_MS = 0.1;
/** What is left of one part of the work, and a slice of the next. */
const LONGEST_MS = 2 * SLICE_MS + 5 * STEP_MS;
const SORTS = 'cid start subs pending msgs_to msgs_from bytes_to bytes_from last idle uptime rtt'.split(' ');

async function withBench(
  use: (bench: PluginBench, ask: (path: string) => Promise<string>) => Promise<void>,
): Promise<void> {
  const bench = await startPlugin(plugin, { config: CONFIG });
  const { value } = bench.host.capabilities.find('monitor.endpoints')!;
  const ask = async (address: string): Promise<string> => {
    const [path = '', search] = address.split('?');
    return (await (value as MonitorEndpoints).ask(path, new Query(new URLSearchParams(search))))!.body;
  };
  await use(bench, ask);
  await bench.close();
}

function connect({ broker }: PluginBench, count: number, commands = ''): void {
  for (let at = 0; at < count; at++) {
    const wire = new TestWire();
    broker.listener.accept(wire);
    wire.input(`CONNECT {"verbose":false}\r\n${commands}`);
  }
}

/** All on one subject: that is one place to look at. */
function subscribe({ broker }: PluginBench, count: number): () => void {
  const sink = { kind: CLIENT_SINK, id: 1 } as never;
  const { sublist } = broker.accounts.global;
  const all = Array.from({ length: count }, (_, at) => new Subscription(sink, 'one', '', String(at)));
  for (const subscription of all) sublist.insert(subscription);
  return () => sublist.removeAll(all.reverse());
}

test('each order of /connz is made and printed with a rest after each slice', () =>
  withBench(async (bench, ask) => {
    connect(bench, 500, 'SUB a 1\r\nSUB b q 2\r\n');
    for (const sort of SORTS) {
      const { longest, rests } = countedSlices(bench, STEP_MS);
      const text = await ask(`/connz?limit=5000&subs=detail&sort=${sort}`);
      assert.is(JSON.parse(text).num_connections, 500);
      assert.ok(longest() <= LONGEST_MS, `${longest()} ms in one go by ${sort}`);
      assert.ok(rests() > 25, `${rests()} rests`);
    }
  }));

test('a connection with very many subscriptions is printed with a rest after each slice', () =>
  withBench(async (bench, ask) => {
    connect(bench, 1, Array.from({ length: 5000 }, (_, at) => `SUB s.${at} ${at}\r\n`).join(''));
    const { longest, rests } = countedSlices(bench, STEP_MS);
    const { connections } = JSON.parse(await ask('/connz?subs=1'));
    assert.is(connections[0].subscriptions_list.length, 5000);
    assert.ok(longest() <= LONGEST_MS, `${longest()} ms in one go`);
    assert.ok(rests() > 100, `${rests()} rests`);
  }));

test('/subsz rests after each slice, also where all subscribe to the same', () =>
  withBench(async (bench, ask) => {
    const end = subscribe(bench, 20_000);
    for (const path of ['/subsz?subs=1&acc=$G', '/subsz?subs=1&acc=$G&test=one']) {
      const { longest, rests } = countedSlices(bench, STEP_MS);
      assert.is(JSON.parse(await ask(path)).total, 20_000);
      assert.ok(longest() <= LONGEST_MS, `${longest()} ms in one go`);
      assert.ok(rests() > 20, `${rests()} rests`);
    }
    end();
  }));

test('/accstatz of ten thousand accounts rests after each slice, whether or not they are shown', () =>
  withBench(async (bench, ask) => {
    for (let at = 0; at < 10_000; at++) bench.broker.accounts.ensure(`account-${at}`);
    for (const [path, count] of [
      ['/accstatz', 0],
      ['/accstatz?unused=1', 10_002],
    ] as const) {
      const { longest, rests } = countedSlices(bench, STEP_MS);
      assert.is(JSON.parse(await ask(path)).account_statz.length, count);
      assert.ok(longest() <= LONGEST_MS, `${longest()} ms in one go`);
      assert.ok(rests() > 100, `${rests()} rests`);
    }
    assert.is(JSON.parse(await ask('/accountz')).accounts.length, 10_002);
  }));

test('many who look at once go on one after the other, and only a few search at a time', () =>
  withBench(async (bench, ask) => {
    connect(bench, 200);
    const { longest } = countedSlices(bench, STEP_MS);
    const answers = await Promise.all(Array.from({ length: 4 * SEARCHES_MAX }, () => ask('/connz')));
    assert.ok(answers.every((answer) => JSON.parse(answer).num_connections === 200));
    // Each of those who begin at once has its first slice.
    assert.ok(longest() <= LONGEST_MS * SEARCHES_MAX, `${longest()} ms in one go`);
  }));

test.run();
