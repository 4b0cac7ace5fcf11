import type { LoadResult, Order } from './load.ts';
import { runRequestLoad } from './request-load.ts';
import { runStreamLoad } from './stream-load.ts';

export function runLoad(order: Order): Promise<LoadResult> {
  return order.load.kind === 'stream' ? runStreamLoad(order, order.load) : runRequestLoad(order, order.load);
}
