import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { FrameReader } from '../generator/frame-reader.ts';
import { openLink } from '../generator/link.ts';
import { processUsage } from '../generator/process-usage.ts';
import { buildPublishFrames } from '../generator/publish-frames.ts';
import { Publisher } from '../generator/publisher.ts';
import type { RunningServer } from '../running-server.ts';
import { rateText } from '../units.ts';
import { type Figure, information } from './figure.ts';
import { openPlain } from './many-links.ts';

export const PAYLOAD_BYTES = 128;
const WINDOW_BYTES = 16 * 1024 * 1024;
/** Until servers have found each other, or one has told the other what it wants. */
const SETTLED_MS = 1500;

/** One client publishes to one server, another subscribes at a second server that it knows of. */
export function measureOneWay(
  near: RunningServer,
  far: RunningServer,
  seconds: number,
  what: string,
): Promise<readonly Figure[]> {
  return new Promise((resolve, reject) => measure([near, far], seconds, what, reject).then(resolve, reject));
}

async function measure(
  [near, far]: readonly [RunningServer, RunningServer],
  seconds: number,
  what: string,
  onFailure: (error: Error) => void,
): Promise<readonly Figure[]> {
  const frames = buildPublishFrames({ payloadBytes: PAYLOAD_BYTES, subjects: 1 });
  let received = 0;
  const count = (): void => {
    received++;
  };
  const intake = (onLine: (line: string) => void): FrameReader => new FrameReader(frames.messageBytes, count, onLine);
  const subscriber = await openLink({ ...far, onFailure, intake });
  await subscriber.sendAndAwaitPong('SUB bench.> 1\r\nPING\r\n');
  await settle();
  const link = await openPlain(near, onFailure);
  const publisher = new Publisher(
    link,
    frames,
    () => (publisher.messages - received) * frames.publishBytes < WINDOW_BYTES,
  );
  subscriber.afterRead = () => publisher.roomMayHaveGrown();
  const before = [near, far].map(({ pid }) => processUsage(pid)?.cpuSeconds ?? 0);
  const start = performance.now();
  await publisher.publishFor(seconds);
  while (received < publisher.messages) await pause(1);
  const perSecond = received / ((performance.now() - start) / 1000);
  const micros = [near, far].map(({ pid }, at) => ((processUsage(pid)?.cpuSeconds ?? 0) - before[at]!) * 1e6);
  for (const one of [link, subscriber]) one.close();
  const each = micros.map((spent) => (spent / received).toFixed(2));
  const together = ((micros[0]! + micros[1]!) / received).toFixed(2);
  return [information(what, `${rateText(perSecond)}, ${together} us CPU a message (${each.join(' + ')})`)];
}

export function settle(): Promise<void> {
  return pause(SETTLED_MS);
}

export async function freePort(): Promise<number> {
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
