import { median } from '../medians.ts';
import { startServer, stopProcess } from '../running-server.ts';
import type { Server } from '../servers.ts';
import { memoryText } from '../units.ts';
import { startBareNode } from './bare-node.ts';
import { type FigureScript, figure } from './figure.ts';
import { settledUsage } from './settle.ts';

const MORE_THAN_BARE_MAX = 12e6;

/** What an idle broker holds beyond Node itself. */
export const idleMemory: FigureScript = {
  name: 'idle-memory',
  async run(server, isQuick) {
    const broker: number[] = [];
    const bare: number[] = [];
    for (let turn = 0; turn < (isQuick ? 1 : 5); turn++) {
      broker.push(await brokerMemory(server));
      bare.push(await bareMemory());
    }
    const more = median(broker) - median(bare);
    const difference = `${Math.abs(more / 1e6).toFixed(1)} MB ${more < 0 ? 'less' : 'more'}`;
    const measured = `${memoryText(median(broker))}, ${difference} than a bare Node process (${memoryText(median(bare))})`;
    return [figure('memory when idle', measured, 'at most 12 MB more', more <= MORE_THAN_BARE_MAX)];
  },
};

async function brokerMemory(server: Server): Promise<number> {
  const running = await startServer(server);
  try {
    return (await settledUsage(running.pid)).residentBytes;
  } finally {
    await running.stop();
  }
}

async function bareMemory(): Promise<number> {
  const child = await startBareNode();
  try {
    return (await settledUsage(child.pid!)).residentBytes;
  } finally {
    await stopProcess(child);
  }
}
