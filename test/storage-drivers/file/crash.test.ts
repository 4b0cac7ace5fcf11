/** Power cuts at any moment of anything a driver does: what was durable is there, units are whole, and nothing is taken for damage. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { CRASH_VARIANTS, runVariant } from './crash-variants.ts';

const COUNT = Number(process.env.GNATLET_SEEDS ?? 14);

for (const variant of CRASH_VARIANTS) {
  test(`D-1 D-3 D-13 D-17 D-26 S-24 S-30 S-32: a store is as it was at a moment since the last durable one after power cuts ${variant.name}`, async () => {
    const { crashes, checks } = await runVariant(variant, chooseSeed(), COUNT);
    assert.ok(crashes > COUNT && checks > COUNT);
  });
}

test.run();
