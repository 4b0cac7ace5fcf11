import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { processUsage } from '../generator/process-usage.ts';
import { startServer } from '../running-server.ts';
import { memoryText } from '../units.ts';
import { type FigureScript, figure } from './figure.ts';

const ACCOUNTS = 10_000;
const LOADED_MS_MAX = 5000;
const BYTES_MAX = 200_000_000;

/** Many tenants in one configuration, each with a user. */
export const manyAccounts: FigureScript = {
  name: 'many-accounts',
  async run(server) {
    const folder = mkdtempSync(join(tmpdir(), 'gnatlet-bench-'));
    const path = join(folder, 'accounts.conf');
    writeFileSync(path, configOf(ACCOUNTS));
    const startedAt = performance.now();
    const running = await startServer(server, { serverFlags: ['-c', path] });
    const milliseconds = performance.now() - startedAt;
    const bytes = processUsage(running.pid)?.peakResidentBytes ?? 0;
    await running.stop();
    rmSync(folder, { recursive: true });
    const what = `${ACCOUNTS} accounts with a user each`;
    return [
      figure(`${what}: ready`, `${milliseconds.toFixed(0)} ms`, 'under 5 s', milliseconds < LOADED_MS_MAX),
      figure(`${what}: memory at the peak`, memoryText(bytes), 'under 200 MB', bytes < BYTES_MAX),
    ];
  },
};

function configOf(count: number): string {
  const accounts = Array.from({ length: count }, (_, at) => `  T${at} { users: [{user: u${at}, password: p${at}}] }`);
  return `accounts {\n${accounts.join('\n')}\n}\n`;
}
