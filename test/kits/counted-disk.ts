/** A disk whose changes are counted, and of which one fails: alone, or with all that come after it. */
import type { Disk, FileDone, OpenFile } from '../../kernel/ports/ports.ts';

export type Change =
  | 'create'
  | 'write'
  | 'datasync'
  | 'truncate'
  | 'preallocate'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'makeDirectory'
  | 'writeFile';

export interface Ordered {
  /** The changes that succeed before it. */
  readonly after: number;
  readonly code: string;
  readonly isLasting: boolean;
}

export class CountedDisk {
  readonly disk: Disk;
  /** Changes since the start, or since `order`. */
  count = 0;
  /** What failed first. */
  failed: string | null = null;
  private ordered: Ordered | null = null;

  constructor(real: Disk) {
    const passing = (what: Change, call: (...words: never[]) => Promise<unknown>) => {
      return async (...words: never[]): Promise<unknown> => {
        this.check(what, words[0]!);
        return call.apply(real, words);
      };
    };
    this.disk = Object.assign(Object.create(real), {
      writeFile: passing('writeFile', real.writeFile),
      remove: passing('remove', real.remove),
      rename: passing('rename', real.rename),
      syncDirectory: passing('syncDirectory', real.syncDirectory),
      makeDirectory: passing('makeDirectory', real.makeDirectory),
      removeDirectory: passing('remove', real.removeDirectory),
      open: async (path: string, use: 'create' | 'read' | 'update') => {
        if (use === 'create') this.check('create', path);
        return this.wrapped(await real.open(path, use));
      },
    });
  }

  order(ordered: Ordered): void {
    this.count = 0;
    this.failed = null;
    this.ordered = ordered;
  }

  heal(): void {
    this.ordered = null;
  }

  private wrapped(file: OpenFile): OpenFile {
    const passing = (what: Change, done: FileDone, run: () => void): void => {
      const error = this.errorOf(what, file.path);
      if (error === null) run();
      else setImmediate(() => done(error));
    };
    const write = (pieces: readonly Uint8Array[], position: number, done: FileDone): void =>
      passing('write', done, () => file.write(pieces, position, done));
    const datasync = (done: FileDone): void => passing('datasync', done, () => file.datasync(done));
    return Object.assign(Object.create(file), {
      write,
      datasync,
      writeNow: (pieces: readonly Uint8Array[], position: number) => {
        this.check('write', file.path);
        file.writeNow(pieces, position);
      },
      writeSafely: (pieces: readonly Uint8Array[], position: number, done: FileDone) =>
        write(pieces, position, (error) => (error === null ? datasync(done) : done(error))),
      truncate: async (size: number) => {
        this.check('truncate', file.path);
        await file.truncate(size);
      },
      preallocate: async (from: number, to: number) => {
        this.check('preallocate', file.path);
        await file.preallocate(from, to);
      },
    });
  }

  private check(what: Change, path: string): void {
    const error = this.errorOf(what, path);
    if (error !== null) throw error;
  }

  private errorOf(what: Change, path: string): Error | null {
    const place = this.count++;
    const { ordered } = this;
    if (ordered === null || place < ordered.after || (place > ordered.after && !ordered.isLasting)) return null;
    this.failed ??= `${what} ${path}`;
    const { code } = ordered;
    return Object.assign(new Error(`${code}: simulated, ${what}`), { code });
  }
}
