import { DiskFaults, type DiskOperation } from './disk-faults.ts';
import type { FastRandom } from './fast-random.ts';
import type { DirectoryLock, Disk, DiskRoom, FileUse, OpenFile } from './ports.ts';
import type { SimulatedClock } from './simulated-clock.ts';
import { type Entry, NameTree, SimulatedDirectory } from './simulated-directory.ts';
import { systemError } from './simulated-error.ts';
import { SimulatedInode, type Unsynced } from './simulated-file.ts';
import { SimulatedOpenFile } from './simulated-open-file.ts';

/** The longest a simulated file operation takes, unless it is a slow one. */
const OPERATION_MS_MAX = 2;
const SLOW_MS_MAX = 10_000;

/** What a power cut keeps of what was not synced. */
export type Fate = 'none' | 'all' | 'prefix' | 'subset' | ((part: number) => boolean);

/** What a disk held at one moment, to be put back later. */
export type DiskImage = ReadonlyMap<string, Uint8Array>;

/**
 * Files in memory. Operations take a random short time and happen at one instant within it. What was not synced can be lost in a
 * power cut, sector by sector and name by name; what was synced can rot. Nothing goes wrong unless it is told to.
 */
export class SimulatedDisk implements Disk {
  readonly faults: DiskFaults;
  /** What does not fit any more fails with ENOSPC. */
  capacityBytes = Infinity;
  /** Changes that still happen before the power fails. */
  stepsLeft = Infinity;
  /** Changes that happened: writes, syncs, names. */
  steps = 0;
  /** Told when the power fails by itself; nothing happens from then on until `restart`. */
  onPowerCut: (() => void) | null = null;
  private readonly tree = new NameTree();
  private readonly clock: SimulatedClock;
  private readonly random: FastRandom;
  private locks = new Set<string>();
  private inFlight = new Set<Unsynced>();
  private isDark = false;
  /** Which life of the machine this is; what was begun in an earlier one is never answered. */
  private life = 0;
  private order = 0;
  private temporaries = 0;

  constructor(clock: SimulatedClock, random: FastRandom) {
    this.clock = clock;
    this.random = random;
    this.faults = new DiskFaults(random);
  }

  async readFile(path: string): Promise<Uint8Array> {
    await this.operation('read', path);
    return this.readFileSync(path);
  }

  readFileSync(path: string): Uint8Array {
    return new Uint8Array(this.existingFile('open', path).current.content);
  }

  async writeFile(path: string, bytes: Uint8Array | string): Promise<void> {
    const copy = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : new Uint8Array(bytes);
    const temporary = `${path}.${++this.temporaries}.tmp`;
    const file = await this.open(temporary, 'create');
    try {
      await promised((done) => file.write([copy], 0, done));
      await promised((done) => file.datasync(done));
      await this.rename(temporary, path);
    } catch (error) {
      await this.remove(temporary);
      throw error;
    }
    await this.syncDirectory(parentOf(path));
  }

  async remove(path: string): Promise<void> {
    await this.change('remove', path);
    const place = this.tree.place(path);
    if (place?.directory.current.get(place.name) instanceof SimulatedInode) this.name([{ ...place, entry: null }]);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.change('rename', from);
    const [before, after] = [this.tree.place(from), this.tree.place(to)];
    const entry = before?.directory.current.get(before.name);
    if (entry === undefined || after === null) throw systemError('ENOENT', 'rename', from);
    this.name([
      { ...before!, entry: null },
      { ...after, entry },
    ]);
  }

  async syncDirectory(path: string): Promise<void> {
    await this.change('syncDirectory', path);
    this.tree.sync(this.existingDirectory('open', path));
  }

  async makeDirectory(path: string): Promise<void> {
    await this.change('makeDirectory', path);
    let at = '';
    for (const name of path.split('/').filter((part) => part !== '')) {
      const directory = this.existingDirectory('mkdir', at);
      at += `/${name}`;
      if (!directory.current.has(name)) this.name([{ directory, name, entry: new SimulatedDirectory() }]);
    }
  }

