/** Tries streams by chance for as long as told: node dist/test/plugins/jetstream/model/stream-stories.js [minutes] [seed] [keeper] */
import { chosenSeed } from '../../../fuzz/seeded.ts';
import { KEEPERS } from './keepers.ts';
import { differenceIn, streamStory, told } from './stream-story.ts';

const MINUTE_MS = 60_000;
const LENGTH = 60;

const [minutes = '1', from, only = ''] = process.argv.slice(2);
const until = performance.now() + Number(minutes) * MINUTE_MS;
let seed = from === undefined ? chosenSeed() : Number(from);
let failures = 0;
let tried = 0;
do {
  for (const keeper of KEEPERS.filter(({ name }) => name.includes(only))) {
    const story = streamStory(seed, LENGTH);
    tried++;
    if ((await differenceIn(story, keeper)) === '') continue;
    failures++;
    console.log(await told(story, keeper));
    console.log('');
  }
  seed++;
} while (performance.now() < until);
console.log(`${tried} stories, ${failures} of them differ; the last seed was ${seed - 1}`);
process.exit(failures === 0 ? 0 : 1);
