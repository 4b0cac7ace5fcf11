/** The capability `account.sharing`, as plugins use it that know accounts from elsewhere than a configuration. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from '../../../kernel/accounts/account.ts';
import { CROSSED_BY_SERVICE, CROSSED_BY_STREAM, MAY_ASK_SERVICES } from '../../../kernel/routing/link.ts';
import type { Subscription } from '../../../kernel/routing/subscription.ts';
import type { ImportRule, ServiceExport, StreamExport } from '../../../plugins/account-sharing/contract.ts';
import { plugin } from '../../../plugins/account-sharing/index.ts';
import type { Sharing } from '../../../plugins/account-sharing/sharing.ts';
import { type PluginBench, startPlugin } from '../../kits/plugin-kit.ts';

const DAY = 86_400_000;

function offer(subject: string, more: Partial<StreamExport> = {}): StreamExport {
  const open = { accountPosition: 0, admits: () => true, allowsTrace: false, isTokenRequired: false, approved: [] };
  return { kind: 'stream', subject, ...open, ...more };
}

function service(subject: string, more: Partial<ServiceExport> = {}): ServiceExport {
  const answers = { responses: 'singleton', responseThresholdMs: 1_000, latency: null } as const;
  return { ...offer(subject), ...answers, ...more, kind: 'service' };
}

function wanted(account: string, subject: string, more: Partial<ImportRule> = {}): ImportRule {
  return {
    kind: 'stream',
    account,
    subject,
    localSubject: subject,
    sharesRequester: false,
    allowsTrace: false,
    ...more,
  };
}

interface Bench {
  readonly bench: PluginBench;
  readonly sharing: Sharing;
  account(name: string): Account;
  /** Whether a message published in one account is taken, by a listener to everything in another. */
  reaches(from: string, subject: string, to: string): boolean;
}

async function withSharing(use: (parts: Bench) => Promise<void>): Promise<void> {
  const bench = await startPlugin(plugin);
  const { broker } = bench;
  const account = (name: string): Account => broker.accounts.ensure(name);
  await use({
    bench,
    account,
    sharing: bench.host.capabilities.find('account.sharing')?.value as Sharing,
    reaches(from, subject, to) {
      let count = 0;
      const end = broker.publisher.subscribe(account(to), '>', '', () => ++count > 0);
      broker.publisher.publish(account(from), { subject, body: 'x' });
      end();
      return count > 0;
    },
  });
  await bench.close();
}

test('what an account shares is in force at once, and ends with an empty list', async () => {
  await withSharing(async ({ sharing, account, reaches }) => {
    sharing.share(account('B'), { exports: [], imports: [wanted('A', 'a.*')] });
    assert.is(sharing.importsOf(account('B'))[0]!.problem, 'account missing');
    sharing.share(account('A'), { exports: [offer('a.>')], imports: [] });
    assert.is(sharing.importsOf(account('B'))[0]!.problem, null);
    assert.is(sharing.exportsOf(account('A')).length, 1);
    assert.ok(reaches('A', 'a.x', 'B'));
    sharing.share(account('A'), { exports: [], imports: [] });
    assert.is(sharing.importsOf(account('B'))[0]!.problem, 'stream import not authorized');
    assert.not(reaches('A', 'a.x', 'B'));
    sharing.share(account('B'), { exports: [], imports: [] });
    assert.equal(sharing.importsOf(account('B')), []);
  });
});

test('the exporter decides by what the import carries, each time it speaks', async () => {
  await withSharing(async ({ sharing, account, reaches }) => {
    const tokens = new Set<unknown>(['good']);
    const exports = [offer('a', { admits: (importer, rule) => importer === 'B' && tokens.has(rule.activation) })];
    const speak = (): void => sharing.share(account('A'), { exports, imports: [] });
    speak();
    sharing.share(account('B'), { exports: [], imports: [wanted('A', 'a', { activation: 'good' })] });
    sharing.share(account('C'), { exports: [], imports: [wanted('A', 'a', { activation: 'good' })] });
    assert.ok(reaches('A', 'a', 'B'));
    assert.is(sharing.importsOf(account('C'))[0]!.problem, 'stream import not authorized');
    tokens.clear();
    speak();
    assert.not(reaches('A', 'a', 'B'));
    sharing.share(account('B'), { exports: [], imports: [wanted('A', 'a', { activation: 'new' })] });
    tokens.add('new');
    speak();
    assert.ok(reaches('A', 'a', 'B'));
  });
});

test('an import ends when its time is over, and not before', async () => {
  await withSharing(async ({ bench, sharing, account, reaches }) => {
    const now = bench.ports.clock.now();
    const rules = [wanted('A', 'a', { validUntil: now + 40 * DAY }), wanted('A', 'b', { validUntil: now })];
    sharing.share(account('A'), { exports: [offer('*')], imports: [] });
    sharing.share(account('B'), { exports: [], imports: rules });
    assert.not(reaches('A', 'b', 'B'));
    await bench.ports.clock.advance(40 * DAY - 1);
    assert.ok(reaches('A', 'a', 'B'));
    await bench.ports.clock.advance(1);
    assert.not(reaches('A', 'a', 'B'));
    assert.is(sharing.importsOf(account('B'))[0]!.problem, 'stream import not authorized');
  });
});

test('an import that would close a ring waits until the ring is open', async () => {
  await withSharing(async ({ sharing, account, reaches }) => {
    sharing.share(account('A'), { exports: [offer('x')], imports: [wanted('B', 'x')] });
    sharing.share(account('B'), { exports: [offer('x')], imports: [wanted('A', 'x')] });
    const problems = ['A', 'B'].map((name) => sharing.importsOf(account(name))[0]!.problem);
    assert.equal(problems.filter((problem) => problem === 'import forms a cycle').length, 1);
    sharing.share(account('A'), { exports: [offer('x')], imports: [] });
    assert.is(sharing.importsOf(account('B'))[0]!.problem, null);
    assert.ok(reaches('A', 'x', 'B'));
  });
});

