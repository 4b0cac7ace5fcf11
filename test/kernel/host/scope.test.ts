import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Scope } from '../../../kernel/host/scope.ts';
import { hostOf, named } from './host-bench.ts';

test('a factory gets what it destructures, and is called when first asked for', () => {
  let made = 0;
  const scope = Scope.root('server').value('size', 3);
  scope.once('store', ({ size }: { size: number }) => ({ id: ++made, size }));
  assert.is(made, 0);
  assert.equal(scope.get('store'), { id: 1, size: 3 });
  assert.is(scope.get('store'), scope.get('store'));
});

test('a scope below sees what stands above, and made once is made once', () => {
  const server = Scope.root('server');
  const plugin = server.child('plugin');
  plugin.once('store', () => ({}));
  assert.is(plugin.child('$G').get('store'), plugin.child('other').get('store'));
  assert.is(server.has('store'), false);
});

test('what is made for each scope differs from account to account', () => {
  const plugin = Scope.root('server').child('plugin');
  plugin.each('streams', ({ scope }: { scope: Scope }) => ({ account: scope.name }));
  const account = plugin.child('$G');
  assert.equal(account.get('streams'), { account: '$G' });
  assert.is(account.get('streams'), account.get('streams'));
  assert.equal(plugin.child('other').get('streams'), { account: 'other' });
});

test('services are disposed in the reverse of the order in which they were made, children first', async () => {
  const disposed: string[] = [];
  const note = (name: string) => () => void disposed.push(name);
  const plugin = Scope.root('server').child('plugin');
  plugin.once('b', () => ({}), note('b'));
  plugin.once('a', ({ b }: { b: object }) => ({ b }), note('a'));
  plugin.once('unused', () => ({}), note('unused'));
  plugin.each('c', () => ({}), note('c'));
  plugin.get('a');
  plugin.child('$G').get('c');
  await plugin.dispose();
  assert.equal(disposed, ['c', 'a', 'b']);
});

test('a service that fails to be disposed keeps no other from it', async () => {
  const disposed: string[] = [];
  const scope = Scope.root('server').child('plugin');
  scope.once(
    'a',
    () => 1,
    () => void disposed.push('a'),
  );
  scope.once(
    'b',
    () => 2,
    async () => Promise.reject(new Error('stuck')),
  );
  scope.get('a');
  scope.get('b');
  try {
    await scope.dispose();
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, 'stuck');
  }
  assert.equal(disposed, ['a']);
});

test('services that need each other are told, not looped', () => {
  const scope = Scope.root('server').child('plugin');
  scope.once('a', ({ b }: { b: unknown }) => ({ b }));
  scope.once('b', ({ a }: { a: unknown }) => ({ a }));
  assert.throws(() => scope.get('a'), /Cyclic/);
});

test('an unknown service is answered with the nearest name, a second one of a name is refused', () => {
  const scope = Scope.root('server').value('store', 1).child('plugin');
  assert.throws(() => scope.get('stroe'), /no service "stroe".*did you mean "store"\? \[SERVICE_UNKNOWN\]/);
  assert.throws(() => scope.value('store', 2), /"store" is registered already.*\[SERVICE_DUPLICATE\]/);
});

test("a plugin's services reach its context, the ports and the capabilities it requires", async () => {
  let seen: unknown;
  const disk = named('disk', {
    provides: [{ name: 'store', cardinality: 'one' }],
    register: (ctx) => void ctx.provide('store', 'the disk'),
  });
  const user = named('user', {
    requires: [
      { name: 'store', cardinality: 'one' },
      { name: 'links', cardinality: 'chain', optional: true },
    ],
    init(ctx) {
      type Needs = { store: string; links: unknown[]; ports: unknown; context: unknown };
      ctx.scope.once('reader', ({ store, links, ports, context }: Needs) => ({ store, links, ports, context }));
      const { ports, context, ...rest } = ctx.scope.get<Needs>('reader');
      assert.is(ports, ctx.kernel.ports);
      assert.is(context, ctx);
      seen = rest;
    },
  });
  await hostOf([user, disk]).host.start();
  assert.equal(seen, { store: 'the disk', links: [] });
});

test("a plugin's scopes end with it", async () => {
  const disposed: string[] = [];
  const plugin = named('a', {
    init(ctx) {
      ctx.scope.each(
        'streams',
        () => ({}),
        () => void disposed.push('streams'),
      );
      ctx.scope.child('$G').get('streams');
    },
    close: () => void disposed.push('close'),
  });
  const { host } = hostOf([plugin]);
  await host.start();
  await host.close();
  assert.equal(disposed, ['close', 'streams']);
});

test.run();
