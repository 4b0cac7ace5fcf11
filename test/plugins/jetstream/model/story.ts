/** A story by chance: a stream's configuration and commands, what differs from plain lists, and the fewest commands that still show it. */
import { chosenSeed } from '../../../fuzz/seeded.ts';
import { KEEPERS, type Keeper } from './keepers.ts';
import type { PlainConfig } from './plain-config.ts';
import type { Pair } from './stream-play.ts';
import { StreamWorld } from './stream-world.ts';

const MINUTE_MS = 60_000;
/** Of stories that go on for as long as told. */
const LENGTH = 60;

export interface Story<Command> {
  readonly seed: number;
  readonly config: PlainConfig;
  readonly commands: readonly Command[];
}

export interface StoryKind<Command> {
  draw(seed: number, length: number): Story<Command>;
  /** What is found after a command, and what is expected. */
  play(
    world: StreamWorld,
    config: PlainConfig,
    isLasting: boolean,
  ): { begin(): Promise<Pair>; play(command: Command): Promise<Pair[]> };
}

/** What is different after the first command that shows it; empty where nothing is. */
export async function differenceIn<Command>(
  kind: StoryKind<Command>,
  { seed, config, commands }: Story<Command>,
  keeper: Keeper,
): Promise<string> {
  const world = await StreamWorld.start(keeper, seed);
  try {
    const play = kind.play(world, config, keeper.isLasting);
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
async function shrunk<Command>(
  kind: StoryKind<Command>,
  story: Story<Command>,
  keeper: Keeper,
): Promise<Story<Command>> {
  let { commands } = story;
  for (let size = Math.ceil(commands.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = commands.length - size; at >= 0; at -= size) {
      const fewer = [...commands.slice(0, at), ...commands.slice(at + size)];
      if ((await differenceIn(kind, { ...story, commands: fewer }, keeper)) !== '') commands = fewer;
    }
  }
  return { ...story, commands };
}

/** All that is needed to see it again. */
export async function told<Command>(kind: StoryKind<Command>, story: Story<Command>, keeper: Keeper): Promise<string> {
  const few = await shrunk(kind, story, keeper);
  const steps = few.commands.map((command) => JSON.stringify(command)).join('\n');
  const difference = await differenceIn(kind, few, keeper);
  return `seed ${story.seed}, ${keeper.name}\n${JSON.stringify(few.config)}\n${steps}\n${difference}`;
}

/** Tries one after the other for as long as the command line says, and prints those that differ. */
export async function goOn<Command>(kind: StoryKind<Command>, words: readonly string[]): Promise<void> {
  const [minutes = '1', from, only = ''] = words;
  const until = performance.now() + Number(minutes) * MINUTE_MS;
  let seed = from === undefined ? chosenSeed() : Number(from);
  let failures = 0;
  let tried = 0;
  do {
    for (const keeper of KEEPERS.filter(({ name }) => name.includes(only))) {
      const story = kind.draw(seed, LENGTH);
      tried++;
      if ((await differenceIn(kind, story, keeper)) === '') continue;
      failures++;
      console.log(`${await told(kind, story, keeper)}\n`);
    }
    seed++;
  } while (performance.now() < until);
  console.log(`${tried} stories, ${failures} of them differ; the last seed was ${seed - 1}`);
  process.exit(failures === 0 ? 0 : 1);
}
