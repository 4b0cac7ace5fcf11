import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createServer } from '../../../bin/index.ts';

function cyclic(): object {
  const account: Record<string, unknown> = {};
  account.mappings = [account];
  return { accounts: { A: account } };
}

const MISUSES: [config: unknown, extras: unknown, message: string][] = [
  [null, {}, 'the configuration must be an object, got null'],
  ['port: 4222', {}, 'the configuration must be an object, got a string'],
  [[], {}, 'the configuration must be an object, got an array'],
  [cyclic(), {}, 'accounts.A.mappings.0 contains itself'],
  [{}, null, 'extras must be an object, got null'],
  [{}, { plugin: [] }, 'extras has no key "plugin"; did you mean "plugins"?'],
  [{}, { toString: 1 }, 'extras has no key "toString"'],
  [{}, { plugins: 'auth' }, 'extras.plugins must be an array, got a string'],
  [{}, { plugins: [null] }, 'extras.plugins[0] must be an object, got null'],
  [{}, { plugins: [{ use: 'auth', with: cyclic() }] }, 'extras.plugins[0].with.accounts.A.mappings.0 contains itself'],
  [{}, { log: {} }, 'extras.log has none of the functions trace, debug, info, warn, error'],
  [{}, { log: { info: true } }, 'extras.log.info must be a function, got a boolean'],
  [{}, { log: () => {} }, 'extras.log must be an object, got a function'],
  [{}, { ports: 4222 }, 'extras.ports must be an object, got a number'],
];

for (const [config, extras, message] of MISUSES) {
  test(`a program is told at once that ${message}`, () => {
    assert.throws(
      () => createServer(config as never, extras as never),
      (error: unknown) => error instanceof TypeError && error.message === `createServer: ${message}`,
    );
  });
}

test('one object in two places, keys without a value, and the console are no mistakes', () => {
  const limits = { max_connections: 1 };
  const config = { accounts: { A: { limits }, B: { limits } }, port: undefined };
  createServer(config as never, { log: console, plugins: undefined, ports: undefined } as never);
});

test.run();
