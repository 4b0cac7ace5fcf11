/** Files held open, over the thread pool of Node. */
import { close, constants, fdatasync, fstat, ftruncate, open, read, writev, writevSync } from 'node:fs';
import type { FileDone, FileUse, OpenFile } from './ports.ts';

type Counted = (error: Error | null, count: number) => void;

/** The calls a file makes, so that a test can have them do less than was asked. */
export interface FileCalls {
  read(descriptor: number, buffer: Uint8Array, offset: number, length: number, position: number, done: Counted): void;
  writev(descriptor: number, pieces: readonly Uint8Array[], position: number, done: Counted): void;
}

const FLAGS: Record<FileUse, number> = {
  read: constants.O_RDONLY,
  update: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
};
/** Elsewhere a write like that may stop at the cache of the disk. */
const SYNCED_FLAGS = process.platform === 'linux' ? constants.O_WRONLY | constants.O_DSYNC : 0;
/** What only the owner of the server may read. */
const MODE = 0o640;
const ZEROS = new Uint8Array(1024 * 1024);
/** More pieces at once than this are refused by some systems. */
const PIECES_MAX = 512;

export function openSystemFile(path: string, use: FileUse): Promise<OpenFile> {
  return new Promise((resolve, reject) => {
    open(path, FLAGS[use], MODE, (error, descriptor) => {
      if (error === null) resolve(new SystemFile(path, descriptor));
      else reject(error);
    });
  });
}

export class SystemFile implements OpenFile {
  readonly path: string;
  private readonly descriptor: number;
  private readonly calls: FileCalls;
  /** The same file, opened so that each write is synced; -1 where there is no such thing, 0 as long as nobody asked. */
  private syncedDescriptor = SYNCED_FLAGS === 0 ? -1 : 0;

  constructor(path: string, descriptor: number, calls: FileCalls = { read, writev }) {
    this.path = path;
    this.descriptor = descriptor;
    this.calls = calls;
  }

  read(buffer: Uint8Array, position: number, done: (error: Error | null, count: number) => void): void {
    this.readOn(buffer, position, 0, done);
  }

  write(pieces: readonly Uint8Array[], position: number, done: FileDone): void {
    this.writeTo(this.descriptor, pieces, position, done);
  }

  writeNow(pieces: readonly Uint8Array[], position: number): void {
    const length = lengthOf(pieces);
    const written = writevSync(this.descriptor, pieces, position);
    if (written === length) return;
    if (written === 0) throw this.shortWrite(length);
    this.writeNow(from(pieces, written), position + written);
  }

  datasync(done: FileDone): void {
    fdatasync(this.descriptor, done);
  }

  writeSafely(pieces: readonly Uint8Array[], position: number, done: FileDone): void {
    if (this.syncedDescriptor > 0) this.writeTo(this.syncedDescriptor, pieces, position, done);
    else if (this.syncedDescriptor < 0) this.writeAndSync(pieces, position, done);
    else this.openSynced(() => this.writeSafely(pieces, position, done));
  }

  truncate(size: number): Promise<void> {
    return promised((done) => ftruncate(this.descriptor, size, done));
  }

  async preallocate(start: number, end: number): Promise<void> {
    for (let at = start; at < end; at += ZEROS.length) {
      await promised((done) => this.write([ZEROS.subarray(0, Math.min(ZEROS.length, end - at))], at, done));
    }
  }

  size(): Promise<number> {
    return new Promise((resolve, reject) => {
      fstat(this.descriptor, (error, stats) => (error === null ? resolve(stats.size) : reject(error)));
    });
  }

  async close(): Promise<void> {
    const { syncedDescriptor } = this;
    this.syncedDescriptor = -1;
    if (syncedDescriptor > 0) await promised((done) => close(syncedDescriptor, done));
    await promised((done) => close(this.descriptor, done));
  }

  private writeTo(descriptor: number, pieces: readonly Uint8Array[], position: number, done: FileDone): void {
    const now = pieces.length > PIECES_MAX ? pieces.slice(0, PIECES_MAX) : pieces;
    const length = lengthOf(now);
    this.calls.writev(descriptor, now, position, (error, written) => {
      if (error !== null) done(error);
      else if (written === length && now === pieces) done(null);
      else if (written === 0 && length > 0) done(this.shortWrite(length));
      else this.writeTo(descriptor, from(pieces, written), position + written, done);
    });
  }

  private writeAndSync(pieces: readonly Uint8Array[], position: number, done: FileDone): void {
    this.write(pieces, position, (error) => (error === null ? this.datasync(done) : done(error)));
  }

  /** By its descriptor: it may have another name by now. Where that can not be done, it is written and synced in two steps. */
  private openSynced(then: () => void): void {
    open(`/proc/self/fd/${this.descriptor}`, SYNCED_FLAGS, (error, descriptor) => {
      this.syncedDescriptor = error === null ? descriptor : -1;
      then();
    });
  }

  /** Some file systems return less than they could; only nothing at all means that the file is over. */
  private readOn(
    buffer: Uint8Array,
    position: number,
    filled: number,
    done: (error: Error | null, count: number) => void,
  ) {
    this.calls.read(this.descriptor, buffer, filled, buffer.length - filled, position + filled, (error, count) => {
      if (error !== null) done(error, 0);
      else if (count === 0 || filled + count === buffer.length) done(null, filled + count);
      else this.readOn(buffer, position, filled + count, done);
    });
  }

  private shortWrite(length: number): Error {
    const message = `${this.path}: none of ${length} bytes were written, although the system reported no error`;
    return Object.assign(new Error(message), { code: 'EIO', path: this.path, syscall: 'write' });
  }
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

/** What is left of the pieces after their first `count` bytes. */
function from(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count;
  let index = 0;
  while (index < pieces.length && skip >= pieces[index]!.length) skip -= pieces[index++]!.length;
  const rest = pieces.slice(index);
  if (skip > 0) rest[0] = rest[0]!.subarray(skip);
  return rest;
}

function promised(call: (done: (error: Error | null | undefined) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error === null || error === undefined ? resolve() : reject(error)));
  });
}
