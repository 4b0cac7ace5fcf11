import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Broker } from '../../../kernel/broker.ts';
import { DEFAULT_BROKER_OPTIONS } from '../../../kernel/broker-options.ts';
import type { Stage } from '../../../kernel/hooks/tap.ts';
import { endpointText, isEndpointText } from '../../../kernel/host/endpoint-text.ts';
import type { PluginContext } from '../../../kernel/host/plugin-context.ts';
import type { Cardinality, PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import { settle } from '../../kits/fake-ports.ts';
import { listLog } from '../../kits/plugin-kit.ts';
import { errorOf, hostOf, named } from './host-bench.ts';

const offer = (name: string, cardinality: Cardinality = 'one', id?: string) =>
  id === undefined ? { name, cardinality } : { name, cardinality, id };

test('everything registered through the context is undone on close, the latest first', async () => {
  const undone: string[] = [];
  const plugin = named('busy', {
    provides: [offer('thing')],
    verbs: [{ connectionKind: 'client', verb: 'HEY' }],
    endpoints: [{ path: '/hey', summary: '' }],
    register(ctx) {
      ctx.tap('connection.closed', () => {});
      ctx.provide('thing', 1);
      ctx.verb('client', 'HEY', () => {});
      ctx.endpoint('/hey', () => 'hey');
      ctx.every(1_000, () => {});
      ctx.after(1_000, () => {});
      ctx.onDispose(() => void undone.push('first'));
    },
    init: (ctx) => void ctx.onDispose(async () => void undone.push('second')),
    close: () => void undone.push('close'),
  });
  const { host, hooks, ports } = hostOf([plugin]);
  await host.start();
  assert.type(hooks.connectionClosed.slot, 'function');
  assert.is(host.capabilities.find('thing')?.value, 1);
  assert.equal([host.verbs.get('client HEY')?.plugin, host.endpoints.get('/hey')?.plugin], ['busy', 'busy']);
  assert.is(ports.clock.pending, 2);
  await host.close();
  assert.is(hooks.connectionClosed.slot, null);
  assert.is(host.capabilities.find('thing'), undefined);
  assert.equal([host.verbs.entries(), host.endpoints.entries()], [[], []]);
  assert.is(ports.clock.pending, 0);
  assert.equal(undone, ['close', 'second', 'first']);
});

test('a plugin sees what all plugins serve just now, and what runs', async () => {
  let seen: PluginContext | null = null;
  const server = named('server', {
    endpoints: [{ path: '/hey', summary: '' }],
    init: (ctx) => void ctx.endpoint('/hey', ({ accept }) => endpointText('text/plain', `hey, ${accept}`)),
  });
  const looker = named('looker', {
    register(ctx) {
      seen = ctx;
    },
  });
  const { host } = hostOf([server, looker]);
  await host.register();
  assert.equal([...seen!.endpoints().keys()], []);
  await host.init();
  const answer = await seen!.endpoints().get('/hey')!({ path: '/hey', query: new URLSearchParams(), accept: 'x' });
  assert.ok(isEndpointText(answer));
  assert.equal(answer, { isEndpointText: true, contentType: 'text/plain', text: 'hey, x' });
  for (const other of [null, 'text', { text: 'x' }]) assert.not(isEndpointText(other));
  const { plugins } = seen!.describe();
  assert.equal(
    plugins.map(({ name, status, phases }) => [name, status, phases.map(({ phase }) => phase)]),
    [
      ['server', 'starting', ['init']],
      ['looker', 'starting', ['register']],
    ],
  );
  await host.close();
});

test('a registration can be undone early, once', async () => {
  const undone: string[] = [];
  const plugin = named('fickle', {
    init(ctx) {
      const untap = ctx.tap('connection.closed', () => {});
      const dispose = ctx.onDispose(() => void undone.push('x'));
      for (const undo of [untap, untap, dispose, dispose, ctx.after(5, () => {})]) undo();
    },
  });
  const { host, hooks, ports } = hostOf([plugin]);
  await host.start();
  assert.equal([hooks.connectionClosed.slot, ports.clock.pending, undone], [null, 0, ['x']]);
  await host.close();
  assert.equal(undone, ['x']);
});

test('a disposer that throws or hangs is reported and the others still run', async () => {
  const undone: string[] = [];
  const plugin = named('clumsy', {
    register(ctx) {
      ctx.onDispose(() => void undone.push('first'));
      ctx.onDispose(() => new Promise(() => {}));
      ctx.onDispose(() => {
        throw new Error('slipped');
      });
    },
  });
  const { host, ports, failures } = hostOf([plugin]);
  await host.start();
  const closing = host.close();
  await ports.clock.advance(10_000);
  await closing;
  assert.equal(undone, ['first']);
  assert.equal(
    failures.map((failure) => failure.code),
    ['PLUGIN_CALLBACK_FAILED', 'PLUGIN_CALLBACK_FAILED'],
  );
  assert.match(failures[0]!.message, 'plugin "clumsy" failed in undoing what it registered, slipped');
  assert.match(failures[1]!.message, 'not done after 10000 ms');
});

test('a timer that throws is reported with the plugin, and a repeating one goes on', async () => {
  let runs = 0;
  const fail = (): never => {
    runs++;
    throw new Error('tick');
  };
  const plugin = named('ticker', {
    ready(ctx) {
      ctx.every(100, fail);
      ctx.every(100, async () => fail());
      ctx.after(100, fail);
    },
  });
  const { host, ports, failures } = hostOf([plugin]);
  await host.start();
  await ports.clock.advance(250);
  assert.is(runs, 5);
  assert.is(failures.length, 5);
  assert.match(failures[0]!.message, 'plugin "ticker" failed in a timer, tick');
  await host.close();
  await ports.clock.advance(1_000);
  assert.is(runs, 5);
});

test('a repeating timer waits for its last run', async () => {
  let runs = 0;
  let finish = () => {};
  const plugin = named('slow', {
    ready: (ctx) =>
      void ctx.every(100, () => {
        runs++;
        return new Promise<void>((resolve) => {
          finish = resolve;
        });
      }),
  });
  const { host, ports } = hostOf([plugin]);
  await host.start();
  await ports.clock.advance(1_000);
  assert.is(runs, 1);
  finish();
  await ports.clock.advance(100);
  assert.is(runs, 2);
  await host.close();
  finish();
  await settle();
  assert.is(ports.clock.pending, 0);
});

test('a chain is walked by stage, then by the order of the plugins', async () => {
  const link = (name: string, order?: Stage) =>
    named(name, {
      provides: [offer('auth', 'chain')],
      init: (ctx) => void ctx.provide('auth', name, order === undefined ? {} : { order }),
    });
  let walked: string[] = [];
  const door = named('door', {
    requires: [offer('auth', 'chain')],
    init(ctx) {
      walked = ctx.useAll<string>('auth').map((entry) => entry.value);
    },
  });
  await hostOf([door, link('z', 'last'), link('b'), link('a'), link('f', 'first')]).host.start();
  assert.equal(walked, ['f', 'b', 'a', 'z']);
});

test('named capabilities are told apart by their id', async () => {
  const store = (id: string) =>
    named(`store-${id}`, {
      provides: [offer('store', 'named', id)],
      register: (ctx) => void ctx.provide('store', `the ${id}`, { id }),
    });
  const seen: unknown[] = [];
  const user = named('user', {
    requires: [{ name: 'store', cardinality: 'named' }],
    init(ctx) {
      seen.push(ctx.use('store', 'disk'), ctx.useOptional('store', 'tape'));
      seen.push(ctx.useAll('store').map(({ plugin, id }) => `${plugin} ${id}`));
    },
  });
  await hostOf([store('memory'), store('disk'), user]).host.start();
  assert.equal(seen, ['the disk', undefined, ['store-memory memory', 'store-disk disk']]);
});

test('an absent optional capability is undefined for useOptional and an error for use', async () => {
  const user = named('user', {
    requires: [{ name: 'store', cardinality: 'one', optional: true }],
    init(ctx) {
      assert.is(ctx.useOptional('store'), undefined);
      assert.equal(ctx.useAll('store'), []);
      ctx.use('store');
    },
  });
  const error = await errorOf('PLUGIN_PHASE_FAILED', () => hostOf([user]).host.start());
  assert.match(error.message, 'uses "store", which nobody provides');
});

const misuses: [string, RegExp, Partial<PluginDefinition>][] = [
  ['uses what it does not require', /uses "stoer".*did you mean "store"\?/, { init: (ctx) => void ctx.use('stoer') }],
  ['uses a capability in register', /uses "store" in register/, { register: (ctx) => void ctx.use('store') }],
  [
    'provides what it does not offer',
    /provides "thign" without.*did you mean "thing"\?/,
    { init: (ctx) => void ctx.provide('thign', 1) },
  ],
  [
    'provides after init',
    /provides "thing" in listen/,
    { init: (ctx) => void ctx.provide('thing', 1), listen: (ctx) => void ctx.provide('thing', 1) },
  ],
  ['provides twice', /provides "thing" a second time/, { init: twice((ctx) => ctx.provide('thing', 1)) }],
  [
    'serves an endpoint it does not list',
    /registers "\/ho" without saying so/,
    { init: (ctx) => void ctx.endpoint('/ho', () => 1) },
  ],
  [
    'serves an endpoint twice',
    /registers "\/hey" a second time/,
    { init: twice((ctx) => ctx.endpoint('/hey', () => 1)) },
  ],
  [
    'serves a verb it does not list',
    /registers "client HO" without saying so/,
    { init: (ctx) => void ctx.verb('client', 'HO', 1) },
  ],
  [
    'taps a hook that does not exist',
    /there is no hook "publish.chek".*did you mean "publish.check"/,
    { init: (ctx) => void ctx.tap('publish.chek' as 'publish.check', () => undefined) },
  ],
  ['does not provide what it offers', /says that it provides "thing" and did not/, {}],
];

function twice(run: (ctx: PluginContext) => unknown): (ctx: PluginContext) => void {
  return (ctx) => {
    run(ctx);
    run(ctx);
  };
}

for (const [what, expected, phases] of misuses) {
  test(`a plugin that ${what} fails with advice`, async () => {
    const disk = named('disk', { provides: [offer('store')], register: (ctx) => void ctx.provide('store', 1) });
    const plugin = named('clumsy', {
      requires: [offer('store')],
      provides: [offer('thing')],
      endpoints: [{ path: '/hey', summary: '' }],
      ...phases,
    });
    const { host } = hostOf([disk, plugin]);
    try {
      await host.start();
      assert.unreachable();
    } catch (error) {
      assert.match((error as Error).message, expected);
      assert.match((error as Error).message, 'plugin "clumsy"');
    }
  });
}

test('log lines carry the name of the plugin', async () => {
  const lines: string[] = [];
  const { ports, hooks } = hostOf([]);
  const plugin = named('chatty', {
    init(ctx) {
      for (const level of ['trace', 'debug', 'info', 'warn', 'error'] as const) ctx.log[level]('hi');
      assert.ok(ctx.log.isDebugging && ctx.log.isTracing);
    },
  });
  const kernel = { ports, hooks, log: listLog(lines), options: DEFAULT_BROKER_OPTIONS };
  await hostOf([plugin], { kernel: { ...kernel, broker: new Broker(kernel) } }).host.start();
  assert.equal(
    lines,
    ['trace', 'debug', 'info', 'warn', 'error'].map((level) => `${level} chatty: hi`),
  );
});

test('a description answers what runs, what it owns, and who taps what', async () => {
  const schema = { read: () => ({}) };
  const disk = named('disk', {
    summary: 'Keeps things',
    provides: [offer('store')],
    config: { key: 'disk', aliases: ['disc'], schema },
    register: (ctx) => void ctx.provide('store', 1),
  });
  const user = named('user', {
    requires: [{ name: 'store', cardinality: 'one', optional: true }],
    flags: [{ name: 'use', takes: 'nothing', summary: '' }],
    register: (ctx) => void ctx.tap('publish.check', () => undefined, { stage: 'early' }),
  });
  const { host } = hostOf([user, { definition: disk, source: './disk.js' }]);
  assert.equal(host.describe().capabilities, [
    {
      name: 'store',
      cardinality: 'one',
      providedBy: [{ plugin: 'disk', id: '', isOpen: false }],
      requiredBy: [{ plugin: 'user', isOptional: true }],
    },
  ]);
  await host.start();
  const { plugins, capabilities, hooks } = host.describe();
  const [first, second] = plugins;
  assert.equal(
    [first!.name, first!.source, first!.configKeys, first!.provides],
    ['disk', './disk.js', ['disk', 'disc'], ['store']],
  );
  assert.equal([second!.status, second!.requires, second!.flags], ['ready', ['store?'], ['use']]);
  assert.is(capabilities[0]!.providedBy[0]!.isOpen, true);
  assert.equal(
    hooks.filter((hook) => hook.taps.length > 0).map((hook) => [hook.name, hook.taps]),
    [['publish.check', [{ plugin: 'user', stage: 'early', throws: 0 }]]],
  );
});

test('one plugin may own many timers and taps without slowing its close', async () => {
  const plugin = named('many', {
    init(ctx) {
      for (let i = 0; i < 5_000; i++) ctx.onDispose(() => {});
    },
  });
  const { host } = hostOf([plugin]);
  await host.start();
  const started = performance.now();
  await host.close();
  assert.ok(performance.now() - started < 1_000);
});

test.run();
