import { FastRandom } from '../../../kernel/ports/fast-random.ts';

/** The seed of a random test: the one given as GNATLET_SEED, or a new one. */
export function chooseSeed(): number {
  return process.env.GNATLET_SEED === undefined ? Date.now() % 2 ** 32 : Number(process.env.GNATLET_SEED);
}

/** Runs a random test and says its seed when it fails. */
export async function withSeed(run: (random: FastRandom, seed: number) => Promise<void> | void): Promise<void> {
  const seed = chooseSeed();
  try {
    await run(FastRandom.fromSeed(seed), seed);
  } catch (error) {
    console.error(`failed with GNATLET_SEED=${seed}`);
    throw error;
  }
}
