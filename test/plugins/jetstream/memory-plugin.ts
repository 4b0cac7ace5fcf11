/** Provides the memory driver, for streams of both kinds of storage. */
import { definePlugin } from '../../../kernel/plugin-api.ts';
import { STORAGE_DRIVER } from '../../../storage-drivers/contract.ts';
import { MemoryDriver } from '../../../storage-drivers/memory/memory-driver.ts';

export const memoryPlugin = definePlugin({
  name: 'test-storage',
  version: '1.0.0',
  api: [1],
  summary: 'Keeps records in memory',
  provides: ['memory', 'file'].map((id) => ({ name: STORAGE_DRIVER, cardinality: 'named' as const, id })),

  init(ctx) {
    for (const id of ['memory', 'file']) {
      const driver = new MemoryDriver(ctx.kernel.ports);
      ctx.provide(STORAGE_DRIVER, driver, { id });
      ctx.onDispose(() => driver.close());
    }
  },
});
