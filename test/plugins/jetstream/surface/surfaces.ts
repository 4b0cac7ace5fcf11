/** What the official clients offer, each call once. */
import { connect } from '@nats-io/transport-node';
import { connect as connectOlder } from 'nats';
import { bucketsSurface } from './buckets-surface.ts';
import { consumersSurface } from './consumers-surface.ts';
import { objectsSurface } from './objects-surface.ts';
import { olderSurface } from './older-surface.ts';
import { streamsSurface } from './streams-surface.ts';

export interface Surface {
  readonly name: string;
  /** What was told of each call; names of methods that nobody called go to `missing`. */
  play(url: string, missing: string[]): Promise<string[]>;
}

type Player = (client: Awaited<ReturnType<typeof connect>>, missing: string[]) => Promise<string[]>;

function byThisClient(name: string, player: Player): Surface {
  return {
    name,
    async play(url, missing) {
      const client = await connect({ servers: url });
      try {
        return await player(client, missing);
      } finally {
        await client.close();
      }
    },
  };
}

export const SURFACES: readonly Surface[] = [
  byThisClient('surface of streams', streamsSurface),
  byThisClient('surface of consumers', consumersSurface),
  byThisClient('surface of buckets', bucketsSurface),
  byThisClient('surface of objects', objectsSurface),
  {
    name: 'surface of the older client',
    async play(url) {
      const client = await connectOlder({ servers: url });
      try {
        return await olderSurface(client);
      } finally {
        await client.close();
      }
    },
  },
];
