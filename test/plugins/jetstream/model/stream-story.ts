/** Stories of a stream alone. */
import { Seeded } from '../../../fuzz/seeded.ts';
import { drawnConfig } from './plain-config.ts';
import type { Story, StoryKind } from './story.ts';
import { type Command, drawnCommands } from './stream-commands.ts';
import { StreamPlay } from './stream-play.ts';

export function streamStory(seed: number, length: number): Story<Command> {
  const chance = new Seeded(seed);
  const config = drawnConfig(chance);
  return { seed, config, commands: drawnCommands(chance, config, length) };
}

export const STREAM_STORIES: StoryKind<Command> = {
  draw: streamStory,
  play: (world, config, isLasting) => new StreamPlay(world, config, isLasting),
};
