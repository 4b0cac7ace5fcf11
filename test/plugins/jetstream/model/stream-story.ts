/** A stream's story by chance: its configuration and commands, what differs, and the fewest commands that still show it. */
import { Seeded } from '../../../fuzz/seeded.ts';
import type { Keeper } from './keepers.ts';
import { drawnConfig, type PlainConfig } from './plain-config.ts';
import { type Command, drawnCommands } from './stream-commands.ts';
import { StreamPlay } from './stream-play.ts';
import { StreamWorld } from './stream-world.ts';

export interface StreamStory {
  readonly seed: number;
  readonly config: PlainConfig;
  readonly commands: readonly Command[];
}

export function streamStory(seed: number, length: number): StreamStory {
  const chance = new Seeded(seed);
  const config = drawnConfig(chance);
  return { seed, config, commands: drawnCommands(chance, config, length) };
}

/** What is different after the first command that shows it; empty where nothing is. */
export async function differenceIn({ seed, config, commands }: StreamStory, keeper: Keeper): Promise<string> {
  const world = await StreamWorld.start(keeper, seed);
  try {
    const play = new StreamPlay(world, config, keeper.isLasting);
    const [found, expected] = await play.begin();
    if (found !== expected) return `the stream was refused: ${found}`;
    for (const command of commands) {
      for (const [here, there] of await play.play(command)) {
        if (here !== there) return `${JSON.stringify(command)}\nbecame   ${here}\nand not  ${there}`;
      }
    }
    return world.log.join('\n');
  } catch (error) {
    return `failed: ${(error as Error).stack}\n${world.log.join('\n')}`;
  } finally {
    await world.end();
  }
}

/** The fewest commands that still show that something differs. */
export async function shrunk(story: StreamStory, keeper: Keeper): Promise<StreamStory> {
  let { commands } = story;
  for (let size = Math.ceil(commands.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = commands.length - size; at >= 0; at -= size) {
      const fewer = [...commands.slice(0, at), ...commands.slice(at + size)];
      if ((await differenceIn({ ...story, commands: fewer }, keeper)) !== '') commands = fewer;
    }
  }
  return { ...story, commands };
}

/** All that is needed to see it again. */
export async function told(story: StreamStory, keeper: Keeper): Promise<string> {
  const few = await shrunk(story, keeper);
  const steps = few.commands.map((command) => JSON.stringify(command)).join('\n');
  const difference = await differenceIn(few, keeper);
  return `seed ${story.seed}, ${keeper.name}\n${JSON.stringify(few.config)}\n${steps}\n${difference}`;
}
