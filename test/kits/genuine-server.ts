/** A genuine nats-server beside a test, where there is one on this machine. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface GenuineServer {
  /** Of its monitor. */
  readonly url: string;
  readonly port: number;
  /** At once, as by a crash of the process. */
  stop(): Promise<void>;
  /** In order. */
  quit(): Promise<void>;
}

const START_MS = 10_000;

/** The first that GNATLET_NATS_SERVER names, or PATH has, whose version begins so; null where there is none. */
export function genuineProgram(version = ''): string | null {
  const named = (process.env.GNATLET_NATS_SERVER ?? '').split(delimiter).filter((path) => path !== '');
  const found = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'nats-server'));
  const isRight = (path: string): boolean =>
    existsSync(path) && spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.includes(`v${version}`);
  return [...named, ...found].find(isRight) ?? null;
}

export async function startGenuine(program: string, config: string): Promise<GenuineServer> {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-genuine-'));
  const file = join(folder, 'test.conf');
  writeFileSync(file, config);
  const words = ['-c', file, '-a', '127.0.0.1', '-p', '-1', '-m', '-1', '--ports_file_dir', folder];
  const child = spawn(program, words, { stdio: 'ignore' });
  const ports = await portsOf(child, folder);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    url: ports.monitoring[0]!,
    port: Number(new URL(ports.nats[0]!).port),
    stop: () => end('SIGKILL'),
    quit: () => end('SIGTERM'),
  };
}

async function portsOf(child: ChildProcess, folder: string): Promise<{ nats: string[]; monitoring: string[] }> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    const name = readdirSync(folder).find((entry) => entry.endsWith('.ports'));
    const text = name === undefined ? '' : readFileSync(join(folder, name), 'utf8');
    if (text.endsWith('}')) return JSON.parse(text);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  child.kill('SIGKILL');
  throw new Error('the genuine server did not write its ports');
}
