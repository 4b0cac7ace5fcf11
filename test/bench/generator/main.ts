/** The generator's process: one order as JSON in the first argument, one result as JSON on standard output. */
import type { LoadResult, Order } from './load.ts';
import { runRequestLoad } from './request-load.ts';
import { runStreamLoad } from './stream-load.ts';

function run(order: Order): Promise<LoadResult> {
  return order.load.kind === 'stream' ? runStreamLoad(order, order.load) : runRequestLoad(order, order.load);
}

try {
  const result = await run(JSON.parse(process.argv[2] ?? '{}'));
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
