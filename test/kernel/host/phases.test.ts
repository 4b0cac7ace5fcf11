import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Phase, PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import { settle } from '../../kits/fake-ports.ts';
import { errorOf, hostOf, journaled, named } from './host-bench.ts';

const STARTING = ['register', 'init', 'listen', 'ready'] as const;
const never = (): Promise<void> => new Promise(() => {});

test('all plugins pass a phase before any enters the next, and close in reverse', async () => {
  const journal: string[] = [];
  const { host } = hostOf([journaled('a', journal), journaled('b', journal)]);
  await host.start();
  await host.drain();
  await host.close();
  assert.equal(journal, [
    ...STARTING.flatMap((phase) => [`a ${phase}`, `b ${phase}`]),
    ...['b drain', 'a drain', 'b close', 'a close'],
  ]);
});

test('what register answers is the state of the other phases, one for each broker', async () => {
  const plugin = named('counter', {
    register: () => ({ count: 0 }),
    init: (_ctx, state) => void state.count++,
    ready: (_ctx, state) => assert.is(state.count, 1),
  });
  await hostOf([plugin]).host.start();
  await hostOf([plugin]).host.start();
});

test('a plugin without phases is fine', async () => {
  const { host } = hostOf([named('quiet')]);
  await host.start();
  await host.drain();
  assert.equal(await host.close(), []);
});

for (const phase of STARTING) {
  for (const how of ['throws', 'rejects'] as const) {
    if (phase === 'register' && how === 'rejects') continue;
    test(`a plugin that ${how} in ${phase} is named with phase and cause, and what was opened is closed`, async () => {
      const journal: string[] = [];
      const cause = new Error('no disk');
      const fail = () => {
        if (how === 'rejects') return Promise.reject(cause);
        throw cause;
      };
      const { host, hooks } = hostOf([
        journaled('a', journal, { register: (ctx) => void ctx.tap('server.ready', () => {}) }),
        journaled('bad', journal, { [phase]: fail }),
        journaled('c', journal),
      ]);
      const error = await errorOf('PLUGIN_PHASE_FAILED', () => host.start());
      assert.equal([error.plugin, error.phase, error.cause], ['bad', phase, cause]);
      assert.match(error.message, `plugin "bad" failed in ${phase}, no disk`);
      assert.equal(closed(journal), closedAfterFailureIn(phase));
      assert.not.ok(journal.includes(`c ${phase}`));
      assert.is(hooks.serverReady.slot, null);
    });
  }

  if (phase === 'register') continue;
  test(`a plugin that hangs in ${phase} is named after its deadline, and what was opened is closed`, async () => {
    const journal: string[] = [];
    const plugins = [journaled('a', journal), journaled('bad', journal, { [phase]: never }), journaled('c', journal)];
    const { host, ports } = hostOf(plugins);
    const starting = errorOf('PLUGIN_PHASE_TIMEOUT', () => host.start());
    await ports.clock.advance(9_999);
    assert.equal(closed(journal), []);
    await ports.clock.advance(1);
    const error = await starting;
    assert.equal([error.plugin, error.phase], ['bad', phase]);
    assert.match(error.message, `plugin "bad" did not finish ${phase} within 10000 ms`);
    assert.equal(closed(journal), closedAfterFailureIn(phase));
    assert.is(ports.clock.pending, 0);
  });
}

const closed = (journal: readonly string[]) => journal.filter((line) => line.endsWith(' close'));

/** Only what began to open is closed: nothing for register, not those after the failing one for init. */
function closedAfterFailureIn(phase: Phase): string[] {
  if (phase === 'register') return [];
  return phase === 'init' ? ['bad close', 'a close'] : ['c close', 'bad close', 'a close'];
}

test('register may not wait', async () => {
  const { host } = hostOf([named('late', { register: async () => Promise.reject(new Error('too late')) })]);
  const error = await errorOf('PLUGIN_PHASE_FAILED', () => host.start());
  assert.match(error.message, 'register must be synchronous');
});

test('a deadline can be set for the host, for a phase, and by a plugin', async () => {
  const slow = named('slow', { init: never, deadlinesMs: { init: 500 } });
  for (const [plugin, options, deadlineMs] of [
    [named('x', { init: never }), { deadlineMs: 50 }, 50],
    [named('x', { init: never }), { deadlineMs: 50, deadlinesMs: { init: 70 } }, 70],
    [slow, { deadlineMs: 50 }, 500],
  ] as const) {
    const { host, ports } = hostOf([plugin], options);
    const starting = errorOf('PLUGIN_PHASE_TIMEOUT', () => host.start());
    await ports.clock.advance(deadlineMs);
    assert.match((await starting).message, `within ${deadlineMs} ms`);
  }
});

