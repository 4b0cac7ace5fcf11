import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../medians.ts';
import { spawnServer, stopProcess } from '../running-server.ts';
import type { Server } from '../servers.ts';
import { startBareNode } from './bare-node.ts';
import { type FigureScript, figure } from './figure.ts';

const READY_MS_MAX = 150;
const ATTEMPT_EVERY_MS = 1;
const GIVE_UP_MS = 10_000;

/** From the start of the process until a client is greeted. */
export const timeToReady: FigureScript = {
  name: 'time-to-ready',
  async run(server, isQuick) {
    const ready: number[] = [];
    const bare: number[] = [];
    for (let turn = 0; turn < (isQuick ? 3 : 11); turn++) {
      ready.push(await measureStart(server));
      bare.push(await measureBareStart());
    }
    const milliseconds = median(ready);
    const measured = `${milliseconds.toFixed(0)} ms; a bare Node process listens after ${median(bare).toFixed(0)} ms`;
    return [
      figure('from spawn to the first greeting', measured, `under ${READY_MS_MAX} ms`, milliseconds < READY_MS_MAX),
    ];
  },
};

async function measureStart(server: Server): Promise<number> {
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawnServer(server, ['-a', '127.0.0.1', '-p', String(port)]);
  // Unread pipes would fill up.
  child.stdout?.resume();
  child.stderr?.resume();
  try {
    while (!(await isGreeted(port))) {
      if (performance.now() - startedAt > GIVE_UP_MS) throw new Error(`${server.name} did not start in time`);
      await delay(ATTEMPT_EVERY_MS);
    }
    return performance.now() - startedAt;
  } finally {
    await stopProcess(child);
  }
}

async function measureBareStart(): Promise<number> {
  const startedAt = performance.now();
  const child = await startBareNode();
  const milliseconds = performance.now() - startedAt;
  await stopProcess(child);
  return milliseconds;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}

async function isGreeted(port: number): Promise<boolean> {
  const socket: Socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'data');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
