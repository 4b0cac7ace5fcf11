/** Servers that are compared: this broker and a genuine one, each with streams in a directory of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type NatsConnection } from '@nats-io/transport-node';
import { skipFile } from '../runner/skip.ts';
import { genuineTargets, type RunningServer, type Target } from '../wire/targets.ts';

/** Older ones know less, and say it otherwise: without one of 2.15 there is nothing to compare with. */
export function genuineOrSkip(): Target {
  const target = genuineTargets().find(({ version }) => Number(version.split('.')[1]) >= 15);
  return target ?? skipFile('no nats-server of 2.15 on PATH, and GNATLET_NATS_SERVER names none');
}

export class Side {
  private readonly server: RunningServer;
  private readonly port: number;
  private readonly store: string;

  private constructor(server: RunningServer, port: number, store: string) {
    this.server = server;
    this.port = port;
    this.store = store;
  }

  /** `block`: more of its block `jetstream`; `more`: more of its configuration. */
  static async start(target: Target, block: object = {}, more = ''): Promise<Side> {
    const store = mkdtempSync(join(tmpdir(), 'gnatlet-side-'));
    const server = await target.start(`jetstream: ${JSON.stringify({ ...block, store_dir: store })}\n${more}`);
    const probe = (await server.connect()) as Socket;
    const port = probe.remotePort!;
    probe.destroy();
    return new Side(server, port, store);
  }

  /** With a client that leaves when the play is over. */
  async with<T>(play: (client: NatsConnection) => Promise<T>, options: ConnectionOptions = {}): Promise<T> {
    const client = await connect({ ...options, servers: `127.0.0.1:${this.port}` });
    try {
      return await play(client);
    } finally {
      await client.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
    rmSync(this.store, { recursive: true, force: true });
  }
}

export async function streamNames(client: NatsConnection): Promise<string[]> {
  const { streams } = JSON.parse((await client.request('$JS.API.STREAM.NAMES')).string()) as { streams?: string[] };
  return streams ?? [];
}
