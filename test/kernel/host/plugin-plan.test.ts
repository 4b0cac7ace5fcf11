import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PluginErrorCode } from '../../../kernel/hooks/plugin-error.ts';
import type { Cardinality, PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import { dependantsOf, planError, planPlugins } from '../../../kernel/host/plugin-plan.ts';
import { hostOf, named } from './host-bench.ts';

const names = (plugins: readonly PluginDefinition[]) => plugins.map((plugin) => plugin.name);
const offers = (name: string, cardinality: Cardinality = 'one', id?: string) => ({
  provides: [id === undefined ? { name, cardinality } : { name, cardinality, id }],
});
const needs = (name: string, cardinality: Cardinality = 'one', rest: { optional?: boolean; id?: string } = {}) => ({
  requires: [{ name, cardinality, ...rest }],
});

function problem(code: PluginErrorCode, plugins: readonly PluginDefinition[], known = new Map<string, string[]>()) {
  const { problems } = planPlugins(plugins, known);
  assert.equal(
    problems.map((found) => found.code),
    [code],
  );
  return problems[0]!;
}

test('plugins start in the order of the list when nothing speaks against it', () => {
  assert.equal(names(planPlugins([named('c'), named('a'), named('b')]).order), ['c', 'a', 'b']);
});

test('a provider starts before whoever needs it', () => {
  const plan = planPlugins([named('user', needs('store')), named('x'), named('disk', offers('store'))]);
  assert.equal(plan.problems, []);
  assert.equal(names(plan.order), ['x', 'disk', 'user']);
});

test('an optional need orders too when it is met, and is no problem when it is not', () => {
  const user = named('user', needs('store', 'one', { optional: true }));
  assert.equal(names(planPlugins([user, named('disk', offers('store'))]).order), ['disk', 'user']);
  assert.equal(planPlugins([user]).problems, []);
});

test('a late need sets no order, so that two plugins may need something of each other', () => {
  const late = { name: 'b', cardinality: 'one', isLate: true } as const;
  const plugins = [named('one', { ...offers('a'), requires: [late] }), named('two', { ...offers('b'), ...needs('a') })];
  const plan = planPlugins(plugins);
  assert.equal([plan.problems, names(plan.order)], [[], ['one', 'two']]);
  assert.equal(names(dependantsOf('two', plugins)), ['one']);
  problem('CAPABILITY_MISSING', [plugins[0]!]);
});

test('every provider of a chain starts before whoever walks it', () => {
  const plan = planPlugins([
    named('door', needs('auth', 'chain')),
    named('one', offers('auth', 'chain')),
    named('two', offers('auth', 'chain')),
  ]);
  assert.equal(names(plan.order), ['one', 'two', 'door']);
});

test('before and after name plugins, present or not', () => {
  const plan = planPlugins([
    named('a', { after: ['c', 'ghost'] }),
    named('b'),
    named('c'),
    named('d', { before: ['b'] }),
  ]);
  assert.equal(names(plan.order), ['c', 'a', 'd', 'b']);
});

test('a circle of needs is told with every step of it', () => {
  const found = problem('PLUGIN_ORDER_CYCLE', [
    named('a', { ...needs('y'), ...offers('x') }),
    named('b', { ...needs('x'), ...offers('y') }),
    named('c'),
  ]);
  assert.match(found.message, '"b" needs "x" of "a"');
  assert.match(found.message, '"a" needs "y" of "b"');
  assert.not.match(found.message, '"c"');
});

test('a plugin that must start before what it needs is told so', () => {
  const found = problem('PLUGIN_ORDER_CYCLE', [
    named('user', { ...needs('store'), before: ['disk'] }),
    named('disk', offers('store')),
  ]);
  assert.match(found.message, '"user" is before "disk"');
});

test('a need nobody meets names the plugin, the capability, and who could meet it', () => {
  const known = new Map([['store', ['disk', 'memory']]]);
  const found = problem('CAPABILITY_MISSING', [named('user', needs('store'))], known);
  assert.is(found.plugin, 'user');
  assert.match(found.message, 'plugin "user" needs the capability "store", which no plugin provides');
  assert.match(found.message, 'add "disk" or "memory" to the list of plugins');
});

test('a mistyped capability is answered with the nearest one on offer', () => {
  const found = problem('CAPABILITY_MISSING', [
    named('user', needs('account.resolvr')),
    named('r', offers('account.resolver')),
  ]);
  assert.match(found.message, 'did you mean "account.resolver"?');
});

test('a need for a certain one of the named capabilities is met by that one only', () => {
  const user = named('user', needs('store', 'named', { id: 'disk' }));
  const found = problem('CAPABILITY_MISSING', [user, named('m', offers('store', 'named', 'memory'))]);
  assert.match(found.message, '"store" with the id "disk"');
  assert.match(found.message, 'there is "memory"');
  const plan = planPlugins([
    user,
    named('d', offers('store', 'named', 'disk')),
    named('m', offers('store', 'named', 'memory')),
  ]);
  assert.equal(names(plan.order), ['d', 'user', 'm']);
});

test('two providers of what there can be only one of are named', () => {
  const found = problem('CAPABILITY_AMBIGUOUS', [named('a', offers('store')), named('b', offers('store'))]);
  assert.match(found.message, 'provided by "a" and "b"');
  problem('CAPABILITY_AMBIGUOUS', [
    named('a', offers('store', 'named', 'disk')),
    named('b', offers('store', 'named', 'disk')),
    named('c', offers('store', 'named', 'memory')),
  ]);
});

test('providers of a chain and of different names do not collide', () => {
  const plan = planPlugins([
    named('a', { provides: [...offers('auth', 'chain').provides, ...offers('store', 'named', 'disk').provides] }),
    named('b', { provides: [...offers('auth', 'chain').provides, ...offers('store', 'named', 'memory').provides] }),
  ]);
  assert.equal(plan.problems, []);
});

test('plugins that mean different things by one capability are told so', () => {
  const found = problem('CAPABILITY_CARDINALITY', [named('a', needs('auth')), named('b', offers('auth', 'chain'))]);
  assert.match(found.message, '"auth" is "one" for plugin "a" and "chain" for plugin "b"');
});

test('a plugin for another API version is told which side to update', () => {
  const future = problem('PLUGIN_API_VERSION', [named('new', { api: [7, 8] })]);
  assert.match(future.message, 'plugin "new" 1.0.0 speaks plugin API 7, 8, this broker speaks 1: update gnatlet');
  const past = problem('PLUGIN_API_VERSION', [named('old', { api: [0] })]);
  assert.match(past.message, 'use a newer version of the plugin');
  assert.equal(planPlugins([named('both', { api: [0, 1, 2] })]).problems, []);
});

test('a plugin that is listed twice is told with both versions', () => {
  const found = problem('PLUGIN_DUPLICATE', [named('a'), named('a', { version: '2.0.0' })]);
  assert.match(found.message, '1.0.0 and 2.0.0');
});

test('a key, flag, verb, endpoint or subject has one owner', () => {
  const schema = { read: () => ({}) };
  const claims: Partial<PluginDefinition>[] = [
    { config: { key: 'blue', schema } },
    { flags: [{ name: 'azure', takes: 'nothing', summary: '' }] },
    { verbs: [{ connectionKind: 'client', verb: 'HEY' }] },
    { endpoints: [{ path: '/hey', summary: '' }] },
    { subjects: ['$HEY.>'] },
  ];
  for (const claim of claims) problem('PLUGIN_CLAIM_CONFLICT', [named('a', claim), named('b', claim)]);
  const found = problem('PLUGIN_CLAIM_CONFLICT', [
    named('a', { config: { key: 'blue', aliases: ['azure'], schema } }),
    named('b', { config: { key: 'azure', schema } }),
  ]);
  assert.match(found.message, 'plugins "a" and "b" both own the configuration key "azure"');
});

test('everything that is wrong is told at once', async () => {
  const plugins = [named('a', needs('x')), named('b', { api: [9] }), named('b')];
  const all = planError(planPlugins(plugins).problems);
  assert.is(all.code, 'PLUGINS_INVALID');
  assert.equal(
    all.problems.map((found) => found.code),
    ['PLUGIN_API_VERSION', 'PLUGIN_DUPLICATE', 'CAPABILITY_MISSING'],
  );
  for (const one of all.problems) assert.match(all.message, one.message);
});

test('a host of plugins that do not fit together is not made, and none of them ran', () => {
  const register = () => assert.unreachable();
  assert.throws(() => hostOf([named('a', { ...needs('x'), register })]), /CAPABILITY_MISSING/);
});

test('dependants are found through others', () => {
  const plugins = [
    named('disk', offers('store')),
    named('streams', { ...needs('store'), ...offers('streams') }),
    named('bridge', needs('streams', 'one', { optional: true })),
    named('other', offers('else')),
  ];
  assert.equal(names(dependantsOf('disk', plugins)), ['streams', 'bridge']);
  assert.equal(names(dependantsOf('bridge', plugins)), []);
});

test("a definition without a plugin's shape is refused with all its faults", () => {
  const broken = { name: 'Über', version: 1, api: [], init: 'soon', provides: [{ name: 'x', cardinality: 'two' }] };
  assert.throws(() => named('x', broken as never), /name "Über" must.*version 1 must.*api \[\] must.*init must.*"two"/);
  assert.throws(
    () => named('x', { provides: [{ name: 's', cardinality: 'named' }] }),
    /provides "s" is named and needs an id/,
  );
  assert.throws(() => named('x', { config: { key: 'x' } as never }), /config needs a schema/);
});

test.run();
