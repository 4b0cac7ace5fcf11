import { STORAGE_DRIVER } from 'gnatlet/contracts';
import { definePlugin, defineSchema, fields, type OptionsOf } from 'gnatlet/plugin';
import { SqliteDriver } from './sqlite-driver.ts';

const schema = defineSchema({
  file: fields.string('file', { default: 'gnatlet.sqlite', doc: 'The database; one process can have it at a time.' }),
});

export const plugin = definePlugin<OptionsOf<typeof schema.fields>>({
  name: 'gnatlet-storage-sqlite',
  version: '1.0.0',
  api: [1],
  summary: 'Keeps streams in a SQLite database',
  provides: [{ name: STORAGE_DRIVER, cardinality: 'named', id: 'sqlite' }],
  config: { key: 'storage_sqlite', schema, live: 'restart' },

  async init(ctx) {
    const driver = await SqliteDriver.open(ctx.kernel.ports, ctx.config.file);
    ctx.provide(STORAGE_DRIVER, driver, { id: driver.name });
    ctx.onDispose(() => driver.close());
  },
});
