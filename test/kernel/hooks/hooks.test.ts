import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CATALOGUE, type HookName } from '../../../kernel/hooks/catalogue.ts';
import { createHooks, describeHooks, hookPoint } from '../../../kernel/hooks/hooks.ts';
import { nearestName } from '../../../kernel/hooks/nearest-name.ts';

const silent = { tapThrew: () => {} };

const EXPECTED = `server.configure server.ready server.reload server.lameDuck server.close
  connection.accept connection.hello connection.authenticate connection.authenticated connection.closed connection.slow
  connection.stale account.resolve account.created account.changed account.removed subscription.check interest.first
  interest.last publish.check publish.unrouted delivery.dropped system.advisory stats.collect trace.hop`.split(/\s+/);

const SYNCHRONOUS = `connection.authenticated connection.closed connection.slow connection.stale subscription.check
  interest.first interest.last publish.check publish.unrouted delivery.dropped system.advisory stats.collect
  trace.hop`.split(/\s+/);

test('the catalogue holds every promised hook', () => {
  const missing = EXPECTED.filter((name) => !Object.hasOwn(CATALOGUE, name));
  assert.equal(missing, []);
});

test('hooks beside the road of a message are synchronous, as their callers do not wait', () => {
  const awaited = describeHooks(createHooks(silent)).filter((hook) => hook.plane === 'control');
  const names = awaited.map((hook) => hook.name);
  assert.equal(
    SYNCHRONOUS.filter((name) => names.includes(name)),
    [],
  );
});

test('admission, authentication and permission are refused when a tap throws', () => {
  const deciding = describeHooks(createHooks(silent)).filter((hook) => hook.isDeciding);
  assert.equal(deciding.map((hook) => hook.name).sort(), [
    'connection.accept',
    'connection.authenticate',
    'publish.check',
    'subscription.check',
  ]);
});

test('every hook states its guarantee, and takes at most four arguments', () => {
  for (const hook of describeHooks(createHooks(silent))) {
    assert.ok(hook.guarantee.endsWith('.'), hook.name);
    assert.ok(hook.parameters.length <= 4, hook.name);
  }
});

test('hooks of two brokers are strangers', () => {
  const [one, other] = [createHooks(silent), createHooks(silent)];
  one.serverReady.tap({ plugin: 'a', rank: 0 }, () => {});
  assert.type(one.serverReady.slot, 'function');
  assert.is(other.serverReady.slot, null);
});

test('a hook is found by its name and lives in a field', () => {
  const hooks = createHooks(silent);
  assert.is(hookPoint(hooks, 'publish.check'), hooks.publishCheck);
  assert.is(hookPoint(hooks, 'server.lameDuck'), hooks.serverLameDuck);
});

test('an unknown hook is answered with the nearest name', () => {
  assert.throws(
    () => hookPoint(createHooks(silent), 'publish.chekc' as HookName),
    /there is no hook "publish.chekc".*did you mean "publish.check"\? \[HOOK_UNKNOWN\]/,
  );
});

test('a name is suggested only when it is near', () => {
  assert.is(nearestName('plugin', ['plugins', 'port']), 'plugins');
  assert.is(nearestName('PLUGINS', ['plugins']), 'plugins');
  assert.is(nearestName('xyz', ['plugins', 'port']), null);
  assert.is(nearestName('anything', []), null);
});

test.run();
