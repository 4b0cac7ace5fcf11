/** When the stores of a directory have checkpoints of their own: what is written from then on is where it is expected. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './until.ts';

/** `directory` is the store_dir of the configuration. */
export async function untilStoresAreOnDisk(directory: string, count: number): Promise<void> {
  const stores = join(directory, 'jetstream', 'stores');
  await until(() => {
    const names = existsSync(stores) ? readdirSync(stores) : [];
    return names.filter((name) => existsSync(join(stores, name, 'checkpoint.2'))).length === count;
  });
}
