/** Keeps streams in LevelDB, for a process that is told of it by its configuration. The directory stands in the environment. */
import { definePlugin } from '../../../../kernel/plugin-api.ts';
import { STORAGE_DRIVER } from '../../../../storage-drivers/contract.ts';
import { LevelDriver } from '../../../../storage-drivers/level/level-driver.ts';

export const LEVEL_DIRECTORY = 'GNATLET_TEST_LEVEL_DIRECTORY';

export const plugin = definePlugin({
  name: 'test-level',
  version: '1.0.0',
  api: [1],
  summary: 'Keeps records in LevelDB',
  provides: [{ name: STORAGE_DRIVER, cardinality: 'named', id: 'file' }],
  async init(ctx) {
    const driver = await LevelDriver.open(ctx.kernel.ports, { directory: process.env[LEVEL_DIRECTORY]! });
    ctx.provide(STORAGE_DRIVER, driver, { id: 'file' });
    ctx.onDispose(() => driver.close());
  },
});
