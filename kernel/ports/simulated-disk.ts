import type { FastRandom } from './fast-random.ts';
import type { Disk } from './ports.ts';
import type { SimulatedClock } from './simulated-clock.ts';

/** The longest a simulated file operation takes. */
const OPERATION_MS_MAX = 2;

/** Files in memory, by path. Operations take a random short time; a write replaces a file at one instant. */
export class SimulatedDisk implements Disk {
  readonly files = new Map<string, Uint8Array>();
  private readonly directories = new Set<string>(['/']);
  private readonly clock: SimulatedClock;
  private readonly random: FastRandom;

  constructor(clock: SimulatedClock, random: FastRandom) {
    this.clock = clock;
    this.random = random;
  }

  async readFile(path: string): Promise<Uint8Array> {
    await this.operation();
    return this.readFileSync(path);
  }

  readFileSync(path: string): Uint8Array {
    const bytes = this.files.get(path);
    if (bytes === undefined) throw missing('open', path);
    return new Uint8Array(bytes);
  }

  async writeFile(path: string, bytes: Uint8Array | string): Promise<void> {
    const copy = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : new Uint8Array(bytes);
    await this.operation();
    if (!this.isDirectory(parentOf(path))) throw missing('open', path);
    this.files.set(path, copy);
  }

  async remove(path: string): Promise<void> {
    await this.operation();
    this.files.delete(path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.operation();
    const bytes = this.files.get(from);
    if (bytes === undefined || !this.isDirectory(parentOf(to))) throw missing('rename', from);
    this.files.delete(from);
    this.files.set(to, bytes);
  }

  async syncDirectory(path: string): Promise<void> {
    await this.operation();
    if (!this.isDirectory(path)) throw missing('open', path);
  }

  async makeDirectory(path: string): Promise<void> {
    await this.operation();
    for (let folder = path; !this.directories.has(folder); folder = parentOf(folder)) this.directories.add(folder);
  }

  async list(path: string): Promise<string[]> {
    await this.operation();
    if (!this.isDirectory(path)) throw missing('scandir', path);
    const prefix = path.endsWith('/') ? path : `${path}/`;
    const names = new Set<string>();
    for (const known of [...this.files.keys(), ...this.directories]) {
      if (known.startsWith(prefix) && known.length > prefix.length)
        names.add(known.slice(prefix.length).split('/')[0]!);
    }
    return [...names].sort();
  }

  /** A directory also exists for having a file in it, so that a test can just set files. */
  private isDirectory(path: string): boolean {
    if (this.directories.has(path)) return true;
    const prefix = path.endsWith('/') ? path : `${path}/`;
    return [...this.files.keys()].some((file) => file.startsWith(prefix));
  }

  private operation(): Promise<void> {
    const time = this.clock.monotonic() + this.random.fraction() * OPERATION_MS_MAX;
    return new Promise((resolve) => this.clock.at(time, resolve));
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

function missing(operation: string, path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, ${operation} '${path}'`), {
    code: 'ENOENT',
    path,
  });
}
