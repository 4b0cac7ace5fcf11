/**
 * What scripts can be played against: this broker, and genuine servers found on this machine.
 * Both are started as a user starts them: a program with a configuration file.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { packageRoot, programPath } from '../runner/package-root.ts';

export interface RunningServer {
  connect(): Promise<Duplex>;
  signal(name: NodeJS.Signals): Promise<void>;
  /** Replaces the configuration file and has it read again. */
  reload(config: string): Promise<void>;
  stop(): Promise<void>;
}

export interface Target {
  name: string;
  kind: 'genuine' | 'gnatlet';
  /** Of nats-server, for the rules about versions; empty for the newest. */
  version: string;
  /** Its path; empty within this process. */
  program: string;
  start(config: string): Promise<RunningServer>;
}

const START_DEADLINE_MS = 10_000;

export function gnatletProgram(): string {
  return programPath();
}

/** `program`: the command of the package, or what it built. */
export function gnatletTarget(name = 'gnatlet', program = gnatletProgram()): Target {
  return {
    name,
    kind: 'gnatlet',
    version: '',
    program,
    start: (config) => startProgram(process.execPath, [program], config),
  };
}

/** The genuine servers on PATH or named, separated like a PATH, in GNATLET_NATS_SERVER. */
export function genuineTargets(): Target[] {
  const named = process.env.GNATLET_NATS_SERVER ?? '';
  const paths = named === '' ? onPath('nats-server') : named.split(delimiter).filter((path) => path !== '');
  return paths.map(genuineTarget);
}

function genuineTarget(path: string): Target {
  const output = execFileSync(path, ['-v'], { encoding: 'utf8' });
  const version = /v(\d+\.\d+\.\d+)/.exec(output)?.[1] ?? '';
  return {
    name: `nats-server ${version}`,
    kind: 'genuine',
    version,
    program: path,
    start: (config) => startProgram(path, [], config),
  };
}

function onPath(program: string): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders
    .map((folder) => join(folder, program))
    .filter((path) => existsSync(path))
    .slice(0, 1);
}

async function startProgram(program: string, first: string[], config: string): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'gnatlet-wire-'));
  const configPath = join(folder, 'server.conf');
  writeFileSync(configPath, withFixtures(config));
  const words = [...first, '-c', configPath, '-a', '127.0.0.1', '-p', '-1', '--ports_file_dir', folder];
  const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const log = collectLog(child);
  try {
    const port = await waitForPort(folder, child, log);
    return runningServer(child, folder, configPath, port, log);
  } catch (error) {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** A configuration names files of test/fixtures as `${fixtures}/...`. */
export function withFixtures(config: string): string {
  return config.replace(/\$\{fixtures\}/g, join(packageRoot(), 'test', 'fixtures'));
}

interface Log {
  text: string;
}

function collectLog(child: ChildProcess): Log {
  const log = { text: '' };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log.text = (log.text + text).slice(-20_000);
  });
  return log;
}

function runningServer(child: ChildProcess, folder: string, configPath: string, port: number, log: Log): RunningServer {
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    child.kill(name);
  };
  return {
    connect: () => openSocket(port),
    signal,
    async reload(config) {
      writeFileSync(configPath, withFixtures(config));
      const seen = log.text.length;
      await signal('SIGHUP');
      await until(
        () => log.text.slice(seen).includes('Reloaded server configuration'),
        () => log.text,
      );
    },
    async stop() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await exited;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function openSocket(port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    socket.once('connect', () => resolve(socket)).once('error', reject);
  });
}

/** The ports file appears once the server listens. */
async function waitForPort(folder: string, child: ChildProcess, log: Log): Promise<number> {
  let port = 0;
  const hasPort = (): boolean => {
    if (child.exitCode !== null) throw new Error(`the server ended with exit code ${child.exitCode}: ${log.text}`);
    port = readPort(folder);
    return port > 0;
  };
  await until(hasPort, () => `the server did not write its ports: ${log.text}`);
  return port;
}

function readPort(folder: string): number {
  const name = readdirSync(folder).find((entry) => entry.endsWith('.ports'));
  const text = name === undefined ? '' : readFileSync(join(folder, name), 'utf8');
  const match = /"nats":\s*\[\s*"[^"]*:(\d+)"/.exec(text);
  return match === null ? 0 : Number(match[1]);
}

async function until(isReached: () => boolean, complaint: () => string): Promise<void> {
  const deadline = performance.now() + START_DEADLINE_MS;
  while (!isReached()) {
    if (performance.now() > deadline) throw new Error(complaint());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
