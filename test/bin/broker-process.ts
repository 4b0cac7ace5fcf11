/** Runs the command as its users do: a process, its output, its exit code. Nothing sleeps; what is awaited is seen. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processUsage } from '../bench/generator/process-usage.ts';
import { programPath } from '../runner/package-root.ts';

export const PROGRAM = programPath();
const PATIENCE_MS = 10_000;

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs to its end. */
export async function run(
  words: readonly string[],
  cwd = '/',
  env: NodeJS.ProcessEnv = process.env,
  patienceMs = PATIENCE_MS,
): Promise<Outcome> {
  const child = spawn(process.execPath, [PROGRAM, ...words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  const code = await ended(child, patienceMs);
  return { code, out: out.text, err: err.text };
}

function ended(child: ChildProcess, patienceMs = PATIENCE_MS): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the process did not end: ${child.spawnargs.join(' ')}`));
    }, patienceMs);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
}

class Collected {
  text = '';
  private waiting: (() => void)[] = [];

  add(more: string): void {
    this.text += more;
    for (const look of this.waiting.splice(0)) look();
  }

  /** Once the text from `from` on contains it. Answers where it ends. */
  async until(wanted: string, from = 0): Promise<number> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    while (!this.text.includes(wanted, from)) {
      await new Promise<void>((resolve, reject) => {
        this.waiting.push(resolve);
        deadline.onabort = () => reject(new Error(`"${wanted}" never came: ${this.text.slice(from)}`));
      });
    }
    return this.text.indexOf(wanted, from) + wanted.length;
  }
}

function collect(stream: NodeJS.ReadableStream | null): Collected {
  const collected = new Collected();
  stream?.setEncoding('utf8').on('data', (text: string) => collected.add(text));
  return collected;
}

/** A folder that is gone when the test is over. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'gnatlet-command-'));

  file(name: string): string {
    return join(this.path, name);
  }

  write(name: string, text: string): string {
    writeFileSync(this.file(name), text);
    return this.file(name);
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A broker in a process of its own, on a free port of this machine. */
export class BrokerProcess {
  readonly child: ChildProcess;
  readonly err: Collected;
  private readonly exit: Promise<number | null>;

  private constructor(child: ChildProcess) {
    this.child = child;
    this.err = collect(child.stderr);
    this.exit = new Promise((resolve) => child.once('close', resolve));
  }

  /** Answers when it is ready, or at once when it is not expected to be. */
  static async start(
    words: readonly string[],
    cwd = '/',
    waitsFor = 'Server is ready',
    program: readonly string[] = [process.execPath, PROGRAM],
  ): Promise<BrokerProcess> {
    const all = [...program.slice(1), '-a', '127.0.0.1', '-p', '-1', ...words];
    const broker = new BrokerProcess(spawn(program[0]!, all, { cwd, stdio: ['ignore', 'ignore', 'pipe'] }));
    if (waitsFor !== '') await broker.err.until(waitsFor);
    return broker;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Memory at the peak; 0 where the system does not tell. */
  get peakBytes(): number {
    return processUsage(this.pid)?.peakResidentBytes ?? 0;
  }

  get port(): number {
    return Number(/Listening for client connections on \S+:(\d+)/.exec(this.err.text)![1]);
  }

  /** The lines without what differs from run to run. */
  get lines(): string[] {
    const texts = this.err.text.trimEnd().split('\n');
    return texts.map((line) => line.replace(/^\[\d+\] [\d/]+ [\d:.]+ /, ''));
  }

  /** Sends a signal; answers once the log says this, and what it said since the signal. */
  async signal(name: NodeJS.Signals, waitsFor: string): Promise<string> {
    const from = this.err.text.length;
    this.child.kill(name);
    await this.err.until(waitsFor, from);
    return this.err.text.slice(from);
  }

  /** The exit code. */
  ended(): Promise<number | null> {
    return this.exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exit;
  }
}

/** A client that speaks bytes. */
export class RawClient {
  private readonly socket: Socket;
  readonly received = new Collected();
  private isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8').on('data', (text: string) => this.received.add(text));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.received.add('<closed>');
    });
  }

  static async connect(port: number, first = ''): Promise<RawClient> {
    const client = new RawClient(connect(port, '127.0.0.1'));
    await client.received.until('\r\n');
    if (first !== '') client.send(first);
    return client;
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** Answers what came until then. */
  async ask(text: string, waitsFor: string): Promise<string> {
    const from = this.received.text.length;
    this.send(text);
    await this.received.until(waitsFor, from);
    return this.received.text.slice(from);
  }

  closed(): Promise<unknown> {
    return this.isClosed ? Promise.resolve() : this.received.until('<closed>');
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
