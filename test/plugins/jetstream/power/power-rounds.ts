/**
 * Power cuts of a real file system, by root on Linux:
 * unshare --mount node dist/test/plugins/jetstream/power/power-rounds.js [rounds] [seed] [path of another server]
 */
import { chosenSeed, Seeded } from '../../../fuzz/seeded.ts';
import { cutAgainAndAgain, GNATLET } from './power-cuts.ts';

const [rounds = '10', from, other = ''] = process.argv.slice(2);
const seed = from === undefined ? chosenSeed() : Number(from);
const program = other === '' ? GNATLET : [other];
const begun = performance.now();
const { cuts, stored, settled, lost, faults } = await cutAgainAndAgain(new Seeded(seed), Number(rounds), program);
const seconds = Math.round((performance.now() - begun) / 1000);
const promised = `${stored} messages stored and ${settled} acknowledgements confirmed`;
console.log(`${cuts} power cuts from seed ${seed}, ${promised}, ${lost} messages missed afterwards, ${seconds} s`);
for (const fault of faults) console.log(`  ${fault}`);
process.exit(faults.length === 0 ? 0 : 1);
