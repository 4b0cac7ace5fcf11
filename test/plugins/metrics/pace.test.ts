/** However much there is to show, nobody waits for long. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { countedSlices } from '../../kits/counted-slices.ts';
import { type MetricsBench, startMetrics, textOf } from './metrics-bench.ts';

const ACCOUNTS = 10_000;
const SLICE_MS = 2;

async function manyAccounts(): Promise<MetricsBench> {
  const bench = await startMetrics({ maxAccounts: ACCOUNTS });
  for (let index = 0; index < ACCOUNTS; index++) bench.broker.accounts.ensure(`account-${index}`);
  return bench;
}

test('looking at ten thousand accounts rests after each slice', async () => {
  const bench = await manyAccounts();
  const { longest, rests } = countedSlices(bench, 0.1);
  await bench.ask();
  assert.ok(longest() <= SLICE_MS + 0.5, `${longest()} ms in one go`);
  assert.ok(rests() >= (ACCOUNTS * 0.1) / (SLICE_MS + 0.5), `${rests()} rests`);
  await bench.close();
});

test('printing ten thousand accounts rests after each slice, and gives the text out as it is made', async () => {
  const bench = await manyAccounts();
  const answer = await bench.ask();
  const { longest, rests } = countedSlices(bench, 0.1);
  let pieces = 0;
  let largest = 0;
  for await (const piece of answer.text as AsyncIterable<string>) {
    pieces++;
    largest = Math.max(largest, piece.length);
  }
  assert.ok(longest() <= SLICE_MS + 0.5, `${longest()} ms in one go`);
  assert.ok(rests() >= (9 * ACCOUNTS * 0.1) / (SLICE_MS + 0.5), `${rests()} rests`);
  assert.ok(pieces > 100 && largest < 64 * 1024, `${pieces} pieces of up to ${largest}`);
  await bench.close();
});

test('a text that nobody takes is not made', async () => {
  const bench = await manyAccounts();
  const answer = await bench.ask();
  let looks = 0;
  bench.ports.clock.monotonic = () => {
    looks++;
    return 0;
  };
  const text = (answer.text as AsyncIterable<string>)[Symbol.asyncIterator]();
  await text.next();
  await text.return!();
  assert.ok(looks < 1000, `${looks} samples were made`);
  assert.is(await textOf({ ...answer, text: 'rest' }), 'rest');
  await bench.close();
});

test.run();
