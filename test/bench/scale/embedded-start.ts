import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from '../medians.ts';
import { EMBEDDING_PATH } from '../servers.ts';
import { type FigureScript, figure, unmeasured } from './figure.ts';

const START_MS_MAX = 50;
const CHILD_PATH = fileURLToPath(new URL('./embedded-child.js', import.meta.url));
const WHAT = 'starting an embedded broker, first in its process';
const TARGET = `under ${START_MS_MAX} ms`;

/** How long a program waits that starts a broker inside itself. */
export const embeddedStart: FigureScript = {
  name: 'embedded-start',
  async run(server, isQuick) {
    if (!server.isGnatlet) return [unmeasured(WHAT, TARGET, 'not a thing that this server does')];
    if (!existsSync(EMBEDDING_PATH)) return [unmeasured(WHAT, TARGET, 'this build has no embedding API')];
    const starts: EmbeddedStart[] = [];
    for (let turn = 0; turn < (isQuick ? 3 : 11); turn++) starts.push(await startOnce());
    const milliseconds = median(starts.map(({ startMs }) => startMs));
    const importMs = median(starts.map((start) => start.importMs));
    const measured = `${milliseconds.toFixed(1)} ms, after ${importMs.toFixed(0)} ms for loading the package`;
    return [figure(WHAT, measured, TARGET, milliseconds < START_MS_MAX)];
  },
};

export interface EmbeddedStart {
  importMs: number;
  startMs: number;
}

async function startOnce(): Promise<EmbeddedStart> {
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD_PATH, EMBEDDING_PATH]);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}
