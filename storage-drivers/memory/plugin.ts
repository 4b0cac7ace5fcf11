import { definePlugin } from '../../kernel/plugin-api.ts';
import { STORAGE_DRIVER } from '../contract.ts';
import { MemoryDriver } from './memory-driver.ts';

export const plugin = definePlugin({
  name: 'storage-memory',
  version: '1.0.0',
  api: [1],
  summary: 'Keeps streams in memory',
  provides: [{ name: STORAGE_DRIVER, cardinality: 'named', id: 'memory' }],

  register(ctx) {
    const driver = new MemoryDriver(ctx.kernel.ports);
    ctx.provide(STORAGE_DRIVER, driver, { id: driver.name });
    ctx.onDispose(() => driver.close());
  },
});
