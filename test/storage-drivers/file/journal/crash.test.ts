/** Power cuts: nothing durable is lost, and none is ever taken for damage (D-13). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseSeed } from '../../../kernel/ports/seed.ts';
import { runCrashScript, type ScriptOptions, type ScriptOutcome } from './crash-script.ts';

async function runSeeds(count: number, options: ScriptOptions): Promise<ScriptOutcome> {
  const first = chooseSeed();
  const total = { crashes: 0, reopened: 0, records: 0, cuts: 0 };
  for (let seed = first; seed < first + count; seed++) {
    try {
      const outcome = await runCrashScript(seed, options);
      for (const key of Object.keys(total) as (keyof ScriptOutcome)[]) total[key] += outcome[key];
    } catch (error) {
      console.error(`failed with GNATLET_SEED=${seed}`);
      throw error;
    }
  }
  return total;
}

const COUNT = Number(process.env.GNATLET_SEEDS ?? 150);

test('D-1 D-13: after any power cut all that was durable is there, and a torn end is no damage', async () => {
  const outcome = await runSeeds(COUNT, { rounds: 6 });
  assert.ok(outcome.crashes > 0 && outcome.reopened > 0 && outcome.records > 0 && outcome.cuts > 0);
});

test.run();
