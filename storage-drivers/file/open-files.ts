/** Files that are kept open for reading, up to a number of them (D-21). */
import type { Disk, OpenFile } from '../../kernel/plugin-api.ts';

interface Entry {
  readonly opening: Promise<OpenFile>;
  users: number;
  isStale: boolean;
}

export class OpenFiles {
  private readonly disk: Disk;
  private readonly most: number;
  private readonly entries = new Map<string, Entry>();

  constructor(disk: Disk, most: number) {
    this.disk = disk;
    this.most = most;
  }

  get count(): number {
    return this.entries.size;
  }

  /** The file stays open at least until the work is done. */
  async use<T>(path: string, work: (file: OpenFile) => Promise<T>): Promise<T> {
    const entry = this.entries.get(path) ?? { opening: this.disk.open(path, 'read'), users: 0, isStale: false };
    // The most recently used are at the end.
    this.entries.delete(path);
    this.entries.set(path, entry);
    entry.users++;
    try {
      return await work(await entry.opening);
    } catch (error) {
      this.forget(path, entry);
      throw error;
    } finally {
      entry.users--;
      if (entry.isStale && entry.users === 0) await shut(entry);
      await this.shrink();
    }
  }

  /** The file is going to be removed. */
  async close(path: string): Promise<void> {
    const entry = this.entries.get(path);
    if (entry === undefined) return;
    this.forget(path, entry);
    if (entry.users === 0) await shut(entry);
  }

  async closeAll(): Promise<void> {
    for (const path of [...this.entries.keys()]) await this.close(path);
  }

  private forget(path: string, entry: Entry): void {
    if (this.entries.get(path) === entry) this.entries.delete(path);
    entry.isStale = true;
  }

  private async shrink(): Promise<void> {
    for (const [path, entry] of this.entries) {
      if (this.entries.size <= this.most) return;
      if (entry.users === 0) await this.close(path);
    }
  }
}

async function shut(entry: Entry): Promise<void> {
  const file = await entry.opening.catch(() => null);
  await file?.close();
}
