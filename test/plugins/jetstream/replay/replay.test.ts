/** What streams and consumers become follows from their commands alone: others that are given the same become the same. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chosenSeed } from '../../../fuzz/seeded.ts';
import { ConsumerPlay } from '../model/consumer-play.ts';
import { consumerStory } from '../model/consumer-story.ts';
import { KEEPERS } from '../model/keepers.ts';
import { StreamPlay } from '../model/stream-play.ts';
import { streamStory } from '../model/stream-story.ts';
import { StreamWorld } from '../model/stream-world.ts';
import { Recording } from './recording.ts';
import { Replica, snapshotOf } from './replica.ts';

const MEMORY = KEEPERS[0]!;
const STORIES = 25;
const LENGTH = 50;

interface Playing<Command> {
  begin(): Promise<readonly [string, string]>;
  play(command: Command): Promise<unknown>;
}

/** Plays in a broker what is recorded, and then again without one. */
async function playedTwice<Command>(
  seed: number,
  commands: readonly Command[],
  playIn: (world: StreamWorld) => Playing<Command>,
): Promise<void> {
  const recording = new Recording();
  const world = await StreamWorld.start(MEMORY, seed);
  try {
    const play = playIn(world);
    await play.begin();
    for (const command of commands) await play.play(command);
    if (recording.stream === null) return;
    recording.end();
    const made = snapshotOf(recording.stream, recording.consumers);
    const replica = await Replica.of(recording.firstConfig!);
    for (const command of recording.commands) replica.play(command);
    assert.is(snapshotOf(replica.stream, replica.consumers), made, `seed ${seed}`);
  } finally {
    recording.end();
    await world.end();
  }
}

test('a stream and its consumers are the same again by the commands they got', async () => {
  const seed = chosenSeed();
  for (let at = 0; at < STORIES; at++) {
    const { config, commands } = consumerStory(seed + at, LENGTH);
    const lasting = commands.filter(({ kind }) => kind !== 'restart');
    await playedTwice(seed + at, lasting, (world) => new ConsumerPlay(world, config, false));
  }
});

test('a stream of any configuration is the same again by the commands it got', async () => {
  const seed = chosenSeed();
  for (let at = 0; at < STORIES; at++) {
    const { config, commands } = streamStory(seed + at, LENGTH);
    const lasting = commands.filter(({ kind }) => kind !== 'restart' && kind !== 'backup');
    await playedTwice(seed + at, lasting, (world) => new StreamPlay(world, config, false));
  }
});

test.run();