  async removeDirectory(path: string): Promise<void> {
    await this.change('remove', path);
    const place = this.tree.place(path);
    const entry = this.tree.directory(path);
    if (entry === null) return;
    if (entry.current.size > 0 || place === null) throw systemError('ENOTEMPTY', 'rmdir', path);
    this.name([{ ...place, entry: null }]);
  }

  async list(path: string): Promise<string[]> {
    await this.operation('list', path);
    return [...this.existingDirectory('scandir', path).current.keys()].sort();
  }

  async open(path: string, use: FileUse): Promise<OpenFile> {
    if (use !== 'create') {
      await this.operation('open', path);
      return new SimulatedOpenFile(this, path, this.existingFile('open', path));
    }
    await this.change('open', path);
    const place = this.tree.place(path);
    if (place === null) throw systemError('ENOENT', 'open', path);
    if (place.directory.current.has(place.name)) throw systemError('EEXIST', 'open', path);
    const file = new SimulatedInode();
    this.name([{ ...place, entry: file }]);
    return new SimulatedOpenFile(this, path, file);
  }

  async room(directory: string): Promise<DiskRoom> {
    let takenBytes = 0;
    let usedBytes = 0;
    for (const [path, file] of this.tree.files()) {
      usedBytes += file.current.size;
      if (path.startsWith(`${directory}/`)) takenBytes += file.current.size;
    }
    return { freeBytes: Math.max(0, this.capacityBytes - usedBytes), takenBytes };
  }

  async lock(directory: string): Promise<DirectoryLock> {
    await this.makeDirectory(directory);
    const { locks } = this;
    if (locks.has(directory)) throw systemError('EBUSY', 'lock', directory);
    locks.add(directory);
    return {
      release: async () => {
        locks.delete(directory);
      },
    };
  }

  // --- For the world around it ---

  /** The power fails at this moment. What was begun is never answered; the files stay readable to the test only. */
  cutPower(): void {
    if (this.isDark) return;
    this.isDark = true;
    this.life++;
    this.onPowerCut?.();
  }

  /** How many parts of what is not synced can be lost, each by itself. */
  get unsyncedParts(): number {
    return this.unsynced().reduce((sum, item) => sum + item.parts, 0);
  }

  /** Back after a power cut, with what it spared of the unsynced. Locks are free. */
  restart(fate: Fate): void {
    this.cutPower();
    const items = this.unsynced();
    const decide = this.decider(fate, this.unsyncedParts);
    let index = 0;
    for (const item of items) {
      for (let part = 0; part < item.parts; part++) if (decide(index++)) item.keep(part);
    }
    this.inFlight.clear();
    this.tree.restart();
    this.locks = new Set();
    this.isDark = false;
    this.stepsLeft = Infinity;
  }

  /** Puts a file where it is safe at once. */
  put(path: string, bytes: Uint8Array): void {
    const file = new SimulatedInode();
    file.damage((image) => image.write(0, bytes));
    const place = this.tree.place(path);
    if (place === null) throw systemError('ENOENT', 'open', path);
    this.tree.change(this.order++, [{ ...place, entry: file }]);
    this.tree.sync(place.directory);
  }

  /** Takes a file away for good, as a broken file system does. */
  lose(path: string): void {
    const place = this.tree.place(path);
    if (place === null) return;
    this.tree.change(this.order++, [{ ...place, entry: null }]);
    this.tree.sync(place.directory);
  }

  /** Rot: changes bytes of a file, for programs and for ever. */
  damage(path: string, change: (bytes: Uint8Array) => void): void {
    this.existingFile('open', path).damage((image) => change(image.content));
  }

  cutFile(path: string, size: number): void {
    this.existingFile('open', path).damage((image) => image.resize(Math.min(size, image.size)));
  }

  get paths(): string[] {
    return [...this.tree.files()].map(([path]) => path).sort();
  }

  /** What programs see now, of all files. */
  image(): DiskImage {
    return new Map([...this.tree.files()].map(([path, file]) => [path, file.current.content.slice()]));
  }

