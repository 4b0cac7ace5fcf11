/** Stories of a stream and its consumers. */
import { Seeded } from '../../../fuzz/seeded.ts';
import { type ConsumerCommand, drawnConsumerCommands, drawnRetention } from './consumer-commands.ts';
import { ConsumerPlay } from './consumer-play.ts';
import type { PlainConfig } from './plain-config.ts';
import type { Story, StoryKind } from './story.ts';

export function consumerStory(seed: number, length: number): Story<ConsumerCommand> {
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

export const CONSUMER_STORIES: StoryKind<ConsumerCommand> = {
  draw: consumerStory,
  play: (world, config, isLasting) => new ConsumerPlay(world, config, isLasting),
};
