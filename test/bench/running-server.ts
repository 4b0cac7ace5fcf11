import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from './servers.ts';

const START_DEADLINE_MS = 10_000;
const STOP_DEADLINE_MS = 5_000;
/** Of what the server prints, for the message when it fails. */
const OUTPUT_KEPT = 4_000;

export interface StartOptions {
  /** For Node itself, when the server is a Node program. */
  nodeFlags?: string[];
  serverFlags?: string[];
  /** What there is no flag for. */
  config?: string;
  /** It listens for WebSockets, and that is the port which is told. */
  isWebSocket?: boolean | undefined;
  /** It keeps streams, in a folder of its own. */
  streams?: { syncInterval: string | null } | undefined;
  onOutput?(text: string): void;
}

export interface RunningServer {
  host: string;
  port: number;
  pid: number;
  /** The base address of its monitoring pages, when it was asked for them and has them. */
  monitorUrl: string | null;
  /** Resolves when the process is gone. */
  stop(): Promise<void>;
}

/** Starts a server on a free port of the loopback interface; resolves once it is listening. */
export async function startServer(server: Server, options: StartOptions = {}): Promise<RunningServer> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const more = [...configFlags(folder, options), ...(options.serverFlags ?? [])];
  const flags = ['-a', '127.0.0.1', '-p', '-1', '--ports_file_dir', folder, ...more];
  const child = spawnServer(server, flags, options.nodeFlags);
  const output = collectOutput(child, options.onOutput);
  const stop = async (): Promise<void> => {
    await stopProcess(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const ports = await waitForPorts(folder, child);
    const { port } = new URL((options.isWebSocket === true ? ports.websocket! : ports.nats)[0]!);
    return { host: '127.0.0.1', port: Number(port), pid: child.pid!, monitorUrl: ports.monitoring?.[0] ?? null, stop };
  } catch (error) {
    await stop();
    throw new Error(`${server.name} did not start: ${(error as Error).message}\n${output()}`);
  }
}

function configFlags(folder: string, { isWebSocket, streams, config }: StartOptions): string[] {
  const lines: string[] = config === undefined ? [] : [config];
  if (isWebSocket === true) lines.push('websocket { listen: "127.0.0.1:-1", no_tls: true }');
  if (streams !== undefined) {
    const interval = streams.syncInterval === null ? '' : `\n  sync_interval: "${streams.syncInterval}"`;
    lines.push(`jetstream {\n  store_dir: "${join(folder, 'streams')}"${interval}\n}`);
  }
  if (lines.length === 0) return [];
  const path = join(folder, 'bench.conf');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return ['-c', path];
}

export function spawnServer(server: Server, flags: string[], nodeFlags: string[] = []): ChildProcess {
  const args = [...(server.isGnatlet ? nodeFlags : []), ...server.args, ...flags];
  return spawn(server.command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await gone;
  clearTimeout(timer);
}

function collectOutput(child: ChildProcess, onOutput?: (text: string) => void): () => string {
  let kept = '';
  const keep = (text: string): void => {
    kept = (kept + text).slice(-OUTPUT_KEPT);
    onOutput?.(text);
  };
  child.stdout?.setEncoding('utf8').on('data', keep);
  child.stderr?.setEncoding('utf8').on('data', keep);
  return () => kept;
}

interface PortsFile {
  nats: string[];
  monitoring?: string[];
  websocket?: string[];
}

function waitForPorts(folder: string, child: ChildProcess): Promise<PortsFile> {
  return new Promise((resolve, reject) => {
    const watcher = watch(folder, () => look());
    const timer = setTimeout(() => finish(new Error('it wrote no ports file in time')), START_DEADLINE_MS);
    const finish = (outcome: PortsFile | Error): void => {
      clearTimeout(timer);
      watcher.close();
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    };
    const look = (): void => {
      const ports = readPortsFile(folder);
      if (ports !== null) finish(ports);
    };
    child.on('error', finish);
    child.on('exit', (code, signal) => finish(new Error(`it ended with ${signal ?? `code ${code}`}`)));
    look();
  });
}

/** Null while there is none, or only a part of one. */
function readPortsFile(folder: string): PortsFile | null {
  const name = existsSync(folder) ? readdirSync(folder).find((file) => file.endsWith('.ports')) : undefined;
  if (name === undefined) return null;
  try {
    return JSON.parse(readFileSync(join(folder, name), 'utf8'));
  } catch {
    return null;
  }
}
