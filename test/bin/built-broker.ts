/** What `gnatlet build` made: run as a process of its own, and taken apart. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export class BuiltBroker {
  readonly port: number;
  readonly log: string;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, port: number, log: string) {
    this.child = child;
    this.port = port;
    this.log = log;
  }

  /** On a free port. Answers when it is ready. */
  static async start(
    command: readonly string[],
    words: readonly string[],
    cwd: string,
    env: NodeJS.ProcessEnv = process.env,
  ): Promise<BuiltBroker> {
    const [program, ...first] = command;
    const args = [...first, '-a', '127.0.0.1', '-p', '-1', ...words];
    const child = spawn(program!, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    for await (const line of createInterface(child.stderr!)) {
      log += `${line}\n`;
      if (line.endsWith('Server is ready')) return new BuiltBroker(child, portIn(log), log);
    }
    throw new Error(`it ended before it was ready: ${log}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}

function portIn(log: string): number {
  return Number(/Listening for client connections on \S+:(\d+)/.exec(log)![1]);
}

/** By name, the members of an `ar` archive. */
export function readAr(archive: Buffer): Map<string, Buffer> {
  const members = new Map<string, Buffer>();
  for (let at = 8; at < archive.length; ) {
    const name = archive.toString('latin1', at, at + 16).trim();
    const bytes = Number(archive.toString('latin1', at + 48, at + 58));
    members.set(name, archive.subarray(at + 60, at + 60 + bytes));
    at += 60 + bytes + (bytes % 2);
  }
  return members;
}

/** By path, the files of a `tar` archive. */
export function readTar(archive: Buffer): Map<string, { mode: number; text: string }> {
  const files = new Map<string, { mode: number; text: string }>();
  const field = (at: number, bytes: number): string => archive.toString('latin1', at, at + bytes).split('\0')[0]!;
  for (let at = 0; field(at, 100) !== ''; ) {
    const bytes = Number.parseInt(field(at + 124, 12), 8);
    const start = at + 512;
    const mode = Number.parseInt(field(at + 100, 8), 8);
    files.set(field(at, 100), { mode, text: archive.toString('utf8', start, start + bytes) });
    at = start + Math.ceil(bytes / 512) * 512;
  }
  return files;
}
