/** A server with streams, in a folder of its own, for as long as something is measured. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, startServer } from '../running-server.ts';
import type { Server } from '../servers.ts';
import { StreamClient } from './stream-client.ts';

export async function withStreamServer<T>(
  server: Server,
  work: (running: RunningServer, client: StreamClient) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-streams-'));
  const running = await startServer(server, { serverFlags: ['-js', '-sd', folder] });
  const client = await StreamClient.open(running);
  try {
    return await work(running, client);
  } finally {
    client.close();
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const PIECE = 1000;

/** Publishes to a stream without asking for acknowledgements, and waits until all is stored. */
export async function store(
  client: StreamClient,
  count: number,
  subjectOf: (at: number) => string,
  payloadBytes: number,
): Promise<void> {
  const payload = 'x'.repeat(payloadBytes);
  for (let from = 0; from < count; from += PIECE) {
    const lines: string[] = [];
    for (let at = from; at < Math.min(count, from + PIECE); at++) {
      lines.push(`PUB ${subjectOf(at)} ${payloadBytes}\r\n${payload}\r\n`);
    }
    client.write(lines.join(''));
    if ((from / PIECE) % 20 === 0) await client.api('INFO');
  }
  await client.api('STREAM.INFO.S');
}
