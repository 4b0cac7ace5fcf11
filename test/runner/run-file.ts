/**
 * Runs one test file in a process of its own, in a process group of its own, so that a file that hangs
 * is ended together with every broker it started.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { ProcessEnd } from './outcome.ts';

const OUTPUT_CHARACTERS_MAX = 400_000;

export function runFile(compiled: string, cwd: string, deadlineMs: number): Promise<ProcessEnd> {
  const child = spawn(process.execPath, [compiled], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' },
  });
  const end: ProcessEnd = { output: '', exitCode: null, signal: null, isOverdue: false };
  collectOutput(child, end);
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => {
      end.isOverdue = true;
      killGroup(child);
    }, deadlineMs);
    child.on('error', reject);
    child.on('exit', () => killGroup(child));
    child.on('close', (exitCode, signal) => {
      clearTimeout(deadline);
      resolve({ ...end, exitCode, signal });
    });
  });
}

function collectOutput(child: ChildProcess, end: ProcessEnd): void {
  const collect = (text: string): void => {
    end.output = (end.output + text).slice(-OUTPUT_CHARACTERS_MAX);
  };
  child.stdout?.setEncoding('utf8').on('data', collect);
  child.stderr?.setEncoding('utf8').on('data', collect);
}

/** Whatever the file left running goes with it: a forgotten broker must not hold our pipes open. */
function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone already, which is what was wanted.
  }
}
