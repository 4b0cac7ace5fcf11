/** Many accounts that speak at once: they are heard and judged a few at a time, and much may happen in between. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from '../../../kernel/accounts/account.ts';
import type { ImportRule, Shares, StreamExport } from '../../../plugins/account-sharing/contract.ts';
import { plugin } from '../../../plugins/account-sharing/index.ts';
import type { Sharing } from '../../../plugins/account-sharing/sharing.ts';
import { type PluginBench, startPlugin } from '../../kits/plugin-kit.ts';

const COUNT = 600;
const OFFER: StreamExport = {
  kind: 'stream',
  subject: 'f.>',
  accountPosition: 0,
  admits: () => true,
  allowsTrace: false,
  isTokenRequired: false,
  approved: [],
};
const NOTHING: Shares = { exports: [], imports: [] };

function wanted(account: string, subject = 'f.>', more: Partial<ImportRule> = {}): ImportRule {
  const usual = { localSubject: subject, sharesRequester: false, allowsTrace: false };
  return { kind: 'stream', account, subject, ...usual, ...more };
}

class ManyBench {
  readonly bench: PluginBench;
  readonly sharing: Sharing;

  constructor(bench: PluginBench) {
    this.bench = bench;
    this.sharing = bench.host.capabilities.find('account.sharing')?.value as Sharing;
  }

  static async with(use: (bench: ManyBench) => Promise<void>): Promise<void> {
    const bench = await startPlugin(plugin);
    await use(new ManyBench(bench));
    await bench.close();
  }

  account(name: string): Account {
    return this.bench.broker.accounts.ensure(name);
  }

  problems(name: string): (string | null)[] {
    return this.sharing.importsOf(this.account(name)).map(({ problem }) => problem);
  }

  /** All import the rules; the exporter speaks last. Answers how many pauses there were. */
  async shareAll(rules: readonly ImportRule[], between: (pause: number) => unknown = () => {}): Promise<number> {
    const all = Array.from({ length: COUNT }, (_, at): readonly [Account, Shares] => [
      this.account(`N${at}`),
      { exports: [], imports: rules },
    ]);
    let count = 0;
    await this.sharing.shareAll([...all, [this.account('HUB'), { exports: [OFFER], imports: [] }]], async () => {
      await between(++count);
    });
    return count;
  }

  isReached(name: string, subject: string): boolean {
    let count = 0;
    const { publisher } = this.bench.broker;
    const end = publisher.subscribe(this.account(name), '>', '', () => ++count > 0);
    publisher.publish(this.account('HUB'), { subject, body: 'x' });
    end();
    assert.ok(count < 2, `${count} times`);
    return count > 0;
  }
}

test('none is judged before all have spoken, and others are served meanwhile', async () => {
  await ManyBench.with(async (bench) => {
    const seen: (string | null)[] = [];
    const pauses = await bench.shareAll([wanted('HUB')], () => seen.push(...bench.problems('N0')));
    assert.ok(pauses >= 6, `${pauses} pauses`);
    assert.equal([...new Set(seen)], ['account missing', null]);
    for (const name of ['N0', `N${COUNT - 1}`]) assert.equal(bench.problems(name), [null]);
    assert.ok(bench.isReached('N0', 'f.x'));
  });
});

test('what goes on under another rule goes on without a gap, and nothing comes twice', async () => {
  await ManyBench.with(async (bench) => {
    await bench.shareAll([wanted('HUB')]);
    const names = ['N0', `N${COUNT - 1}`];
    await bench.shareAll([wanted('HUB', 'f.>', { allowsTrace: true })], () => {
      for (const name of names) assert.ok(bench.isReached(name, 'f.x'), name);
    });
    for (const name of names) {
      assert.ok(bench.isReached(name, 'f.x'));
      assert.equal(bench.problems(name), [null]);
    }
    await bench.shareAll([]);
    for (const name of names) assert.not(bench.isReached(name, 'f.x'));
  });
});

test('an account that speaks for itself meanwhile has the last word', async () => {
  await ManyBench.with(async (bench) => {
    await bench.shareAll([wanted('HUB')], (pause) => {
      if (pause === 1) bench.sharing.share(bench.account('N0'), NOTHING);
      if (pause === 1) bench.sharing.share(bench.account('LATE'), { exports: [], imports: [wanted('HUB', 'f.y')] });
    });
    assert.equal(bench.problems('N0'), []);
    assert.not(bench.isReached('N0', 'f.x'));
    assert.equal(bench.problems('LATE'), [null]);
    assert.ok(bench.isReached('LATE', 'f.y'));
  });
});

test('an import that is judged by itself meanwhile is no duplicate of itself', async () => {
  await ManyBench.with(async (bench) => {
    await bench.shareAll([wanted('HUB')], () => bench.sharing.accountCreated(bench.account('HUB')));
    for (let at = 0; at < COUNT; at++) assert.equal(bench.problems(`N${at}`), [null]);
  });
});

test('an import that is to be judged while they speak waits for the last of them', async () => {
  await ManyBench.with(async (bench) => {
    const hub = bench.account('HUB');
    bench.sharing.share(hub, { exports: [OFFER], imports: [] });
    await bench.shareAll([wanted('HUB')], (pause) => {
      bench.sharing.accountCreated(hub);
      if (pause <= 2) assert.equal(bench.problems('N0'), ['account missing']);
    });
    assert.equal(bench.problems('N0'), [null]);
  });
});

test('an account that is removed meanwhile imports nothing', async () => {
  await ManyBench.with(async (bench) => {
    const { broker } = bench.bench;
    const removed = `N${COUNT - 1}`;
    await bench.shareAll([wanted('HUB')], (pause) => {
      if (pause === 1) broker.accounts.remove(removed);
    });
    assert.equal(bench.problems(removed), []);
    assert.not(bench.isReached(removed, 'f.x'));
  });
});

test('a ring that closes only while they speak is refused when all have spoken', async () => {
  await ManyBench.with(async (bench) => {
    const ring = (name: string, other: string): [Account, Shares] => [
      bench.account(name),
      { exports: [OFFER], imports: [wanted(other)] },
    ];
    const others = Array.from({ length: COUNT }, (_, at) => ring(`R${at}`, `R${at - 1}`)).slice(1);
    const all = [ring('R0', `R${COUNT - 1}`), ...others];
    await bench.sharing.shareAll(all, async () => {});
    const problems = all.flatMap(([{ name }]) => bench.problems(name));
    assert.is(problems.length, COUNT);
    assert.equal(
      problems.filter((problem) => problem !== null),
      ['import forms a cycle'],
    );
  });
});

test('a broker that closes meanwhile leaves nothing behind', async () => {
  const bench = new ManyBench(await startPlugin(plugin));
  const hub = bench.account('HUB');
  await bench.shareAll([wanted('HUB')]);
  const { publisher } = bench.bench.broker;
  const ends = ['N0', `N${COUNT - 1}`].map((name) => publisher.subscribe(bench.account(name), 'f.x', '', () => true));
  assert.is([...hub.sublist.subscriptions()].length, ends.length);
  let count = 0;
  await bench.shareAll([wanted('HUB', 'f.>', { allowsTrace: true })], async () => {
    if (count++ > 0) return;
    bench.sharing.close();
    assert.is([...hub.sublist.subscriptions()].length, 0);
  });
  assert.is([...hub.sublist.subscriptions()].length, 0);
  for (const end of ends) end();
  await bench.bench.close();
});

test.run();
