/** Tries streams by chance for as long as told: node dist/test/plugins/jetstream/model/stream-stories.js [minutes] [seed] [keeper] */

import { goOn } from './story.ts';
import { STREAM_STORIES } from './stream-story.ts';

await goOn(STREAM_STORIES, process.argv.slice(2));
