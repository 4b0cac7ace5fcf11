/**
 * The same power cuts as in the tests, for as long as somebody likes: `npm run test:crash -- --minutes 20`, `--seeds 1000`, `--from SEED`,
 * `--only WORD`. Ends with 1 at the first failure, and says the seed.
 */

import { CRASH_VARIANTS, runVariant } from './crash-variants.ts';
import { runCrashScript } from './journal/crash-script.ts';

const SEEDS_AT_ONCE = 10;

function option(name: string, otherwise: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise);
}

async function run(): Promise<void> {
  const seeds = Number(option('seeds', 'Infinity'));
  const minutes = Number(option('minutes', seeds === Number.POSITIVE_INFINITY ? '15' : 'Infinity'));
  const only = option('only', '');
  const variants = CRASH_VARIANTS.filter(({ name }) => name.includes(only));
  const [begun, first] = [Date.now(), Number(option('from', String(Date.now() % 2 ** 32)))];
  const total = { seeds: 0, crashes: 0, checks: 0 };
  for (let done = 0; done < seeds && Date.now() - begun < minutes * 60_000; done += SEEDS_AT_ONCE) {
    const count = Math.min(SEEDS_AT_ONCE, seeds - done);
    for (const variant of variants) {
      const { crashes, checks } = await runVariant(variant, first + done, count);
      total.crashes += crashes;
      total.checks += checks;
      total.seeds += count;
    }
    if (only === '') {
      for (let seed = first + done; seed < first + done + count; seed++) total.crashes += await journalCrashes(seed);
    }
  }
  const seconds = Math.round((Date.now() - begun) / 1000);
  console.log(
    `${total.seeds} runs from seed ${first}, ${total.crashes} power cuts, ${total.checks} stores compared, ${seconds} s`,
  );
}

async function journalCrashes(seed: number): Promise<number> {
  try {
    return (await runCrashScript(seed, { rounds: 6 })).crashes;
  } catch (error) {
    console.error(`failed with GNATLET_SEED=${seed}: the journal alone`);
    throw error;
  }
}

await run();
