import type { LoadResult, StreamLoad } from '../generator/load.ts';
import { type ProcessUsage, processUsage } from '../generator/process-usage.ts';
import { runGenerator } from '../generator-process.ts';
import { type RunningServer, startServer } from '../running-server.ts';
import { memoryText, rateText } from '../units.ts';
import { type Figure, type FigureScript, figure, information } from './figure.ts';
import { type Collection, GcLog } from './gc-log.ts';

/** What the heap may seem to grow by, because collections do not come at like moments. */
const GROWTH_MEGABYTES_MAX = 1;
/** Of the time, spent in major collections. */
const MAJOR_SHARE_MAX = 0.001;

const LOAD: StreamLoad = {
  kind: 'stream',
  payloadBytes: 16,
  subscribers: 1,
  isQueueGroup: false,
  subjects: 1,
  windowBytes: 16 * 1024 * 1024,
};

/** Whether a stream of small messages, once under way, leaves the heap alone. */
export const steadyStream: FigureScript = {
  name: 'steady-stream',
  async run(server, isQuick) {
    const log = new GcLog();
    const running = await startServer(server, { nodeFlags: ['--trace-gc'], onOutput: (text) => log.add(text) });
    try {
      await stream(running, isQuick ? 1 : 5);
      const warmUps = log.collections.length;
      const before = processUsage(running.pid);
      const result = await stream(running, isQuick ? 5 : 60);
      const figures = server.isGnatlet ? collectionFigures(log.collections.slice(warmUps), result.seconds) : [];
      return [...figures, information('the stream itself', describe(result, before))];
    } finally {
      await running.stop();
    }
  },
};

function stream(running: RunningServer, seconds: number): Promise<LoadResult> {
  return runGenerator({ target: running, phases: { warmupSeconds: 0, seconds, stallSeconds: 10 }, load: LOAD });
}

function describe(result: LoadResult, before: ProcessUsage | null): string {
  const [from, to] = [before?.residentBytes ?? null, result.residentBytes];
  const memory = from === null || to === null ? '' : `, resident memory from ${memoryText(from)} to ${memoryText(to)}`;
  return `${rateText(result.perSecond)} for ${result.seconds.toFixed(0)} s${memory}`;
}

function collectionFigures(collections: Collection[], seconds: number): Figure[] {
  const major = collections.filter(({ isMajor }) => isMajor);
  const growth = (collections.at(-1)?.heapAfter ?? 0) - (collections[0]?.heapAfter ?? 0);
  const majorMs = pauses(major);
  const minorMs = pauses(collections) - majorMs;
  const minor = collections.length - major.length;
  return [
    figure('growth of the heap', `${growth.toFixed(1)} MB`, 'none', growth <= GROWTH_MEGABYTES_MAX),
    figure(
      'major collections',
      `${major.length}, ${majorMs.toFixed(1)} ms in ${seconds.toFixed(0)} s`,
      'none worth naming',
      majorMs / 1000 / seconds <= MAJOR_SHARE_MAX,
    ),
    information('minor collections', `${minor}, ${minorMs.toFixed(1)} ms in ${seconds.toFixed(0)} s`),
  ];
}

function pauses(collections: Collection[]): number {
  return collections.reduce((sum, { pauseMs }) => sum + pauseMs, 0);
}