  /** An old copy of the disk takes the place of what is there. */
  putBack(image: DiskImage): void {
    for (const path of this.paths) if (!image.has(path)) this.lose(path);
    for (const [path, bytes] of image) this.put(path, bytes);
  }

  // --- For open files ---

  nextOrder(): number {
    return this.order++;
  }

  /** Bytes that a power cut may find half written. */
  begin(item: Unsynced): void {
    // What somebody begins who has not noticed yet that there is no power any more never gets there.
    if (!this.isDark) this.inFlight.add(item);
  }

  finish(item: Unsynced): void {
    this.inFlight.delete(item);
  }

  get dice(): FastRandom {
    return this.random;
  }

  /** Whether the file may become as long as that. */
  hasRoom(file: SimulatedInode, size: number): boolean {
    if (this.capacityBytes === Infinity || size <= file.current.size) return true;
    let used = size - file.current.size;
    for (const [, other] of this.tree.files()) used += other.current.size;
    return used <= this.capacityBytes;
  }

  /** Runs when the operation happens: later, and never after a power cut. Changes may be the last thing before one. */
  later(operation: DiskOperation, path: string, isChange: boolean, run: (error: Error | null) => void): void {
    const { life } = this;
    if (this.isDark) return;
    const longest = this.faults.strikes('slow', path) ? SLOW_MS_MAX : OPERATION_MS_MAX;
    this.clock.at(this.clock.monotonic() + this.random.fraction() * longest, () => {
      if (life !== this.life || (isChange && !this.takeStep())) return;
      const code = this.faults.takeOrdered(operation, path, isChange);
      run(code === null ? null : systemError(code, operation, path));
    });
  }

  /** The same for an operation that nobody waits for: why it does not happen, or null. */
  atOnce(operation: DiskOperation, path: string): Error | null {
    if (this.isDark || !this.takeStep()) return systemError('EIO', operation, path);
    const code = this.faults.takeOrdered(operation, path, true);
    return code === null ? null : systemError(code, operation, path);
  }

  private takeStep(): boolean {
    if (this.stepsLeft <= 0) {
      this.cutPower();
      return false;
    }
    this.stepsLeft--;
    this.steps++;
    return true;
  }

  private operation(operation: DiskOperation, path: string): Promise<void> {
    return promised((done) => this.later(operation, path, false, done));
  }

  private change(operation: DiskOperation, path: string): Promise<void> {
    return promised((done) => this.later(operation, path, true, done));
  }

  private name(changes: { directory: SimulatedDirectory; name: string; entry: Entry | null }[]): void {
    this.tree.change(this.order++, changes);
  }

  private unsynced(): Unsynced[] {
    const items: Unsynced[] = [...this.tree.pending, ...this.inFlight];
    const files = new Set<SimulatedInode>();
    const visit = (directory: SimulatedDirectory) => {
      for (const entry of [...directory.current.values(), ...directory.durable.values()]) {
        if (entry instanceof SimulatedInode) files.add(entry);
        else visit(entry);
      }
    };
    visit(this.tree.root);
    for (const file of files) items.push(...file.pending);
    return items.sort((a, b) => a.order - b.order);
  }

  private decider(fate: Fate, parts: number): (part: number) => boolean {
    if (typeof fate === 'function') return fate;
    if (fate === 'subset') return () => this.random.below(2) === 0;
    const kept = fate === 'none' ? 0 : fate === 'all' ? parts : this.random.below(parts + 1);
    return (part) => part < kept;
  }

  private existingFile(operation: string, path: string): SimulatedInode {
    const file = this.tree.file(path);
    if (file === null) throw systemError('ENOENT', operation, path);
    return file;
  }

  private existingDirectory(operation: string, path: string): SimulatedDirectory {
    const directory = this.tree.directory(path);
    if (directory === null) throw systemError('ENOENT', operation, path);
    return directory;
  }
}

function promised(call: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error === null ? resolve() : reject(error)));
  });
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}
