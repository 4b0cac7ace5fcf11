import type { RunningServer } from '../running-server.ts';
import { startServer } from '../running-server.ts';
import { type Figure, type FigureScript, figure } from './figure.ts';
import { affordableConnections, openLinks, shortageNote } from './many-links.ts';
import { settledUsage } from './settle.ts';

const BYTES_PER_CONNECTION_MAX = 20_000;

/** How much memory a connection takes that does nothing. */
export const idleConnections: FigureScript = {
  name: 'idle-connections',
  async run(server, isQuick) {
    const running = await startServer(server);
    try {
      return await measureConnections(running, isQuick ? 1_000 : 10_000);
    } finally {
      await running.stop();
    }
  },
};

async function measureConnections(running: RunningServer, wished: number): Promise<Figure[]> {
  const count = affordableConnections(wished);
  const before = await settledUsage(running.pid);
  const lost: Error[] = [];
  const links = await openLinks(running, count, (error) => lost.push(error));
  await Promise.all(links.map((link) => link.ping()));
  const after = await settledUsage(running.pid);
  for (const link of links) link.close();
  if (lost.length > 0) throw new Error(`${lost.length} of ${count} idle connections were lost: ${lost[0]!.message}`);
  const each = Math.round((after.residentBytes - before.residentBytes) / count);
  const measured = `${each} B${shortageNote(count, wished)}`;
  const target = `at most ${BYTES_PER_CONNECTION_MAX} B`;
  return [figure(`memory of one of ${count} idle connections`, measured, target, each <= BYTES_PER_CONNECTION_MAX)];
}
