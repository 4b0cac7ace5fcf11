import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AccountLoader } from '../../../plugins/operator/account-loader.ts';
import type { Trust } from '../../../plugins/operator/trust.ts';
import { encodePublicKey, NkeyKind } from '../../../protocols/nkeys/nkey-text.ts';

function keyOf(number: number): string {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, number);
  return encodePublicKey(NkeyKind.account, bytes);
}

test('a thousand accounts that are missing are remembered, and no more', async () => {
  const asked: string[] = [];
  const loader = new AccountLoader({
    trust: {} as Trust,
    timeoutMs: () => 1,
    monotonic: () => 0,
    after: () => () => {},
    warn: () => {},
    install: () => Promise.reject(new Error('nothing is found')),
    renew: async () => null,
  });
  loader.resolver = {
    fetch: async (key) => {
      asked.push(key);
      return null;
    },
    close: async () => {},
  };
  for (let number = 0; number < 1000; number++) await loader.load(keyOf(number));
  for (let number = 0; number < 1000; number++) await loader.load(keyOf(number));
  assert.is(asked.length, 1000);
  await loader.load(keyOf(1000));
  await loader.load(keyOf(0));
  assert.is(asked.length, 1002, 'the oldest was forgotten');
});

test.run();
