import type { FileDone, OpenFile } from './ports.ts';
import type { SimulatedDisk } from './simulated-disk.ts';
import { systemError } from './simulated-error.ts';
import { PendingWrite, SECTOR_BYTES, type SimulatedInode, someSectors } from './simulated-file.ts';

/** How far a misdirected write may land from its place. */
const ASTRAY_SECTORS_MAX = 16;

export class SimulatedOpenFile implements OpenFile {
  readonly path: string;
  private readonly disk: SimulatedDisk;
  private readonly file: SimulatedInode;
  private isClosed = false;

  constructor(disk: SimulatedDisk, path: string, file: SimulatedInode) {
    this.disk = disk;
    this.path = path;
    this.file = file;
  }

  read(buffer: Uint8Array, position: number, done: (error: Error | null, count: number) => void): void {
    this.assertOpen();
    this.disk.later('read', this.path, false, (error) => {
      if (error !== null) done(error, 0);
      else if (this.disk.faults.strikes('readError', this.path)) done(this.failure('EIO', 'read'), 0);
      else done(null, this.fill(buffer, position));
    });
  }

  write(pieces: readonly Uint8Array[], position: number, done: FileDone): void {
    this.assertOpen();
    const { disk } = this;
    // The bytes are looked at when the write happens, as a system does; a power cut before finds whatever they are then.
    const doubt = new PendingWrite(this.file, disk.nextOrder(), position, pieces);
    disk.begin(doubt);
    disk.later('write', this.path, true, (error) => {
      disk.finish(doubt);
      done(error ?? this.store(doubt.bytes, position));
    });
  }

  writeNow(pieces: readonly Uint8Array[], position: number): void {
    this.assertOpen();
    const error = this.disk.atOnce('write', this.path) ?? this.store(Buffer.concat(pieces), position);
    if (error !== null) throw error;
  }

  datasync(done: FileDone): void {
    this.assertOpen();
    const before = this.disk.nextOrder();
    this.disk.later('datasync', this.path, true, (error) => {
      if (error !== null || this.disk.faults.strikes('syncError', this.path)) {
        this.file.forgetUnsynced();
        done(error ?? this.failure('EIO', 'fdatasync'));
        return;
      }
      if (!this.disk.faults.strikes('lyingSync', this.path)) this.file.sync(before);
      done(null);
    });
  }

  writeSafely(pieces: readonly Uint8Array[], position: number, done: FileDone): void {
    this.write(pieces, position, (error) => (error === null ? this.datasync(done) : done(error)));
  }

  truncate(size: number): Promise<void> {
    this.assertOpen();
    return new Promise((resolve, reject) => {
      this.disk.later('truncate', this.path, true, (error) => {
        if (error !== null) reject(error);
        else if (!this.disk.hasRoom(this.file, size)) reject(this.failure('ENOSPC', 'ftruncate'));
        else resolve(this.file.resize(this.disk.nextOrder(), size));
      });
    });
  }

  preallocate(from: number, to: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.write([new Uint8Array(to - from)], from, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  size(): Promise<number> {
    this.assertOpen();
    return new Promise((resolve, reject) => {
      this.disk.later('read', this.path, false, (error) => {
        if (error === null) resolve(this.file.current.size);
        else reject(error);
      });
    });
  }

  close(): Promise<void> {
    this.assertOpen();
    this.isClosed = true;
    return Promise.resolve();
  }

  private fill(buffer: Uint8Array, position: number): number {
    const rest = this.file.current.content.subarray(position, position + buffer.length);
    const isShort = rest.length > 0 && this.disk.faults.strikes('shortRead', this.path);
    const count = isShort ? this.disk.dice.below(rest.length) : rest.length;
    buffer.set(rest.subarray(0, count));
    return count;
  }

  private store(bytes: Uint8Array, position: number): Error | null {
    const { disk, path } = this;
    const { faults, dice } = disk;
    if (!disk.hasRoom(this.file, position + bytes.length)) return this.failure('ENOSPC', 'write');
    if (faults.strikes('writeError', path)) return this.failure('EIO', 'write');
    if (faults.strikes('shortWrite', path)) {
      this.put(position, bytes.subarray(0, dice.below(bytes.length + 1)));
      return this.failure('EIO', 'write');
    }
    if (faults.strikes('lostWrite', path)) return null;
    if (faults.strikes('staleSector', path)) {
      for (const [at, kept] of someSectors(position, bytes, dice)) this.put(at, kept);
    } else if (faults.strikes('misdirectedWrite', path)) {
      this.put(position + (1 + dice.below(ASTRAY_SECTORS_MAX)) * SECTOR_BYTES, bytes);
    } else this.put(position, bytes);
    return null;
  }

  private put(position: number, bytes: Uint8Array): void {
    this.file.write(this.disk.nextOrder(), position, bytes);
  }

  private failure(code: string, operation: string): Error {
    return systemError(code, operation, this.path);
  }

  private assertOpen(): void {
    if (this.isClosed) throw new Error(`${this.path} is used after it was closed`);
  }
}
