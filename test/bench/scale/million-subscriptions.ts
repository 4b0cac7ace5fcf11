import { performance } from 'node:perf_hooks';
import type { LoadResult, StreamLoad } from '../generator/load.ts';
import { runGenerator } from '../generator-process.ts';
import { type RunningServer, startServer } from '../running-server.ts';
import type { Server } from '../servers.ts';
import { cpuText, memoryText } from '../units.ts';
import { type Figure, type FigureScript, figure, information, unmeasured } from './figure.ts';
import { openLinks } from './many-links.ts';
import { settledUsage } from './settle.ts';

const LINKS = 10;
const LOAD_SECONDS_MAX = 10;
const MATCH_MICROS_MAX = 2;

/** More subjects than any server remembers results for, so that each message is matched anew. */
const PUBLISHED_SUBJECTS = 200_000;

/** How long many subscriptions take to load, and what finding one's way among them costs. */
export const millionSubscriptions: FigureScript = {
  name: 'million-subscriptions',
  async run(server, isQuick) {
    const count = isQuick ? 100_000 : 1_000_000;
    const alone = await withServer(server, (running) => publishUnmatched(running, isQuick));
    return withServer(server, async (running) => [
      ...(await loadSubscriptions(running, count)),
      ...matchCost(count, alone, await publishUnmatched(running, isQuick)),
    ]);
  },
};

async function withServer<T>(server: Server, work: (running: RunningServer) => Promise<T>): Promise<T> {
  const running = await startServer(server);
  try {
    return await work(running);
  } finally {
    await running.stop();
  }
}

async function loadSubscriptions(running: RunningServer, count: number): Promise<Figure[]> {
  const before = await settledUsage(running.pid);
  const lost: Error[] = [];
  const links = await openLinks(running, LINKS, (error) => lost.push(error));
  const batches = links.map((_, index) => subscriptions((count / LINKS) * index, count / LINKS));
  const startedAt = performance.now();
  await Promise.all(links.map((link, index) => link.sendAndAwaitPong(batches[index]!)));
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await settledUsage(running.pid);
  const what = `loading ${count} subscriptions`;
  const each = Math.round((after.residentBytes - before.residentBytes) / count);
  return [
    figure(what, `${seconds.toFixed(2)} s`, `under ${LOAD_SECONDS_MAX} s`, seconds < LOAD_SECONDS_MAX),
    information(`memory with ${count} subscriptions`, `${memoryText(after.residentBytes)}, ${each} B each`),
  ];
}

function subscriptions(from: number, count: number): string {
  const lines = Array.from({ length: count }, (_, index) => {
    const number = String(from + index).padStart(6, '0');
    return `SUB bench.${number}.t ${index + 1}\r\n`;
  });
  return `${lines.join('')}PING\r\n`;
}

/** Each message leads through all levels but the last, where nobody listens: matched, and not delivered. */
function publishUnmatched(running: RunningServer, isQuick: boolean): Promise<LoadResult> {
  const load: StreamLoad = {
    kind: 'stream',
    payloadBytes: 16,
    subscribers: 0,
    isQueueGroup: false,
    subjects: PUBLISHED_SUBJECTS,
    windowBytes: 0,
    lastToken: 'x',
  };
  const phases = { warmupSeconds: 0.5, seconds: isQuick ? 0.5 : 2, stallSeconds: 10 };
  return runGenerator({ target: running, phases, load });
}

function matchCost(count: number, alone: LoadResult, among: LoadResult): Figure[] {
  const what = `publishing to ${PUBLISHED_SUBJECTS} rotating subjects among ${count} subscriptions, nobody listening`;
  const target = `under ${MATCH_MICROS_MAX} us`;
  const [total, base] = [among.cpuMicrosPerMessage, alone.cpuMicrosPerMessage];
  if (total === null || base === null) return [unmeasured(what, target, 'no /proc')];
  const measured = `${cpuText(total)} CPU per message in all; ${cpuText(base)} without subscriptions`;
  return [figure(what, measured, target, total < MATCH_MICROS_MAX)];
}
