/** A world of a test's own: time that moves when told, chance from a seed, wires and files in memory. */
import { FastRandom } from '../../kernel/ports/fast-random.ts';
import { InputEnd } from '../../kernel/ports/input-end.ts';
import { MemoryNetwork } from '../../kernel/ports/memory-network.ts';
import type {
  Clock,
  DirectoryLock,
  Disk,
  DiskRoom,
  FileUse,
  Listener,
  ListenOptions,
  OpenFile,
  Ports,
  Random,
  Timer,
} from '../../kernel/ports/ports.ts';
import type { Transport } from '../../kernel/ports/transport.ts';
import { FakeFile } from './fake-file.ts';

interface FakeTimer extends Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

export class FakeClock implements Clock {
  #nowMs = 0;
  #wallMs = Date.UTC(2020, 0, 1);
  readonly #timers = new Set<FakeTimer>();
  readonly #inputEnd = new InputEnd((run) => this.soon(run));

  now(): number {
    return this.#wallMs + this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  /** Somebody sets the clock, and no time passes. */
  jump(milliseconds: number): void {
    this.#wallMs += milliseconds;
  }

  after(milliseconds: number, run: () => void): Timer {
    const timer: FakeTimer = {
      dueMs: this.#nowMs + milliseconds,
      run,
      cancel: () => void this.#timers.delete(timer),
    };
    this.#timers.add(timer);
    return timer;
  }

  soon(run: () => void): void {
    setImmediate(run);
  }

  afterInput(run: () => void): void {
    this.#inputEnd.add(run);
  }

  inputEnds(): void {
    this.#inputEnd.reached();
  }

  /** Timers that have neither run nor been cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets promises settle, then runs what is due, in order, until `milliseconds` have passed. */
  async advance(milliseconds: number): Promise<void> {
    const untilMs = this.#nowMs + milliseconds;
    await settle();
    for (let next = this.#nextDue(untilMs); next !== null; next = this.#nextDue(untilMs)) {
      this.#nowMs = next.dueMs;
      this.#timers.delete(next);
      next.run();
      await settle();
    }
    this.#nowMs = untilMs;
  }

  #nextDue(untilMs: number): FakeTimer | null {
    let first: FakeTimer | null = null;
    for (const timer of this.#timers) {
      if (timer.dueMs <= untilMs && (first === null || timer.dueMs < first.dueMs)) first = timer;
    }
    return first;
  }
}

/** A turn of the event loop: everything that only waits for promises has run afterwards. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The in-memory network, and who listens on it. */
export class FakeNetwork extends MemoryNetwork {
  readonly listening = new Set<string>();

  override async listen(options: ListenOptions, accept: (transport: Transport) => void): Promise<Listener> {
    const listener = await super.listen(options, accept);
    const name = `${listener.host}:${listener.port}`;
    this.listening.add(name);
    const close = async (): Promise<void> => {
      this.listening.delete(name);
      await listener.close();
    };
    return { host: listener.host, port: listener.port, close };
  }
}

export class FakeDisk implements Disk {
  readonly files = new Map<string, Uint8Array>();
  readonly #locks = new Set<string>();

  async readFile(path: string): Promise<Uint8Array> {
    return this.readFileSync(path);
  }

  readFileSync(path: string): Uint8Array {
    const bytes = this.files.get(path);
    if (bytes === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    return bytes;
  }

  async writeFile(path: string, bytes: Uint8Array | string): Promise<void> {
    this.files.set(path, typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes.slice());
  }

  async remove(path: string): Promise<void> {
    this.files.delete(path);
  }

  async rename(from: string, to: string): Promise<void> {
    this.files.set(to, this.readFileSync(from));
    this.files.delete(from);
  }

  async syncDirectory(): Promise<void> {}

  async makeDirectory(): Promise<void> {}

  async removeDirectory(): Promise<void> {}

  async list(path: string): Promise<string[]> {
    const inside = [...this.files.keys()].filter((name) => name.startsWith(`${path}/`));
    return [...new Set(inside.map((name) => name.slice(path.length + 1).split('/')[0]!))];
  }

  async open(path: string, use: FileUse): Promise<OpenFile> {
    const isThere = this.files.has(path);
    if (use === 'create' && isThere) throw Object.assign(new Error(`it exists: ${path}`), { code: 'EEXIST' });
    if (use === 'create') this.files.set(path, new Uint8Array(0));
    else this.readFileSync(path);
    return new FakeFile(path, this.files);
  }

  async room(): Promise<DiskRoom> {
    return { freeBytes: Number.POSITIVE_INFINITY, takenBytes: 0 };
  }

  async lock(directory: string): Promise<DirectoryLock> {
    if (this.#locks.has(directory)) throw Object.assign(new Error(`in use: ${directory}`), { code: 'EBUSY' });
    this.#locks.add(directory);
    return {
      release: async () => {
        this.#locks.delete(directory);
      },
    };
  }
}

export interface FakePorts extends Ports {
  readonly clock: FakeClock;
  readonly network: FakeNetwork;
  readonly disk: FakeDisk;
}

export function createFakePorts(seed = 1): FakePorts {
  const clock = new FakeClock();
  const generator = FastRandom.fromSeed(seed);
  const random: Random = {
    below: (bound) => generator.below(bound),
    fraction: () => generator.fraction(),
    bytes: (count) => Uint8Array.from({ length: count }, () => generator.below(256)),
  };
  return { clock, random, network: new FakeNetwork({ clock }), disk: new FakeDisk() };
}
