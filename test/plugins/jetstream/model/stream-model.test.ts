/** Streams of any configuration, in every driver, by any commands, through a broker: what a list of messages would be. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chosenSeed } from '../../../fuzz/seeded.ts';
import { KEEPERS } from './keepers.ts';
import { differenceIn, told } from './story.ts';
import { STREAM_STORIES } from './stream-story.ts';

/** Others go on for as long as told: `stream-stories.ts`. */
const STORIES: Readonly<Record<string, number>> = { memory: 30 };
const FEW = 12;
const LENGTH = 25;

for (const keeper of KEEPERS) {
  test(`kept in ${keeper.name}, a stream is what a list of its messages would be, after every command`, async () => {
    const seed = chosenSeed();
    for (let at = 0; at < (STORIES[keeper.name] ?? FEW); at++) {
      const story = STREAM_STORIES.draw(seed + at, LENGTH);
      const difference = await differenceIn(STREAM_STORIES, story, keeper);
      if (difference !== '') assert.unreachable(await told(STREAM_STORIES, story, keeper));
    }
  });
}

test.run();
