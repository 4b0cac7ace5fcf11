/** Files that are kept open for reading, up to a number of them (D-21). */
import type { Disk, OpenFile } from '../../kernel/plugin-api.ts';
import { codeOf } from './file-calls.ts';

const SHORTAGE = ['EMFILE', 'ENFILE'];

interface Entry {
  readonly opening: Promise<OpenFile>;
  users: number;
  isStale: boolean;
}

export class OpenFiles {
  private readonly disk: Disk;
  private readonly most: number;
  private readonly entries = new Map<string, Entry>();
  /** Those for whom the process has no file left. */
  private waiting: (() => void)[] = [];

  constructor(disk: Disk, most: number) {
    this.disk = disk;
    this.most = most;
  }

  get count(): number {
    return this.entries.size;
  }

  /** The file stays open at least until the work is done. */
  async use<T>(path: string, work: (file: OpenFile) => Promise<T>): Promise<T> {
    const entry = this.entries.get(path) ?? { opening: this.open(path), users: 0, isStale: false };
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
      for (const goOn of this.waiting.splice(0)) goOn();
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

  /**
   * Where the process or the system has no file left, others are closed first, or waited for. What the disk refuses is tried once more:
   * all in the file counts as lost otherwise.
   */
  private async open(path: string): Promise<OpenFile> {
    for (let refusals = 0; ; ) {
      try {
        return await this.disk.open(path, 'read');
      } catch (error) {
        if (codeOf(error) === 'EIO' && refusals++ === 0) continue;
        if (!SHORTAGE.includes(codeOf(error)) || !(await this.makeWay())) throw error;
      }
    }
  }

  /** False where nothing is open that could be closed. */
  private async makeWay(): Promise<boolean> {
    const idle = [...this.entries].filter(([, { users }]) => users === 0);
    for (const [path] of idle) await this.close(path);
    if (idle.length > 0) return true;
    // Whoever waits here has an entry too.
    if (this.inUse <= this.waiting.length + 1) return false;
    await new Promise<void>((goOn) => this.waiting.push(goOn));
    return true;
  }

  private get inUse(): number {
    let count = 0;
    for (const { users } of this.entries.values()) if (users > 0) count++;
    return count;
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
