/** A file whose changes stay in memory: what was not changed is read from the real one, which is never written. */
import type { FileDone, OpenFile } from '../../kernel/ports/ports.ts';

const PAGE_BYTES = 64 * 1024;
const ZEROS = new Uint8Array(PAGE_BYTES);

/** What is known of a file, however often it is opened. */
export class OverlayContent {
  size: number;
  /** The real file; null where there is none. */
  readonly base: OpenFile | null;
  /** So much of the real one counts. */
  private baseBytes: number;
  private readonly pages = new Map<number, Uint8Array>();

  constructor(base: OpenFile | null, baseBytes: number) {
    this.base = base;
    this.baseBytes = baseBytes;
    this.size = baseBytes;
  }

  /** Fills the buffer from the position on, and answers how much of it there is. */
  async read(buffer: Uint8Array, position: number): Promise<number> {
    const count = Math.max(0, Math.min(buffer.length, this.size - position));
    for (let at = 0; at < count; ) {
      const place = position + at;
      const length = Math.min(count - at, PAGE_BYTES - (place % PAGE_BYTES));
      const target = buffer.subarray(at, at + length);
      const page = this.pages.get(Math.floor(place / PAGE_BYTES));
      if (page !== undefined) target.set(page.subarray(place % PAGE_BYTES, (place % PAGE_BYTES) + length));
      else await this.readBase(target, place);
      at += length;
    }
    return count;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const place = position + at;
      const length = Math.min(bytes.length - at, PAGE_BYTES - (place % PAGE_BYTES));
      const page = await this.ownPage(Math.floor(place / PAGE_BYTES), length === PAGE_BYTES);
      page.set(bytes.subarray(at, at + length), place % PAGE_BYTES);
      at += length;
    }
    this.size = Math.max(this.size, position + bytes.length);
  }

  /** What lies behind the real file's end is zero anyway, and takes no memory. */
  async zero(from: number, to: number): Promise<void> {
    for (let at = from; at < to; at += PAGE_BYTES - (at % PAGE_BYTES)) {
      const number = Math.floor(at / PAGE_BYTES);
      if (at >= this.baseBytes && !this.pages.has(number)) continue;
      await this.write(ZEROS.subarray(0, Math.min(to - at, PAGE_BYTES - (at % PAGE_BYTES))), at);
    }
    this.size = Math.max(this.size, to);
  }

  truncate(size: number): void {
    this.size = size;
    this.baseBytes = Math.min(this.baseBytes, size);
    for (const [number, page] of this.pages) {
      const start = number * PAGE_BYTES;
      if (start >= size) this.pages.delete(number);
      else if (start + PAGE_BYTES > size) page.fill(0, size - start);
    }
  }

  private async ownPage(number: number, isOverwritten: boolean): Promise<Uint8Array> {
    const known = this.pages.get(number);
    if (known !== undefined) return known;
    const page = new Uint8Array(PAGE_BYTES);
    if (!isOverwritten) await this.readBase(page, number * PAGE_BYTES);
    this.pages.set(number, page);
    return page;
  }

  private async readBase(target: Uint8Array, position: number): Promise<void> {
    const length = Math.max(0, Math.min(target.length, this.baseBytes - position));
    target.fill(0, length);
    if (length === 0 || this.base === null) return;
    const count = await readAt(this.base, target.subarray(0, length), position);
    target.fill(0, count);
  }
}

function readAt(file: OpenFile, target: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    file.read(target, position, (error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

export class OverlayFile implements OpenFile {
  readonly path: string;
  private readonly content: OverlayContent;
  /** One change after the other. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(path: string, content: OverlayContent) {
    this.path = path;
    this.content = content;
  }

  read(buffer: Uint8Array, position: number, done: (error: Error | null, count: number) => void): void {
    this.content.read(buffer, position).then(
      (count) => done(null, count),
      (error: Error) => done(error, 0),
    );
  }

  write(pieces: readonly Uint8Array[], position: number, done: FileDone): void {
    this.last = this.last
      .then(() => this.writeAll(pieces, position))
      .then(
        () => done(null),
        (error: Error) => done(error),
      );
  }

  /** What is written may be part of a page that has to be read first. */
  writeNow(): void {
    throw new Error(`${this.path} is not written at once: its store is looked at without a sync interval`);
  }

  writeSafely(pieces: readonly Uint8Array[], position: number, done: FileDone): void {
    this.write(pieces, position, done);
  }

  datasync(done: FileDone): void {
    this.last = this.last.then(() => done(null));
  }

  async truncate(size: number): Promise<void> {
    this.content.truncate(size);
  }

  preallocate(from: number, to: number): Promise<void> {
    return this.content.zero(from, to);
  }

  async size(): Promise<number> {
    return this.content.size;
  }

  /** The content lives on. */
  async close(): Promise<void> {
    await this.last;
  }

  private async writeAll(pieces: readonly Uint8Array[], position: number): Promise<void> {
    let at = position;
    for (const piece of pieces) {
      await this.content.write(piece, at);
      at += piece.length;
    }
  }
}