test('a phase that ends after its deadline harms nobody, and can register nothing any more', async () => {
  let finish = () => {};
  const late: unknown[] = [];
  const plugin = named('late', {
    async init(ctx) {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      late.push(ctx.signal.aborted);
      ctx.onDispose(() => void late.push('closed at once'));
      ctx.tap('server.ready', () => {});
      late.push('never');
    },
  });
  const { host, ports, hooks } = hostOf([plugin]);
  const starting = errorOf('PLUGIN_PHASE_TIMEOUT', () => host.start());
  await ports.clock.advance(10_000);
  await starting;
  finish();
  await settle();
  assert.equal(late, [true, 'closed at once']);
  assert.is(hooks.serverReady.slot, null);
});

test('a plugin that throws in close is reported and the rest still close', async () => {
  const journal: string[] = [];
  const bad = journaled('bad', journal, {
    close: () => {
      throw new Error('stuck lid');
    },
  });
  const { host, failures } = hostOf([journaled('a', journal), bad, journaled('c', journal)]);
  await host.start();
  const answered = await host.close();
  assert.equal(closed(journal), ['c close', 'bad close', 'a close']);
  assert.equal(answered, failures);
  assert.is(failures.length, 1);
  assert.match(failures[0]!.message, 'plugin "bad" failed in close, stuck lid');
});

test('a plugin that hangs in close or drain is reported after its deadline and the rest go on', async () => {
  const journal: string[] = [];
  const { host, ports, failures } = hostOf([
    journaled('a', journal),
    journaled('bad', journal, { drain: never, close: never }),
  ]);
  await host.start();
  const draining = host.drain();
  await ports.clock.advance(10_000);
  await draining;
  const closing = host.close();
  await ports.clock.advance(10_000);
  await closing;
  assert.equal(journal.slice(-4), ['bad drain', 'a drain', 'bad close', 'a close']);
  assert.equal(
    failures.map((failure) => [failure.code, failure.phase]),
    [
      ['PLUGIN_PHASE_TIMEOUT', 'drain'],
      ['PLUGIN_PHASE_TIMEOUT', 'close'],
    ],
  );
});

test('a failure while closing does not hide why the start failed', async () => {
  const fails = (text: string) => () => {
    throw new Error(text);
  };
  const { host, failures } = hostOf([named('bad', { init: fails('first'), close: fails('second') })]);
  const error = await errorOf('PLUGIN_PHASE_FAILED', () => host.start());
  assert.match(error.message, 'first');
  assert.match(failures[0]!.message, 'second');
});

test('closing twice closes once', async () => {
  const journal: string[] = [];
  const { host } = hostOf([journaled('a', journal)]);
  await host.start();
  await Promise.all([host.close(), host.close()]);
  await host.close();
  assert.equal(closed(journal), ['a close']);
});

test('a close during the start tells the plugin to give up, waits for it, and closes what is open', async () => {
  const journal: string[] = [];
  const slow = journaled('slow', journal, {
    init: (ctx) => new Promise<void>((resolve) => ctx.signal.addEventListener('abort', () => resolve())),
  });
  const { host } = hostOf([journaled('a', journal), slow, journaled('c', journal)]);
  const starting = errorOf('HOST_CLOSED', () => host.start());
  await settle();
  await host.close();
  await starting;
  assert.equal(journal.slice(-2), ['slow close', 'a close']);
  assert.not.ok(journal.includes('c init'));
});

test('a closed host starts nothing', async () => {
  const { host } = hostOf([named('a')]);
  await host.close();
  await errorOf('HOST_CLOSED', () => host.start());
  await errorOf('HOST_CLOSED', () => host.reload(new Map()));
});

test('providers stay open until those who use them have closed', async () => {
  const seen: boolean[] = [];
  const store = { isOpen: true };
  const disk: PluginDefinition = named('disk', {
    provides: [{ name: 'store', cardinality: 'one' }],
    init: (ctx) => void ctx.provide('store', store),
    close: () => {
      store.isOpen = false;
    },
  });
  const user = named('user', {
    requires: [{ name: 'store', cardinality: 'one' }],
    close: (ctx) => void seen.push(ctx.use<typeof store>('store').isOpen),
  });
  const { host } = hostOf([user, disk]);
  await host.start();
  await host.close();
  assert.equal(seen, [true]);
});

test('every phase is timed', async () => {
  const { host, ports } = hostOf([
    named('a', { init: () => new Promise((resolve) => ports.clock.after(250, resolve)), listen: () => {} }),
  ]);
  const starting = host.start();
  await ports.clock.advance(250);
  await starting;
  assert.equal(host.describe().plugins[0]!.phases, [
    { phase: 'init', milliseconds: 250, outcome: 'done' },
    { phase: 'listen', milliseconds: 0, outcome: 'done' },
  ]);
});

test.run();
