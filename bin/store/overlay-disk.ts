/**
 * A disk that shows what is really there, and keeps every change in memory. A driver that is opened on it does all it would do, mends and
 * cuts and counts, and nothing of that ever reaches the files.
 */
import { basename, dirname, join } from 'node:path';
import type { DirectoryLock, Disk, DiskRoom, FileUse, OpenFile } from '../../kernel/ports/ports.ts';
import { OverlayContent, OverlayFile } from './overlay-file.ts';

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, '${path}'`), { code: 'ENOENT', path });
}

export class OverlayDisk implements Disk {
  private readonly real: Disk;
  private readonly lockOf: (directory: string) => Promise<DirectoryLock>;
  /** Null: it was there, and is not any more. */
  private readonly files = new Map<string, OverlayContent | null>();
  private readonly directories = new Set<string>();
  private readonly bases: OpenFile[] = [];

  constructor(real: Disk, lockOf: (directory: string) => Promise<DirectoryLock>) {
    this.real = real;
    this.lockOf = lockOf;
  }

  async readFile(path: string): Promise<Uint8Array> {
    const content = await this.existing(path);
    const bytes = new Uint8Array(content.size);
    await content.read(bytes, 0);
    return bytes;
  }

  readFileSync(path: string): Uint8Array {
    return this.real.readFileSync(path);
  }

  async writeFile(path: string, bytes: Uint8Array | string): Promise<void> {
    const content = new OverlayContent(null, 0);
    await content.write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, 0);
    this.files.set(path, content);
  }

  async remove(path: string): Promise<void> {
    this.files.set(path, null);
  }

  async rename(from: string, to: string): Promise<void> {
    const content = await this.existing(from);
    this.files.set(from, null);
    this.files.set(to, content);
  }

  async syncDirectory(): Promise<void> {}

  async makeDirectory(path: string): Promise<void> {
    for (let at = path; at !== dirname(at); at = dirname(at)) this.directories.add(at);
  }

  async removeDirectory(path: string): Promise<void> {
    this.directories.delete(path);
  }

  async list(path: string): Promise<string[]> {
    const names = new Set(
      await this.real.list(path).catch((error: NodeJS.ErrnoException) => this.listOfNone(path, error)),
    );
    for (const [file, content] of this.files) {
      if (dirname(file) !== path) continue;
      if (content === null) names.delete(basename(file));
      else names.add(basename(file));
    }
    for (const directory of this.directories) if (dirname(directory) === path) names.add(basename(directory));
    return [...names].sort();
  }

  private listOfNone(path: string, error: NodeJS.ErrnoException): string[] {
    if (error.code === 'ENOENT' && this.directories.has(path)) return [];
    throw error;
  }

  async open(path: string, use: FileUse): Promise<OpenFile> {
    if (use !== 'create') return new OverlayFile(path, await this.existing(path));
    const content = await this.existing(path).catch(() => null);
    if (content !== null) throw Object.assign(new Error(`EEXIST: file already exists, '${path}'`), { code: 'EEXIST' });
    const made = new OverlayContent(null, 0);
    this.files.set(path, made);
    return new OverlayFile(path, made);
  }

  async room(): Promise<DiskRoom> {
    return { freeBytes: Number.POSITIVE_INFINITY, takenBytes: 0 };
  }

  lock(directory: string): Promise<DirectoryLock> {
    return this.lockOf(directory);
  }

  /** Lets go of the real files. */
  async close(): Promise<void> {
    for (const base of this.bases) await base.close();
    this.bases.length = 0;
  }

  private async existing(path: string): Promise<OverlayContent> {
    const known = this.files.get(path);
    if (known === null) throw missing(path);
    if (known !== undefined) return known;
    const base = await this.real.open(path, 'read');
    this.bases.push(base);
    const content = new OverlayContent(base, await base.size());
    this.files.set(path, content);
    return content;
  }
}

/** The folder of a store, however its user names it: what the configuration calls `store_dir`, or the folder in it. */
export async function storeDirectory(disk: Disk, given: string): Promise<string> {
  for (const directory of [given, join(given, 'jetstream')]) {
    const names = await disk.list(directory).catch((): string[] => []);
    if (names.some((name) => name.startsWith('identity.')) || names.includes('journal')) return directory;
  }
  return '';
}
