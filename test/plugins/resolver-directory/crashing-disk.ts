/** A disk on which each step of a change is one of its own, so that the power can fail between any two. */
import type { FileAccess } from '../../../plugins/resolver-directory/token-files.ts';

export class PowerFailure extends Error {}

/**
 * Names and bytes that were pushed to the disk, and those that were not. After a crash of the machine the latter may be there or
 * not, which `afterCrash` plays through from one end to the other.
 */
export class CrashingDisk implements FileAccess {
  /** What programs see. */
  readonly seen = new Map<string, string>();
  /** What is on the disk for sure. */
  readonly safe = new Map<string, string>();
  /** Steps left before the power fails. */
  stepsLeft = Infinity;
  steps = 0;

  /** The same files on a disk of which what was not pushed is lost, kept, or half written. */
  afterCrash(fate: 'lost' | 'kept' | 'torn'): CrashingDisk {
    const next = new CrashingDisk();
    const files = fate === 'lost' ? this.safe : this.seen;
    for (const [path, text] of files) {
      const isTorn = fate === 'torn' && this.safe.get(path) !== text && path.endsWith('.tmp');
      next.seen.set(path, isTorn ? text.slice(0, text.length / 2) : text);
    }
    for (const [path, text] of next.seen) next.safe.set(path, text);
    return next;
  }

  /** As the disk port does it: another file, pushed to the disk, takes the name, and the name is pushed too. */
  async writeFile(path: string, bytes: Uint8Array | string): Promise<void> {
    const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString();
    const temporary = `${path}.1-${this.steps}.tmp`;
    this.step();
    this.seen.set(temporary, text.slice(0, text.length / 2));
    this.step();
    this.seen.set(temporary, text);
    this.step();
    this.safe.set(temporary, text);
    await this.rename(temporary, path);
    await this.syncDirectory();
  }

  async rename(from: string, to: string): Promise<void> {
    this.step();
    const text = this.seen.get(from);
    if (text === undefined) throw Object.assign(new Error(`ENOENT: rename ${from}`), { code: 'ENOENT' });
    this.seen.delete(from);
    this.seen.set(to, text);
  }

  async remove(path: string): Promise<void> {
    this.step();
    this.seen.delete(path);
  }

  async syncDirectory(): Promise<void> {
    this.step();
    this.safe.clear();
    for (const [path, text] of this.seen) this.safe.set(path, text);
  }

  async readFile(path: string): Promise<Uint8Array> {
    return this.readFileSync(path);
  }

  readFileSync(path: string): Uint8Array {
    const text = this.seen.get(path);
    if (text === undefined) throw Object.assign(new Error(`ENOENT: open ${path}`), { code: 'ENOENT' });
    return Buffer.from(text);
  }

  async makeDirectory(): Promise<void> {}

  async list(path: string): Promise<string[]> {
    return [...this.seen.keys()]
      .filter((name) => name.startsWith(`${path}/`))
      .map((name) => name.slice(path.length + 1));
  }

  private step(): void {
    this.steps++;
    if (this.stepsLeft-- <= 0) throw new PowerFailure('the power failed');
  }
}
