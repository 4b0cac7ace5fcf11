import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../medians.ts';
import { startServer, stopProcess } from '../running-server.ts';
import type { Server } from '../servers.ts';
import { memoryText } from '../units.ts';
import { startBareNode } from './bare-node.ts';
import { type FigureScript, figure, information } from './figure.ts';
import { settledUsage } from './settle.ts';

const MORE_THAN_BARE_MAX = 12e6;

/** What an idle broker holds beyond Node itself: with the core alone, and as it comes. */
export const idleMemory: FigureScript = {
  name: 'idle-memory',
  async run(server, isQuick) {
    const folder = mkdtempSync(join(tmpdir(), 'gnatlet-bench-'));
    const coreOnly = join(folder, 'core.conf');
    writeFileSync(coreOnly, 'plugins: []\n');
    const core: number[] = [];
    const usual: number[] = [];
    const bare: number[] = [];
    for (let turn = 0; turn < (isQuick ? 1 : 5); turn++) {
      if (server.isGnatlet) core.push(await brokerMemory(server, ['-c', coreOnly]));
      usual.push(await brokerMemory(server, []));
      bare.push(await bareMemory());
    }
    rmSync(folder, { recursive: true });
    const figures = [information('memory when idle', compared(usual, bare))];
    if (core.length === 0) return figures;
    const isMet = median(core) - median(bare) <= MORE_THAN_BARE_MAX;
    return [figure('memory when idle, core only', compared(core, bare), 'at most 12 MB more', isMet), ...figures];
  },
};

function compared(broker: number[], bare: number[]): string {
  const more = median(broker) - median(bare);
  const difference = `${Math.abs(more / 1e6).toFixed(1)} MB ${more < 0 ? 'less' : 'more'}`;
  return `${memoryText(median(broker))}, ${difference} than a bare Node process (${memoryText(median(bare))})`;
}

async function brokerMemory(server: Server, serverFlags: readonly string[]): Promise<number> {
  const running = await startServer(server, { serverFlags: [...serverFlags] });
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
