/** Random damage to anything on the disk: the rest is served, nothing wrong ever is, and what is lost is told exactly. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { runRotScript } from './rot-script.ts';

const COUNT = Number(process.env.GNATLET_SEEDS ?? 60);

test('D-9 D-10 D-11 D-12 D-14 D-16: whatever files are damaged and however, the rest is served, and what is lost is told', async () => {
  const first = chooseSeed();
  let lost = 0;
  for (let seed = first; seed < first + COUNT; seed++) {
    try {
      lost += (await runRotScript(seed)).lost;
    } catch (error) {
      console.error(`failed with GNATLET_SEED=${seed}`);
      throw error;
    }
  }
  assert.ok(lost > 0 || COUNT < 20);
});

test.run();
