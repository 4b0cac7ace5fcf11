import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigChange, PluginDefinition, ReloadAnswer } from '../../../kernel/host/plugin-definition.ts';
import { errorOf, hostOf, journaled, named } from './host-bench.ts';

type Live = ReloadAnswer | ((change: ConfigChange<unknown>) => ReloadAnswer);

const block = (live?: Live, key = 'block') => {
  const schema = { read: () => ({}) };
  return { config: live === undefined ? { key, schema } : { key, schema, live } };
};

const offers = (name: string) => ({ provides: [{ name, cardinality: 'one' as const, optional: true }] });
const needs = (name: string) => ({ requires: [{ name, cardinality: 'one' as const, optional: true }] });

async function started(plugins: readonly PluginDefinition[], before: unknown = 'old') {
  const bench = hostOf(plugins.map((definition) => ({ definition, config: before })));
  await bench.host.start();
  return bench;
}

const change = (...names: string[]) => new Map(names.map((name) => [name, 'new']));

test('a live change calls reload with both sides, and is the configuration afterwards', async () => {
  const seen: unknown[] = [];
  let config = () => '';
  const plugin = named<string, void>('a', {
    config: { key: 'a', schema: { read: () => '' }, live: 'live' },
    register(ctx) {
      config = () => ctx.config;
    },
    reload: (ctx, _state, { before, after }) => void seen.push(before, after, ctx.config),
  });
  const { host } = await started([plugin as PluginDefinition]);
  await host.reload(change('a'));
  assert.equal(seen, ['old', 'new', 'old']);
  assert.is(config(), 'new');
});

test('plugins whose block did not change are left alone', async () => {
  const journal: string[] = [];
  const { host } = await started([
    journaled('a', journal, block('live', 'x')),
    journaled('b', journal, block('live', 'y')),
  ]);
  journal.length = 0;
  await host.reload(change('b'));
  assert.equal(journal, ['b reload']);
  await host.reload(new Map());
  assert.equal(journal, ['b reload']);
});

test('a plugin that says nothing about reloads is restarted, with whoever uses it, and in order', async () => {
  const journal: string[] = [];
  const { host, hooks } = await started([
    journaled('user', journal, needs('store')),
    journaled('bystander', journal),
    journaled('disk', journal, {
      ...block(),
      ...offers('store'),
      register: (ctx) => void ctx.tap('server.close', () => {}),
    }),
  ]);
  journal.length = 0;
  await host.reload(change('disk'));
  assert.equal(journal, [
    ...['user close', 'disk close'],
    ...['register', 'init', 'listen', 'ready'].flatMap((phase) => [`disk ${phase}`, `user ${phase}`]),
  ]);
  assert.is(hooks.serverClose.describe().taps.length, 1, 'the taps of the first run are gone');
  await host.close();
  assert.equal(journal.slice(-3), ['user close', 'disk close', 'bystander close']);
});

test('a restarted plugin gets the new configuration and a new state', async () => {
  const seen: unknown[] = [];
  const plugin = named('a', {
    ...block('restart'),
    register: (ctx) => ({ config: ctx.config }),
    init: (_ctx, state) => void seen.push(state.config),
  });
  const { host } = await started([plugin as PluginDefinition]);
  await host.reload(change('a'));
  assert.equal(seen, ['old', 'new']);
});

test('one refusal keeps everything from changing, and tells why', async () => {
  const journal: string[] = [];
  const { host } = await started([
    journaled('a', journal, block('live', 'x')),
    journaled('b', journal, block({ refuse: 'the port is bound' }, 'y')),
    journaled('c', journal, block('restart', 'z')),
  ]);
  journal.length = 0;
  const error = await errorOf('RELOAD_REFUSED', () => host.reload(change('a', 'b', 'c')));
  assert.match(error.message, 'plugin "b" refuses the change of "y", the port is bound');
  assert.equal(journal, []);
});

test('several refusals are told together', async () => {
  const { host } = await started([
    named('a', block({ refuse: 'one' }, 'x')),
    named('b', block({ refuse: 'two' }, 'y')),
  ]);
  const error = await errorOf('RELOAD_REFUSED', () => host.reload(change('a', 'b')));
  assert.is(error.problems.length, 2);
  assert.match(error.message, 'one');
  assert.match(error.message, 'two');
});

