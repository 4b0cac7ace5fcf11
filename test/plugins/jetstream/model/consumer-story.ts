/** The story of a stream and its consumers by chance: what differs, and the fewest commands that still show it. */
import { Seeded } from '../../../fuzz/seeded.ts';
import { type ConsumerCommand, drawnConsumerCommands, drawnRetention } from './consumer-commands.ts';
import { ConsumerPlay } from './consumer-play.ts';
import type { Keeper } from './keepers.ts';
import type { PlainConfig } from './plain-config.ts';
import { StreamWorld } from './stream-world.ts';

export interface ConsumerStory {
  readonly seed: number;
  readonly config: PlainConfig;
  readonly commands: readonly ConsumerCommand[];
}

export function consumerStory(seed: number, length: number): ConsumerStory {
  const chance = new Seeded(seed);
  const retention = drawnRetention(chance);
  const config = {
    name: 'S',
    subjects: ['s.>'],
    storage: 'file',
    retention,
    discard: 'old',
    max_msgs: chance.once(3) ? 8 + chance.below(10) : -1,
    max_msgs_per_subject: chance.once(4) ? 1 + chance.below(4) : -1,
    max_age: chance.once(4) ? 12.25e9 : 0,
    max_bytes: -1,
    max_msg_size: -1,
    duplicate_window: 2e9,
    allow_rollup_hdrs: true,
    deny_purge: false,
  } as unknown as PlainConfig;
  const whole = { first_seq: 0, subject_delete_marker_ttl: 0, allow_msg_ttl: false, sealed: false };
  return {
    seed,
    config: { ...config, ...whole },
    commands: drawnConsumerCommands(chance, retention, length),
  };
}

/** What is different after the first command that shows it; empty where nothing is. */
export async function consumerDifference({ seed, config, commands }: ConsumerStory, keeper: Keeper): Promise<string> {
  const world = await StreamWorld.start(keeper, seed);
  try {
    const play = new ConsumerPlay(world, config, keeper.isLasting);
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

async function shrunk(story: ConsumerStory, keeper: Keeper): Promise<ConsumerStory> {
  let { commands } = story;
  for (let size = Math.ceil(commands.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = commands.length - size; at >= 0; at -= size) {
      const fewer = [...commands.slice(0, at), ...commands.slice(at + size)];
      if ((await consumerDifference({ ...story, commands: fewer }, keeper)) !== '') commands = fewer;
    }
  }
  return { ...story, commands };
}

/** All that is needed to see it again. */
export async function consumerTold(story: ConsumerStory, keeper: Keeper): Promise<string> {
  const few = await shrunk(story, keeper);
  const steps = few.commands.map((command) => JSON.stringify(command)).join('\n');
  const difference = await consumerDifference(few, keeper);
  return `seed ${story.seed}, ${keeper.name}\n${JSON.stringify(few.config)}\n${steps}\n${difference}`;
}
