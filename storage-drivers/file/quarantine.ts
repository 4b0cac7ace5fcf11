/**
 * Where files go that nobody can say the use of: nothing is deleted because it is unknown (D-12). Each entry is a folder with the files and
 * the reason they are there. What is in it is never read again, and removed only when an operator says so, or has said after how long.
 */
import { join } from 'node:path';
import type { Clock, Disk, Timer } from '../../kernel/plugin-api.ts';

const REASON = 'reason.txt';
const LOOK_MS = 10 * 60_000;
/** Entries of a store begin with its number. */
const ENTRY_NAME = /^(\d+)-/;

export interface QuarantineEntry {
  readonly name: string;
  readonly path: string;
  /** Since when and why, as the file says it; empty where there is none. */
  readonly reason: string;
  readonly files: number;
  readonly bytes: number;
}

export interface SetAside {
  readonly path: string;
  readonly reason: string;
}

export class Quarantine {
  /** Since it was opened. */
  readonly setAside: SetAside[] = [];
  readonly directory: string;
  private readonly disk: Disk;
  private readonly clock: Clock;
  private readonly incarnation: number;
  /** Told of what was removed because its time was over. */
  onRemoved: (path: string) => void = () => {};
  private timer: Timer | null = null;

  constructor(directory: string, disk: Disk, clock: Clock, incarnation: number) {
    this.directory = directory;
    this.disk = disk;
    this.clock = clock;
    this.incarnation = incarnation;
  }

  /** The highest number of a store that something lies here of; 0 for none. */
  async highest(): Promise<number> {
    const names = await this.names();
    return Math.max(0, ...names.map((name) => Number(ENTRY_NAME.exec(name)?.[1] ?? 0)));
  }

  names(): Promise<string[]> {
    return namesIn(this.disk, this.directory);
  }

  /**
   * Removes what has lain here for so long, and looks again and again; 0: never. Nothing goes where something was damaged, or set aside,
   * since it was opened: what is known may be less than it was.
   */
  keepFor(milliseconds: number, isSound: () => boolean): void {
    if (milliseconds === 0) return;
    this.timer = this.clock.after(LOOK_MS, () => {
      this.keepFor(milliseconds, isSound);
      // What can not be removed now is tried the next time.
      if (isSound() && this.setAside.length === 0)
        void this.removeBefore(this.clock.now() - milliseconds).catch(() => {});
    });
  }

  close(): void {
    this.timer?.cancel();
  }

  private async removeBefore(time: number): Promise<void> {
    for (const entry of await quarantineEntries(this.disk, this.directory)) {
      // What does not say since when it is here stays.
      if (!(Date.parse(entry.reason.split('\n')[0]!) < time)) continue;
      await removeEntry(this.disk, entry);
      this.onRemoved(entry.path);
    }
  }

  /** Files of a store's folder. A crash in between leaves each in one of both places, and none of a group before those of the next. */
  async take(store: number, folder: string, groups: readonly (readonly string[])[], reason: string): Promise<string> {
    const path = await this.begin(store, reason);
    for (const names of groups) {
      for (const name of names) await this.disk.rename(join(folder, name), join(path, name));
      await this.disk.syncDirectory(path);
      await this.disk.syncDirectory(folder);
    }
    return path;
  }

  /** Something that lies in no file of its own. */
  async write(store: number, name: string, content: Uint8Array, reason: string): Promise<string> {
    const path = await this.begin(store, reason);
    await this.disk.writeFile(join(path, name), content);
    await this.disk.syncDirectory(path);
    return path;
  }

  /** Files of one name, of all entries of a store. */
  async read(store: number, name: string): Promise<Uint8Array[]> {
    const files: Uint8Array[] = [];
    for (const entry of await this.names()) {
      if (Number(ENTRY_NAME.exec(entry)?.[1]) !== store) continue;
      const path = join(this.directory, entry);
      if ((await namesIn(this.disk, path)).includes(name)) files.push(await this.disk.readFile(join(path, name)));
    }
    return files;
  }

  private async begin(store: number, reason: string): Promise<string> {
    const name = `${store}-${this.incarnation}`;
    const taken = new Set(await this.names());
    let free = name;
    for (let count = 2; taken.has(free); count++) free = `${name}-${count}`;
    const path = join(this.directory, free);
    await this.disk.makeDirectory(path);
    await this.disk.syncDirectory(join(this.directory, '..'));
    await this.disk.syncDirectory(this.directory);
    await this.disk.writeFile(join(path, REASON), `${new Date(this.clock.now()).toISOString()}\n${reason}\n`);
    this.setAside.push({ path, reason });
    return path;
  }
}

/** Everything that lies in a quarantine. */
export async function quarantineEntries(disk: Disk, directory: string): Promise<QuarantineEntry[]> {
  const entries: QuarantineEntry[] = [];
  for (const name of await namesIn(disk, directory)) {
    const path = join(directory, name);
    const names = await namesIn(disk, path);
    const sizes = await Promise.all(names.map((file) => sizeOf(disk, join(path, file))));
    const reason = names.includes(REASON) ? Buffer.from(await disk.readFile(join(path, REASON))).toString() : '';
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    entries.push({ name, path, reason: reason.trim(), files: names.filter((file) => file !== REASON).length, bytes });
  }
  return entries;
}

/** For good. Interrupted, it is done again. */
export async function removeEntry(disk: Disk, { path }: QuarantineEntry): Promise<void> {
  for (const name of await disk.list(path)) await disk.remove(join(path, name));
  await disk.removeDirectory(path);
  await disk.syncDirectory(join(path, '..'));
}

async function namesIn(disk: Disk, directory: string): Promise<string[]> {
  return disk.list(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}

async function sizeOf(disk: Disk, path: string): Promise<number> {
  const file = await disk.open(path, 'read');
  return file.size().finally(() => file.close());
}
