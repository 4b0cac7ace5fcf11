import type { LoadResult, Order } from './load.ts';
import { runRequestLoad } from './request-load.ts';
import { runStoreLoad } from './store-load.ts';
import { runStreamLoad } from './stream-load.ts';

export function runLoad(order: Order): Promise<LoadResult> {
  const { load } = order;
  if (load.kind === 'stream') return runStreamLoad(order, load);
  return load.kind === 'request' ? runRequestLoad(order, load) : runStoreLoad(order, load);
}
