/** Genuine servers on directories of their own, and what they tell of their streams. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type NatsConnection } from '@nats-io/transport-node';
import { type GenuineServer, startGenuine } from '../kits/genuine-server.ts';
import { STREAMS, type ToldStream, toldOf } from '../plugins/jetstream/stored-streams.ts';

export class Place {
  readonly path = mkdtempSync(join(tmpdir(), 'gnatlet-files-'));

  folder(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

interface GenuineWish {
  /** More of its configuration, and of its block `jetstream`. */
  readonly more?: string;
  readonly block?: object;
  readonly login?: ConnectionOptions;
}

/** A genuine server on a directory, and a client on it; the play ends the server. */
export async function onGenuine(
  program: string,
  directory: string,
  play: (client: NatsConnection, server: GenuineServer) => Promise<void>,
  { more = '', block = {}, login = {} }: GenuineWish = {},
): Promise<void> {
  const streams = JSON.stringify({ ...block, store_dir: directory });
  const server = await startGenuine(program, `jetstream: ${streams}\n${more}`);
  const client = await connect({ ...login, servers: `127.0.0.1:${server.port}` });
  try {
    await play(client, server);
  } catch (error) {
    await client.close();
    await server.stop();
    throw error;
  }
}

export type Told = Record<string, ToldStream>;

export async function tellAll(client: NatsConnection, streams: readonly string[] = STREAMS): Promise<Told> {
  const told: Told = {};
  for (const stream of streams) told[stream] = await toldOf(client, stream);
  return told;
}

/**
 * Without what a client that looks into a bucket leaves for a while, and without what genuine servers tell in more ways than one: times
 * where there is no message.
 */
export function settled(told: Told, isLastKnown = true): object {
  return Object.entries(told).map(([name, { consumers, state, ...rest }]) => ({
    ...rest,
    name,
    state: {
      ...state,
      consumer_count: 0,
      first_ts: state.messages === 0 ? '' : state.first_ts,
      // A server that was killed, and one before 2.10, does not know when a message was stored that was erased.
      last_ts: isLastKnown ? state.last_ts : '',
    },
    consumers: name === 'ORDERS' || name === 'WORK' ? consumers : {},
  }));
}
