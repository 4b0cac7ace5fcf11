/** Consumers of any configuration, in every driver, through a broker: what is sent, when and with which numbers, as plain lists say. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chosenSeed } from '../../../fuzz/seeded.ts';
import { CONSUMER_STORIES } from './consumer-story.ts';
import { KEEPERS } from './keepers.ts';
import { differenceIn, told } from './story.ts';

/** Others go on for as long as told: `consumer-stories.ts`. */
const STORIES: Readonly<Record<string, number>> = { memory: 40 };
const FEW = 8;
const LENGTH = 30;

for (const keeper of KEEPERS) {
  test(`kept in ${keeper.name}, consumers send what plain lists would, after every command`, async () => {
    const seed = chosenSeed();
    for (let at = 0; at < (STORIES[keeper.name] ?? FEW); at++) {
      const story = CONSUMER_STORIES.draw(seed + at, LENGTH);
      const difference = await differenceIn(CONSUMER_STORIES, story, keeper);
      if (difference !== '') assert.unreachable(await told(CONSUMER_STORIES, story, keeper));
    }
  });
}

test.run();
