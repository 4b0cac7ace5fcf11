/** `--signal`: has another process stop, reload and so on. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { CommandFailure, PROGRAM_NAME } from './command-failure.ts';

const SIGNALS: ReadonlyMap<string, NodeJS.Signals> = new Map([
  ['stop', 'SIGKILL'],
  ['quit', 'SIGINT'],
  ['term', 'SIGTERM'],
  ['reopen', 'SIGUSR1'],
  ['reload', 'SIGHUP'],
  ['ldm', 'SIGUSR2'],
]);

/** `name`, `name=<pid>`, `name=<pid file>` or `name=<prefix of pids>*`. */
export function sendSignal(text: string): void {
  const [name = '', target = '', ...more] = text.split('=');
  if (more.length > 0) throw new CommandFailure(`invalid signal parameters: [${more.join(' ')}]`);
  const signal = SIGNALS.get(name);
  if (signal === undefined) throw new CommandFailure(`unknown signal ${JSON.stringify(name)}`);
  const failures = pidsOf(target).flatMap((pid) => failureOf(name, signal, pid));
  if (failures.length > 0) throw new CommandFailure(failures.join(''));
}

function failureOf(name: string, signal: NodeJS.Signals, pid: number): string[] {
  try {
    process.kill(pid, signal);
    return [];
  } catch (error) {
    return [`\nsignal ${JSON.stringify(name)} ${pid}: ${reasonOf(error as NodeJS.ErrnoException)}`];
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ESRCH') return 'no such process';
  return code === 'EPERM' ? 'operation not permitted' : message;
}

function pidsOf(target: string): number[] {
  if (target === '') return [onlyOne()];
  if (target.endsWith('*')) return someOf(target.slice(0, -1));
  return [numberIn(/^\d+$/.test(target) ? target : contentOf(target))];
}

function onlyOne(): number {
  const pids = runningServers();
  if (pids.length === 0) throw new CommandFailure(`no ${PROGRAM_NAME} processes running`);
  if (pids.length === 1) return pids[0]!;
  throw new CommandFailure(`multiple ${PROGRAM_NAME} processes running:\n${pids.join('\n')}`);
}

function someOf(prefix: string): number[] {
  const pids = runningServers();
  if (pids.length === 0) throw new CommandFailure(`no ${PROGRAM_NAME} processes running`);
  // That none of them is meant is no failure.
  return pids.filter((pid) => String(pid).startsWith(prefix));
}

/** Brokers name their process so that they can be found here. */
function runningServers(): number[] {
  let listed: string;
  try {
    listed = execFileSync('pgrep', [PROGRAM_NAME], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    // It ends with 1 when nothing was found.
    if ((error as { status?: number | null }).status === 1) return [];
    throw new CommandFailure('unable to resolve pid, try providing one');
  }
  const pids = listed.split('\n').filter((line) => line !== '');
  return pids.map(Number).filter((pid) => pid !== process.pid);
}

/** A file is taken as it is: surrounding space makes it no number, as it does elsewhere. */
function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new CommandFailure(`invalid pid: ${path}`);
  }
}

function numberIn(text: string): number {
  // 0 would be this process and whoever started it.
  if (!/^\d+$/.test(text) || Number(text) === 0) throw new CommandFailure(`invalid pid: ${text}`);
  return Number(text);
}
