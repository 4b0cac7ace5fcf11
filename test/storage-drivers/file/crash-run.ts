/**
 * The same power cuts as in the tests, for as long as somebody likes: `npm run test:crash -- --minutes 20`, `--seeds 1000`, `--from SEED`,
 * `--only WORD`. Ends with 1 at the first failure, and says the seed. With `--image ROUNDS`, cuts of a real file system under a broker that
 * is used, by root on Linux; `--server PATH` is another server to try.
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { whyNoCutDisk } from '../../plugins/jetstream/power/cut-disk.ts';
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
  if (variants.length === 0) throw new Error(`no variant is called "${only}"`);
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

function runOnImage(): void {
  const reason = whyNoCutDisk();
  if (reason !== '') throw new Error(`there are no power cuts of a real file system here: ${reason}`);
  const script = fileURLToPath(new URL('../../plugins/jetstream/power/power-rounds.js', import.meta.url));
  const words = [option('image', '10'), option('from', String(Date.now() % 2 ** 32)), option('server', '')];
  const end = spawnSync('unshare', ['--mount', process.execPath, script, ...words], { stdio: 'inherit' });
  process.exitCode = end.status ?? 1;
}

if (process.argv.includes('--image')) runOnImage();
else await run();
