/** What whoever keeps streams in files is told of the configuration. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testBroker } from '../../../bin/testing.ts';
import { definePlugin } from '../../../kernel/plugin-api.ts';
import { plugin as jetstream } from '../../../plugins/jetstream/index.ts';
import { STORAGE_OPENER, type StorageOpener, type StoragePlace } from '../../../storage-drivers/contract.ts';
import { MemoryDriver } from '../../../storage-drivers/memory/memory-driver.ts';

async function toldOf(block: object): Promise<StoragePlace> {
  let told: StoragePlace | null = null;
  const keeper = definePlugin({
    name: 'told-storage',
    version: '1.0.0',
    api: [1],
    provides: [{ name: STORAGE_OPENER, cardinality: 'named', id: 'file' }],
    register(ctx) {
      const open: StorageOpener['open'] = async (place) => {
        told = place;
        return new MemoryDriver(ctx.kernel.ports);
      };
      ctx.provide(STORAGE_OPENER, { name: 'file', open }, { id: 'file' });
    },
  });
  const config = { plugins: ['auth'], jetstream: { store_dir: '/nowhere', ...block } };
  await using _ = await testBroker(config, { plugins: [keeper, jetstream] });
  return told!;
}

test('how long what was set aside is kept: for ever, or as long as is configured', async () => {
  assert.is((await toldOf({})).quarantineKeepMs, 0);
  assert.is((await toldOf({ quarantine_keep: '720h' })).quarantineKeepMs, 720 * 3_600_000);
});

test('how often files are synced, and under which cipher they are', async () => {
  const usual = await toldOf({});
  assert.equal([usual.syncIntervalMs, usual.key, usual.cipher], [0, null, 'chacha']);
  const { syncIntervalMs, key, cipher } = await toldOf({ sync_interval: '2m', key: 'secret', cipher: 'aes' });
  assert.equal([syncIntervalMs, Buffer.from(key!).toString(), cipher], [120_000, 'secret', 'aes']);
});

test.run();
