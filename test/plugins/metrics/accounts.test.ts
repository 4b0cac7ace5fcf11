/** Accounts with series of their own, and the others. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from '../../../kernel/accounts/account.ts';
import { settle } from '../../kits/fake-ports.ts';
import { type MetricsBench, startMetrics } from './metrics-bench.ts';
import { OtherConnection } from './other-connection.ts';

const RECEIVED = 'gnatsd_accstatz_received_messages';

async function publishIn(bench: MetricsBench, account: Account, count: number): Promise<void> {
  const tap = async () => ({ account: account.name, user: '', permissions: null });
  const untap = bench.broker.hooks.connectionAuthenticate.tap({ plugin: 'test', rank: 0 }, tap);
  await bench.client('PUB a 1\r\nx\r\n'.repeat(count));
  untap();
  for (const connection of [...account.connections]) connection.close('Kicked');
  await settle();
}

async function received(bench: MetricsBench): Promise<Record<string, number>> {
  const values = [...(await bench.values())].filter(([name]) => name.startsWith(RECEIVED));
  return Object.fromEntries(values.map(([name, value]) => [name.slice(RECEIVED.length + 1, -1), value]));
}

test('the first accounts have series of their own, and the others are one', async () => {
  const bench = await startMetrics({ maxAccounts: 3 });
  const { accounts } = bench.broker;
  assert.equal(await received(bench), { $SYS: 0, $G: 0 });
  const [a, b, c] = ['a', 'b', 'c'].map((name) => accounts.ensure(name)) as [Account, Account, Account];
  await publishIn(bench, a, 1);
  await publishIn(bench, b, 2);
  await publishIn(bench, c, 4);
  assert.equal(await received(bench), { $SYS: 0, $G: 0, a: 1, _other: 6 });
  await bench.close();
});

test('an account that is called as the others are together is one of them', async () => {
  const bench = await startMetrics({ maxAccounts: 3 });
  await publishIn(bench, bench.broker.accounts.ensure('_other'), 3);
  assert.equal(await received(bench), { $SYS: 0, $G: 0, _other: 3 });
  bench.broker.accounts.ensure('a');
  bench.broker.accounts.ensure('b');
  assert.equal(await received(bench), { $SYS: 0, $G: 0, a: 0, _other: 3 });
  await bench.close();
});

test('none at all may have its own', async () => {
  const bench = await startMetrics({ maxAccounts: 0 });
  assert.equal(await received(bench), { _other: 0 });
  await bench.close();
});

test('no sum falls when an account is removed, and a free place goes to a new one', async () => {
  const bench = await startMetrics({ maxAccounts: 3 });
  const { accounts } = bench.broker;
  const [a, b] = ['a', 'b'].map((name) => accounts.ensure(name)) as [Account, Account];
  await publishIn(bench, a, 1);
  await publishIn(bench, b, 2);
  assert.equal(await received(bench), { $SYS: 0, $G: 0, a: 1, _other: 2 });
  accounts.remove('a');
  assert.equal(await received(bench), { $SYS: 0, $G: 0, _other: 2 });
  await publishIn(bench, accounts.ensure('new'), 8);
  assert.equal(await received(bench), { $SYS: 0, $G: 0, new: 8, _other: 2 });
  accounts.remove('b');
  assert.equal(await received(bench), { $SYS: 0, $G: 0, new: 8, _other: 2 });
  assert.is((await bench.values()).get('gnatsd_varz_in_msgs'), 11);
  assert.is((await bench.values()).get('gnatsd_varz_in_client_msgs'), 11);
  await bench.close();
});

test('another number of places gives them anew', async () => {
  const bench = await startMetrics({ maxAccounts: 0 });
  const config = { host: '', port: 0, path: '/metrics', prefix: 'nats', maxAccounts: 2 };
  await bench.host.reload(new Map([['metrics', config]]));
  const values = await bench.values();
  assert.is(values.get('nats_accstatz_received_messages{$G}'), 0);
  assert.is(values.get('nats_accstatz_received_messages{_other}'), undefined);
  assert.is(values.get('gnatsd_varz_connections'), undefined);
  await bench.close();
});

test('connections that are no clients are told apart, open and closed, also of an account that is gone', async () => {
  const bench = await startMetrics();
  const account = bench.broker.accounts.ensure('a');
  const [one, two] = [new OtherConnection(bench.broker, account, 5), new OtherConnection(bench.broker, account, 6)];
  const figures = async () => {
    const values = await bench.values();
    return ['varz_in_msgs', 'varz_in_client_msgs', 'varz_connections', 'connz_total'].map((name) =>
      values.get(`gnatsd_${name}`),
    );
  };
  await bench.client('PUB a 1\r\nx\r\n');
  assert.equal(await figures(), [12, 1, 1, 1]);
  assert.is((await bench.values()).get('gnatlet_connections{other}'), 2);
  one.close('Kicked');
  assert.equal(await figures(), [12, 1, 1, 1]);
  two.close('Kicked');
  bench.broker.accounts.remove('a');
  assert.equal(await figures(), [12, 1, 1, 1]);
  assert.is((await bench.values()).get('gnatlet_connections{other}'), undefined);
  await bench.close();
});

test('sums never fall while accounts come and go between the slices of a look', async () => {
  const bench = await startMetrics({ maxAccounts: 2 });
  const { broker, ports } = bench;
  const names = Array.from({ length: 50 }, (_, index) => `account-${index}`);
  for (const name of names) {
    const account = broker.accounts.ensure(name);
    new OtherConnection(broker, account, 1).close('Kicked');
  }
  // Each look at the clock takes a millisecond, so that a slice is two accounts long.
  let now = 0;
  ports.clock.monotonic = () => now++;
  let gone = 0;
  const soon = ports.clock.soon.bind(ports.clock);
  ports.clock.soon = (run) => {
    if (gone < names.length) broker.accounts.remove(names[(gone++ * 7) % names.length]!);
    soon(run);
  };
  let last = 0;
  while (gone < names.length) {
    const values = await bench.values();
    const sum = values.get('gnatsd_varz_in_msgs')!;
    assert.is(sum, 50);
    const others = values.get(`${RECEIVED}{_other}`)!;
    assert.ok(others >= last, `${others} after ${last}`);
    last = others;
  }
  await bench.close();
});

test.run();
