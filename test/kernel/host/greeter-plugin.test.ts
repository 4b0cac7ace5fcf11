import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { HookTypes } from '../../../kernel/plugin-api.ts';
import { startPlugin, withEachCapabilitySet } from '../../kits/plugin-kit.ts';
import { plugin } from './greeter-plugin.ts';

const somebody = {} as HookTypes['connection'];
const shout = (text: string) => text.toUpperCase();

test('every client is greeted and counted, in the language there is', async () => {
  await withEachCapabilitySet(plugin, { capabilities: { 'greeting.language': shout } }, async (bench, absent) => {
    bench.hooks.connectionAuthenticated.slot!(somebody);
    assert.is(bench.log.at(-1), absent.length === 0 ? 'debug greeter: HELLO' : 'debug greeter: hello');
    const endpoint = bench.host.endpoints.get('/greetz')!;
    assert.equal(endpoint.value({ path: '/greetz', query: new URLSearchParams() }), { greeted: 1 });
  });
});

test('the greeting changes without a restart', async () => {
  const bench = await startPlugin(plugin, { config: { greeting: 'ahoy' } });
  await bench.host.reload(new Map([['greeter', { greeting: 'moin' }]]));
  bench.hooks.connectionAuthenticated.slot!(somebody);
  assert.is(bench.log.at(-1), 'debug greeter: moin');
  await bench.close();
  assert.is(bench.log.at(-1), 'info greeter: 1 clients greeted');
});

test.run();