test('one account is asked under one name by one import, and the second says whose name it is', async () => {
  await withSharing(async ({ sharing, account }) => {
    sharing.share(account('A'), { exports: [service('s.*')], imports: [] });
    const same = { kind: 'service', localSubject: 'l' } as const;
    sharing.share(account('B'), { exports: [], imports: [wanted('A', 's.a', same), wanted('A', 's.b', same)] });
    assert.equal(
      sharing.importsOf(account('B')).map(({ problem }) => problem),
      [null, 'duplicate service import subject "l", previously used in import for account "A", subject "s.a"'],
    );
  });
});

test('an exporter that is not loaded is asked for once, and importers have it when it comes', async () => {
  await withSharing(async ({ bench, sharing, account, reaches }) => {
    const asked: string[] = [];
    bench.broker.hooks.accountResolve.tap({ plugin: 'test', rank: 0 }, async (name) => {
      asked.push(name);
      return {};
    });
    sharing.share(account('B'), { exports: [], imports: [wanted('A', 'a'), wanted('A', 'b')] });
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(asked, ['A']);
    assert.is(sharing.importsOf(account('B'))[0]!.problem, 'stream import not authorized');
    sharing.share(account('A'), { exports: [offer('*')], imports: [] });
    assert.ok(reaches('A', 'a', 'B'));
  });
});

test('an account that is removed is missing for its importers, and its requests are gone', async () => {
  await withSharing(async ({ bench, sharing, account }) => {
    const { broker } = bench;
    sharing.share(account('A'), { exports: [service('s')], imports: [] });
    sharing.share(account('B'), { exports: [], imports: [wanted('A', 's', { kind: 'service' })] });
    broker.publisher.subscribe(account('A'), 's', '', () => true);
    broker.publisher.subscribe(account('B'), 'in', '', () => true);
    broker.publisher.publish(account('B'), { subject: 's', reply: 'in', body: 'q' });
    assert.is(sharing.pendingCount, 1);
    broker.accounts.remove('A');
    assert.is(sharing.pendingCount, 0);
    assert.is(sharing.importsOf(account('B'))[0]!.problem, 'account missing');
    broker.accounts.remove('B');
    assert.equal(sharing.exportsOf(account('A')), []);
  });
});

test('the members of a group count in the exporter as many as they are', async () => {
  await withSharing(async ({ bench, sharing, account }) => {
    sharing.share(account('A'), { exports: [offer('a')], imports: [] });
    sharing.share(account('B'), { exports: [], imports: [wanted('A', 'a')] });
    const { publisher } = bench.broker;
    const weight = (): number => account('A').sublist.weightOf('a', 'q');
    const ends = [1, 2, 3].map(() => publisher.subscribe(account('B'), '*', 'q', () => true));
    assert.is(weight(), 3);
    ends[0]!();
    assert.is(weight(), 2);
    const plain = publisher.subscribe(account('B'), 'a', '', () => true);
    const again = publisher.subscribe(account('B'), 'a', '', () => true);
    plain();
    assert.ok(account('A').sublist.hasInterest('a'));
    ends[1]!();
    ends[2]!();
    again();
    assert.is(weight(), 0);
    assert.is(account('A').sublist.count, 0);
  });
});

test('a service import is announced to nobody', async () => {
  await withSharing(async ({ bench, sharing, account }) => {
    const told: string[] = [];
    const note = (owner: Account, subject: string): void => void told.push(`${owner.name} ${subject}`);
    bench.broker.hooks.interestFirst.tap({ plugin: 'test', rank: 0 }, note);
    bench.broker.hooks.interestChanged.tap({ plugin: 'test', rank: 0 }, note);
    sharing.share(account('A'), { exports: [service('s')], imports: [] });
    sharing.share(account('B'), { exports: [], imports: [wanted('A', 's', { kind: 'service' })] });
    assert.equal(told, []);
    assert.is(account('B').sublist.count, 1);
    assert.ok([...account('B').sublist.subscriptions()].every((each: Subscription) => each.staysHere));
  });
});

for (const [from, originBit, count] of [
  ['a server that shares the accounts', 1, 0],
  ['a server that knows nothing of the accounts', 1 | MAY_ASK_SERVICES, 1],
  ['a stream import', CROSSED_BY_STREAM, 0],
  ['a stream import, from such a server', CROSSED_BY_STREAM | 1 | MAY_ASK_SERVICES, 0],
  ['a service', CROSSED_BY_SERVICE, 1],
  ['a client', 0, 1],
] as const) {
  test(`a request that came from ${from} is ${count === 0 ? 'not ' : ''}sent on its way`, async () => {
    await withSharing(async ({ bench, sharing, account }) => {
      sharing.share(account('A'), { exports: [service('s')], imports: [] });
      sharing.share(account('B'), { exports: [], imports: [wanted('A', 's', { kind: 'service' })] });
      let arrived = 0;
      const end = bench.broker.publisher.subscribe(account('A'), 's', '', () => ++arrived > 0);
      const { message, dispatcher } = bench.broker;
      Object.assign(message, { subjectBytes: Buffer.from('s'), subjectStart: 0, subjectEnd: 1, originBit });
      assert.is(dispatcher.dispatch(account('B').sublist.matchSubject('s'), message), count);
      assert.is(arrived, count);
      end();
    });
  });
}

test.run();
