import type { LoadResult } from './generator/load.ts';
import { runGenerator } from './generator-process.ts';
import type { BenchOptions } from './options.ts';
import type { Row } from './rows.ts';
import { startServer } from './running-server.ts';
import type { Server } from './servers.ts';

const STALL_SECONDS = 10;

export interface Measurement {
  row: string;
  server: string;
  pair: number;
  result: LoadResult;
}

/** One row on one server, started for it alone. */
export async function measureOnce(
  server: Server,
  row: Row,
  options: BenchOptions,
  nodeFlags: string[] = [],
): Promise<LoadResult> {
  const running = await startServer(server, { nodeFlags, isWebSocket: row.isWebSocket, streams: row.streams });
  try {
    const { warmupSeconds, seconds } = options;
    const { host, port, pid } = running;
    const target = { host, port, pid, isWebSocket: row.isWebSocket };
    return await runGenerator({
      target,
      phases: { warmupSeconds, seconds, stallSeconds: STALL_SECONDS },
      load: row.load,
    });
  } finally {
    await running.stop();
  }
}

/** Told of what happens, while it happens. */
export interface Observer {
  measured(measurement: Measurement): void;
  failed(server: Server, row: Row, error: Error): void;
}

/** All servers in turn, so often; who is first changes, because a machine's mood does. */
export async function measureRow(
  servers: Server[],
  row: Row,
  options: BenchOptions,
  observer: Observer,
): Promise<void> {
  for (let pair = 0; pair < options.pairs; pair++) {
    for (let turn = 0; turn < servers.length; turn++) {
      const server = servers[(turn + pair) % servers.length]!;
      try {
        const result = await measureOnce(server, row, options);
        observer.measured({ row: row.name, server: server.name, pair, result });
      } catch (error) {
        observer.failed(server, row, error as Error);
      }
    }
  }
}
