/** Power cuts at any moment of anything a driver does: what was durable is there, units are whole, and nothing is taken for damage. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { runStoreScript, type StoreScriptOptions } from './store-script.ts';

const COUNT = Number(process.env.GNATLET_SEEDS ?? 40);

async function runSeeds(count: number, script: StoreScriptOptions): Promise<{ crashes: number; checks: number }> {
  const first = chooseSeed();
  const total = { crashes: 0, checks: 0 };
  for (let seed = first; seed < first + count; seed++) {
    try {
      const { crashes, checks } = await runStoreScript(seed, script);
      total.crashes += crashes;
      total.checks += checks;
    } catch (error) {
      console.error(`failed with GNATLET_SEED=${seed}`);
      throw error;
    }
  }
  return total;
}

test('D-1 D-3 D-13 D-26: after any power cut a store is as it was at a moment since the last durable one', async () => {
  const { crashes, checks } = await runSeeds(COUNT, { lives: 5, isPlain: true });
  assert.ok(crashes > COUNT && checks > COUNT);
});

test('the same with a journal that is always at its limit', () =>
  runSeeds(Math.ceil(COUNT / 3), { lives: 5, options: { journalBytesMax: 150_000 } }).then(() => {}));

test('D-17: the same on a disk whose writes and syncs fail now and then', () =>
  runSeeds(Math.ceil(COUNT / 3), {
    lives: 4,
    spoil: ({ disk }, random) => {
      disk.faults.rates.syncError = [0, 0.02, 0.08][random.below(3)]!;
      disk.faults.rates.writeError = [0, 0.02][random.below(2)]!;
    },
  }).then(() => {}));

test('S-30 S-34: the same with everything compressed and encrypted', () =>
  runSeeds(Math.ceil(COUNT / 3), {
    lives: 5,
    options: { key: Buffer.from('a key of some length'), cipher: 'aes', compression: 's2' },
  }).then(() => {}));

test.run();
