import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { processUsage } from '../generator/process-usage.ts';
import { median } from '../medians.ts';
import { type RunningServer, startServer } from '../running-server.ts';
import { memoryText } from '../units.ts';
import { type FigureScript, figure, information } from './figure.ts';
import { longestWait } from './longest-wait.ts';

const ACCOUNTS = 10_000;
const LOADED_MS_MAX = 5000;
const BYTES_MAX = 200_000_000;
const RELOADS = 5;
const RELOADED = 'Reloaded server configuration';

/** Many tenants in one configuration, each with a user. */
export const manyAccounts: FigureScript = {
  name: 'many-accounts',
  async run(server, isQuick) {
    const folder = mkdtempSync(join(tmpdir(), 'gnatlet-bench-'));
    const path = join(folder, 'accounts.conf');
    writeFileSync(path, configOf(ACCOUNTS));
    const output = new Output();
    const startedAt = performance.now();
    const running = await startServer(server, { serverFlags: ['-c', path], onOutput: (text) => output.add(text) });
    const milliseconds = performance.now() - startedAt;
    const bytes = processUsage(running.pid)?.peakResidentBytes ?? 0;
    const waits: number[] = [];
    for (let at = 0; at < (isQuick ? 1 : RELOADS); at++) {
      writeFileSync(path, configOf(ACCOUNTS, `changed${at}`));
      waits.push(
        await longestWait(
          running,
          () => ({ user: 'u0', pass: 'p0' }),
          () => reload(running, output),
        ),
      );
    }
    await running.stop();
    rmSync(folder, { recursive: true });
    const what = `${ACCOUNTS} accounts with a user each`;
    return [
      figure(`${what}: ready`, `${milliseconds.toFixed(0)} ms`, 'under 5 s', milliseconds < LOADED_MS_MAX),
      figure(`${what}: memory at the peak`, memoryText(bytes), 'under 200 MB', bytes < BYTES_MAX),
      information(`${what}: the longest a client waits during a reload`, `${median(waits).toFixed(0)} ms`),
    ];
  },
};

/** What a server has said, and whoever waits for it to say something. */
class Output {
  private text = '';
  private look: () => void = () => {};

  add(text: string): void {
    this.text += text;
    this.look();
  }

  /** From now on. */
  until(words: string): Promise<void> {
    this.text = '';
    return new Promise((resolve) => {
      this.look = () => {
        if (this.text.includes(words)) resolve();
      };
    });
  }
}

async function reload(running: RunningServer, output: Output): Promise<void> {
  const done = output.until(RELOADED);
  process.kill(running.pid, 'SIGHUP');
  await done;
}

/** The last user's password is what changes. */
function configOf(count: number, last = 'p'): string {
  const accounts = Array.from({ length: count }, (_, at) => {
    const password = at === count - 1 ? last : `p${at}`;
    return `  T${at} { users: [{user: u${at}, password: ${password}}] }`;
  });
  return `accounts {\n${accounts.join('\n')}\n}\n`;
}
