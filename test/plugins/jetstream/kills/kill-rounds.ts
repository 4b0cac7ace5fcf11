/** Kills for as long as told: node dist/test/plugins/jetstream/kills/kill-rounds.js [minutes] [seed] [files|level] */
import { chosenSeed, Seeded } from '../../../fuzz/seeded.ts';
import { type Kept, killedAgainAndAgain } from './killed-broker.ts';

const MINUTE_MS = 60_000;
const ROUNDS = 10;
const KINDS: readonly Kept[] = ['files', 'level'];

const [minutes = '1', from, only = ''] = process.argv.slice(2);
const until = performance.now() + Number(minutes) * MINUTE_MS;
let seed = from === undefined ? chosenSeed() : Number(from);
let failures = 0;
do {
  for (const kept of KINDS.filter((kind) => kind.includes(only))) {
    const faults = await killedAgainAndAgain(new Seeded(seed), kept, ROUNDS);
    console.log(`seed ${seed}, ${kept}: ${faults.length === 0 ? 'nothing lost' : faults.join('\n  ')}`);
    if (faults.length > 0) failures++;
  }
  seed++;
} while (performance.now() < until);
process.exit(failures === 0 ? 0 : 1);
