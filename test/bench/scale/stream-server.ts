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

/**
 * Publishes to a stream. Of a thousand messages one is waited for, so that no server has more on its way than it takes; in the end all
 * have to be there.
 */
export async function store(
  client: StreamClient,
  count: number,
  subjectOf: (at: number) => string,
  payloadBytes: number,
): Promise<void> {
  const payload = 'x'.repeat(payloadBytes);
  const { messages: before } = await stateOf(client);
  for (let from = 0; from < count; from += PIECE) {
    const lines: string[] = [];
    const last = Math.min(count, from + PIECE) - 1;
    for (let at = from; at < last; at++) lines.push(`PUB ${subjectOf(at)} ${payloadBytes}\r\n${payload}\r\n`);
    client.write(lines.join(''));
    const answer = await client.request(subjectOf(last), payload);
    if (answer.includes('"error":{')) throw new Error(`a message was refused: ${answer.slice(0, 200)}`);
  }
  const stored = (await stateOf(client)).messages - before;
  if (stored !== count) throw new Error(`of ${count} messages ${stored} were stored`);
}

async function stateOf(client: StreamClient): Promise<{ messages: number }> {
  return JSON.parse(await client.api('STREAM.INFO.S')).state;
}
