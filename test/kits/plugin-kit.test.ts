import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  definePlugin,
  defineSchema,
  fields,
  type PluginContext,
  type PluginDefinition,
} from '../../kernel/plugin-api.ts';
import { startPlugin, withEachCapabilitySet } from './plugin-kit.ts';

const made = (init: (ctx: PluginContext) => void | Promise<void>, rest: Partial<PluginDefinition> = {}) =>
  definePlugin({ name: 'under-test', version: '1.0.0', api: [1], init, ...rest });

async function leftBy(init: (ctx: PluginContext) => void | Promise<void>): Promise<string> {
  const bench = await startPlugin(made(init));
  try {
    await bench.close();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

test('a plugin that registers through its context leaves nothing behind', async () => {
  const left = await leftBy(async (ctx) => {
    ctx.tap('connection.closed', () => {});
    ctx.every(1_000, () => {});
    ctx.subscribe(ctx.kernel.broker.accounts.global, 'a.>', () => {});
    const listener = await ctx.kernel.ports.network.listen({ host: '127.0.0.1', port: -1 }, () => {});
    ctx.onDispose(() => listener.close());
  });
  assert.is(left, '');
});

test('a timer, a listener and a tap that are left behind are found', async () => {
  assert.match(await leftBy((ctx) => void ctx.kernel.ports.clock.after(1, () => {})), 'left behind: 1 timers');
  const listen = async (ctx: PluginContext) =>
    void (await ctx.kernel.ports.network.listen({ host: '127.0.0.1', port: 4222 }, () => {}));
  assert.match(await leftBy(listen), 'left behind: a listener on 127.0.0.1:4222');
  const subscribe = ({ kernel: { broker } }: PluginContext) =>
    void broker.publisher.subscribe(broker.accounts.global, 'a.>', '', () => {});
  assert.match(await leftBy(subscribe), 'left behind: 1 subscriptions');
  const tap = (ctx: PluginContext) =>
    void ctx.kernel.hooks.connectionClosed.tap({ plugin: 'under-test', rank: 0 }, () => {});
  assert.match(await leftBy(tap), 'left behind: a tap on connection.closed');
});

test('a plugin is tried without each optional capability, and without any', async () => {
  const tried: string[] = [];
  const plugin = made(
    (ctx) => {
      const [a, b, c] = [ctx.use('a'), ctx.useOptional('b', 'x'), ctx.useAll('c').map(({ value }) => value)];
      tried.push([a, b, ...c].join(' '));
    },
    {
      requires: [
        { name: 'a', cardinality: 'one' },
        { name: 'b', cardinality: 'named', optional: true },
        { name: 'c', cardinality: 'chain', optional: true },
      ],
    },
  );
  const absences: string[] = [];
  const capabilities = { a: 'A', b: { x: 'X', y: 'Y' }, c: ['1', '2'] };
  await withEachCapabilitySet(plugin, { capabilities }, (_bench, absent) => void absences.push(absent.join()));
  assert.equal(absences, ['', 'b', 'c', 'b,c']);
  assert.equal(tried, ['A X 1 2', 'A  1 2', 'A X', 'A ']);
});

test('a fake for something the plugin does not require is a mistake', async () => {
  try {
    await startPlugin(
      made(() => {}),
      { capabilities: { z: 1 } },
    );
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, 'does not require "z"');
  }
});

test('a plugin starts with the defaults of its schema', async () => {
  let seen: unknown;
  const keep = (ctx: PluginContext) => {
    seen = ctx.config;
  };
  const plugin = made(keep, {
    config: { key: 'x', schema: { read: () => ({ size: 4 }) } },
  });
  await (await startPlugin(plugin)).close();
  assert.equal(seen, { size: 4 });
});

test('a block is read by the schema, at the start and by a reload, and mistakes in it are thrown', async () => {
  const schema = defineSchema({
    size: fields.integer('size', { default: 4, maximum: 9, live: 'yes', doc: 'A size.' }),
  });
  const sizes: number[] = [];
  const plugin = definePlugin<{ size: number }>({
    name: 'under-test',
    version: '1.0.0',
    api: [1],
    config: { key: 'x', schema, live: 'live' },
    init: (ctx) => void sizes.push(ctx.config.size),
    reload: (_ctx, _state, { after }) => void sizes.push(after.size),
  });
  const bench = await startPlugin(plugin, { block: { size: 5 } });
  await bench.reload({ size: 6 });
  await bench.reload({});
  const failure = await bench.reload({ size: 10, shape: 'round' }).catch((error: Error) => error.message);
  assert.match(failure as string, /^x\.size: .*\nx\.shape: unknown field "shape"/);
  assert.equal(sizes, [5, 6, 4]);
  await bench.close();
});

test('what a plugin provides can be taken, and what it does not provide is told', async () => {
  const offers = [{ name: 'a.b', cardinality: 'one' }] as const;
  const bench = await startPlugin(made((ctx) => void ctx.provide('a.b', 7), { provides: offers }));
  assert.is(bench.provided<number>('a.b'), 7);
  assert.throws(() => bench.provided('a.c'), /plugin "under-test" does not provide "a.c"/);
  await bench.close();
});

test.run();
