import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PluginContext } from '../../../kernel/host/plugin-context.ts';
import { startPlugin } from '../../kits/plugin-kit.ts';
import { named } from './host-bench.ts';

async function benchOf(ready: (ctx: PluginContext) => void) {
  const bench = await startPlugin(named('listener', { ready }));
  const { publisher, accounts } = bench.broker;
  const publish = (subject: string, body = ''): number => publisher.publish(accounts.global, { subject, body });
  return { bench, publish };
}

test('a plugin hears the messages it subscribes to, until it closes', async () => {
  const heard: string[] = [];
  const { bench, publish } = await benchOf((ctx) =>
    ctx.subscribe(ctx.kernel.broker.accounts.global, 'orders.*', (message) => {
      heard.push(`${message.subject} ${Buffer.from(message.body)}`);
    }),
  );
  assert.is(publish('orders.new', 'tea'), 1);
  assert.is(publish('other'), 0);
  await bench.close();
  assert.is(publish('orders.new', 'milk'), 0);
  assert.equal(heard, ['orders.new tea']);
});

test('a plugin that subscribes in a name instead of an account is told how to get the account', async () => {
  const messages: string[] = [];
  const { bench } = await benchOf((ctx) => {
    for (const account of ['$G', undefined]) {
      try {
        ctx.subscribe(account as never, 'a', () => {});
      } catch (error) {
        messages.push((error as Error).message);
      }
    }
  });
  await bench.close();
  assert.equal(messages, [
    'plugin "listener" subscribes to "a" in "$G", which is no Account: give it an Account, such as ctx.kernel.broker.accounts.get("$G") [PLUGIN_INVALID]',
    'plugin "listener" subscribes to "a" in undefined, which is no Account: give it an Account, such as ctx.kernel.broker.accounts.global [PLUGIN_INVALID]',
  ]);
});

test('members of a queue group share messages', async () => {
  let heard = 0;
  const { bench, publish } = await benchOf((ctx) => {
    for (let i = 0; i < 3; i++) ctx.subscribe(ctx.kernel.broker.accounts.global, 'a', () => void heard++, 'workers');
  });
  assert.is(publish('a'), 1);
  assert.is(heard, 1);
  await bench.close();
});

test('a handler that throws takes nothing, harms no other, and is told of now and then', async () => {
  let heard = 0;
  const { bench, publish } = await benchOf((ctx) => {
    const account = ctx.kernel.broker.accounts.global;
    ctx.subscribe(account, 'a', () => {
      throw new Error('indigestible');
    });
    ctx.subscribe(account, 'a', () => void heard++);
  });
  for (let i = 0; i < 150; i++) assert.is(publish('a'), 1);
  assert.is(heard, 150);
  assert.equal(
    bench.failures.map((failure) => failure.what),
    ['', ' for the 10th time', ' for the 100th time'].map(
      (times) => `plugin "listener" failed in its subscription to "a"${times}, indigestible`,
    ),
  );
  await bench.close();
});

test('a subscription ended while a message is on its way does not get it', async () => {
  const heard: string[] = [];
  const { bench, publish } = await benchOf((ctx) => {
    const account = ctx.kernel.broker.accounts.global;
    const ends = [0, 1].map((index) =>
      ctx.subscribe(account, 'a', () => {
        heard.push(`${index}`);
        for (const end of ends) end();
      }),
    );
  });
  publish('a');
  assert.is(heard.length, 1);
  await bench.close();
});

test.run();
