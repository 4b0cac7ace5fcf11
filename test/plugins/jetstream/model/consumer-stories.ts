/** Tries consumers by chance for as long as told: node dist/test/plugins/jetstream/model/consumer-stories.js [minutes] [seed] [keeper] */
import { CONSUMER_STORIES } from './consumer-story.ts';
import { goOn } from './story.ts';

await goOn(CONSUMER_STORIES, process.argv.slice(2));
