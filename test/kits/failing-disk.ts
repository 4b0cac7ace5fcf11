/** A disk that fails when it is told to, in front of one that does not. */
import type { Disk, FileDone, OpenFile } from '../../kernel/ports/ports.ts';

type Failing = 'write' | 'datasync' | 'preallocate' | 'open';

export class FailingDisk {
  readonly disk: Disk;
  /** How often each failed. */
  readonly failed: Record<Failing, number> = { write: 0, datasync: 0, preallocate: 0, open: 0 };
  /** Whose files fail. */
  concerns: (path: string) => boolean = () => true;
  private readonly codes = new Map<Failing, string>();

  constructor(real: Disk) {
    this.disk = Object.assign(Object.create(real), {
      open: async (path: string, use: 'create' | 'read' | 'update') => {
        this.check('open');
        const file = await real.open(path, use);
        return this.concerns(path) ? this.wrapped(file) : file;
      },
    });
  }

  /** From now on, until `heal`. */
  fail(what: readonly Failing[], code: string): void {
    for (const one of what) this.codes.set(one, code);
  }

  heal(): void {
    this.codes.clear();
  }

  private wrapped(file: OpenFile): OpenFile {
    const write = (pieces: readonly Uint8Array[], position: number, done: FileDone): void =>
      this.passing('write', done, () => file.write(pieces, position, done));
    const datasync = (done: FileDone): void => this.passing('datasync', done, () => file.datasync(done));
    return Object.assign(Object.create(file), {
      write,
      datasync,
      writeNow: (pieces: readonly Uint8Array[], position: number) => {
        this.check('write');
        file.writeNow(pieces, position);
      },
      writeSafely: (pieces: readonly Uint8Array[], position: number, done: FileDone) =>
        write(pieces, position, (error) => (error === null ? datasync(done) : done(error))),
      preallocate: async (from: number, to: number) => {
        this.check('preallocate');
        await file.preallocate(from, to);
      },
    });
  }

  private passing(what: Failing, done: FileDone, run: () => void): void {
    const error = this.errorOf(what);
    if (error === null) run();
    else setImmediate(() => done(error));
  }

  private check(what: Failing): void {
    const error = this.errorOf(what);
    if (error !== null) throw error;
  }

  private errorOf(what: Failing): Error | null {
    const code = this.codes.get(what);
    if (code === undefined) return null;
    this.failed[what]++;
    return Object.assign(new Error(`${code}: simulated, ${what}`), { code });
  }
}
