/** Processes that are killed at any moment: what was acknowledged is there, and nothing is there twice. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chosenSeed, Seeded } from '../../../fuzz/seeded.ts';
import { killedAgainAndAgain } from './killed-broker.ts';

/** More of them by `kill-rounds.ts`. */
const ROUNDS = 4;

for (const kept of ['files', 'level'] as const) {
  test(`D-1 D-3 D-4 T-20: kept in ${kept}, what was confirmed outlives kills, to publishers and to consumers`, async () => {
    const seed = chosenSeed();
    const faults = await killedAgainAndAgain(new Seeded(seed), kept, ROUNDS);
    assert.equal(faults, [], `seed ${seed}: ${faults.join('; ')}`);
  });
}

test.run();
