import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { FrameReader } from '../generator/frame-reader.ts';
import { openLink } from '../generator/link.ts';
import { processUsage } from '../generator/process-usage.ts';
import { buildPublishFrames } from '../generator/publish-frames.ts';
import { Publisher } from '../generator/publisher.ts';
import { type RunningServer, startServer } from '../running-server.ts';
import type { Server } from '../servers.ts';
import { rateText } from '../units.ts';
import { type Figure, type FigureScript, information } from './figure.ts';
import { openPlain } from './many-links.ts';

const PAYLOAD_BYTES = 128;
const WINDOW_BYTES = 16 * 1024 * 1024;
const CLUSTER = ['--cluster_name', 'bench'];
const ROUTED_MS = 1500;

/** One client publishes to one server, another subscribes at a second server of the cluster. */
export const routePair: FigureScript = {
  name: 'route-pair',
  async run(server, isQuick) {
    const running = await startPair(server);
    try {
      return await new Promise((resolve, reject) => measure(running, isQuick ? 1 : 5, reject).then(resolve, reject));
    } finally {
      await Promise.all(running.map((one) => one.stop()));
    }
  },
};

async function startPair(server: Server): Promise<RunningServer[]> {
  const port = await freePort();
  const first = await startServer(server, { serverFlags: ['--cluster', `nats://127.0.0.1:${port}`, ...CLUSTER] });
  const routes = ['--cluster', 'nats://127.0.0.1:-1', '--routes', `nats://127.0.0.1:${port}`];
  const second = await startServer(server, { serverFlags: [...routes, ...CLUSTER] });
  await pause(ROUTED_MS);
  return [first, second];
}

async function measure(
  [near, far]: RunningServer[],
  seconds: number,
  onFailure: (error: Error) => void,
): Promise<Figure[]> {
  const frames = buildPublishFrames({ payloadBytes: PAYLOAD_BYTES, subjects: 1 });
  let received = 0;
  const count = (): void => {
    received++;
  };
  const intake = (onLine: (line: string) => void): FrameReader => new FrameReader(frames.messageBytes, count, onLine);
  const subscriber = await openLink({ ...far!, onFailure, intake });
  await subscriber.sendAndAwaitPong('SUB bench.> 1\r\nPING\r\n');
  await pause(ROUTED_MS);
  const link = await openPlain(near!, onFailure);
  const publisher = new Publisher(
    link,
    frames,
    () => (publisher.messages - received) * frames.publishBytes < WINDOW_BYTES,
  );
  subscriber.afterRead = () => publisher.roomMayHaveGrown();
  const before = [near!, far!].map(({ pid }) => processUsage(pid)?.cpuSeconds ?? 0);
  const start = performance.now();
  await publisher.publishFor(seconds);
  while (received < publisher.messages) await pause(1);
  const perSecond = received / ((performance.now() - start) / 1000);
  const micros = [near!, far!].map(({ pid }, at) => ((processUsage(pid)?.cpuSeconds ?? 0) - before[at]!) * 1e6);
  for (const one of [link, subscriber]) one.close();
  const each = micros.map((spent) => (spent / received).toFixed(2));
  const together = ((micros[0]! + micros[1]!) / received).toFixed(2);
  const what = `${PAYLOAD_BYTES}-byte messages to a subscriber at another server of the cluster`;
  return [information(what, `${rateText(perSecond)}, ${together} us CPU a message (${each.join(' + ')})`)];
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