test('a plugin decides by what changed', async () => {
  const journal: string[] = [];
  const live: Live = ({ before, after }) => (before === 'old' && after === 'new' ? 'live' : { refuse: 'strange' });
  const { host } = await started([journaled('a', journal, block(live))]);
  await host.reload(change('a'));
  assert.is(journal.at(-1), 'a reload');
  await errorOf('RELOAD_REFUSED', () => host.reload(new Map([['a', 'other']])));
});

test('a live change that fails takes back those before it', async () => {
  const seen: string[] = [];
  const record = (name: string) => ({
    reload: (_ctx: unknown, _state: unknown, { after }: ConfigChange<unknown>) => {
      seen.push(`${name} ${after}`);
      if (name === 'b' && after === 'new') throw new Error('no');
    },
  });
  const { host } = await started([
    named('a', { ...block('live', 'x'), ...record('a') }),
    named('b', { ...block('live', 'y'), ...record('b') }),
  ]);
  const error = await errorOf('RELOAD_FAILED', () => host.reload(change('a', 'b')));
  assert.equal(seen, ['a new', 'b new', 'b old', 'a old']);
  assert.match(error.message, 'plugin "b" failed in reload, no: the old one is in force again');
  assert.equal([error.plugin, error.phase], ['b', 'reload']);
});

test('a restart that fails brings the old configuration back', async () => {
  const journal: string[] = [];
  const picky = journaled('picky', journal, {
    ...block('restart'),
    init: (ctx) => {
      if (ctx.config === 'new') throw new Error('unpalatable');
    },
  });
  const { host, failures } = await started([picky]);
  journal.length = 0;
  const error = await errorOf('RELOAD_FAILED', () => host.reload(change('picky')));
  assert.match(error.message, 'unpalatable: the old one is in force again');
  assert.equal(journal, [
    ...['picky close', 'picky register', 'picky init', 'picky close'],
    ...['picky register', 'picky init', 'picky listen', 'picky ready'],
  ]);
  assert.is(host.describe().plugins[0]!.status, 'ready');
  assert.equal(failures, []);
});

test('a plugin that cannot be brought back is closed, and that is told', async () => {
  let starts = 0;
  const once = named('once', {
    ...block('restart'),
    init: () => {
      if (++starts > 1) throw new Error('only once');
    },
  });
  const { host, failures } = await started([once]);
  const error = await errorOf('RELOAD_FAILED', () => host.reload(change('once')));
  assert.match(error.message, 'the plugin is closed, restart the broker');
  assert.is(failures.length, 1);
  assert.is(host.describe().plugins[0]!.status, 'closed');
  await host.close();
});

test('a plugin that could not be brought back starts with the next good configuration', async () => {
  let isBroken = false;
  const moody = named('moody', {
    ...block(({ after }) => (after === 'new' ? 'restart' : 'live')),
    init: () => {
      if (isBroken) throw new Error('in a mood');
    },
    reload: () => assert.unreachable(),
  });
  const { host } = await started([moody]);
  isBroken = true;
  await errorOf('RELOAD_FAILED', () => host.reload(change('moody')));
  isBroken = false;
  await host.reload(new Map([['moody', 'newer']]));
  assert.is(host.describe().plugins[0]!.status, 'ready');
});

test('a hang in a reload ends at its deadline', async () => {
  const stuck = named('stuck', { ...block('live'), reload: () => new Promise<void>(() => {}) });
  const { host, ports } = await started([stuck]);
  const reloading = errorOf('RELOAD_FAILED', () => host.reload(change('stuck')));
  await ports.clock.advance(20_000);
  assert.match((await reloading).message, 'did not finish reload within 10000 ms');
});

test('reloads are taken one after the other', async () => {
  const seen: unknown[] = [];
  const plugin = named('a', {
    ...block('live'),
    async reload(_ctx, _state, { before, after }) {
      seen.push(`${before} to ${after}`);
      await Promise.resolve();
    },
  });
  const { host } = await started([plugin], 1);
  await Promise.all([host.reload(new Map([['a', 2]])), host.reload(new Map([['a', 3]]))]);
  assert.equal(seen, ['1 to 2', '2 to 3']);
});

test.run();
