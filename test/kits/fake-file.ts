/** A file of a fake disk, held open. */
import type { FileDone, OpenFile } from '../../kernel/ports/ports.ts';

export class FakeFile implements OpenFile {
  readonly path: string;
  private readonly files: Map<string, Uint8Array>;

  constructor(path: string, files: Map<string, Uint8Array>) {
    this.path = path;
    this.files = files;
  }

  read(buffer: Uint8Array, position: number, done: (error: Error | null, count: number) => void): void {
    const part = this.bytes.subarray(position, position + buffer.length);
    buffer.set(part);
    setImmediate(done, null, part.length);
  }

  write(pieces: readonly Uint8Array[], position: number, done: FileDone): void {
    this.writeNow(pieces, position);
    setImmediate(done, null);
  }

  writeNow(pieces: readonly Uint8Array[], position: number): void {
    const added = Buffer.concat(pieces);
    const next = new Uint8Array(Math.max(this.bytes.length, position + added.length));
    next.set(this.bytes);
    next.set(added, position);
    this.bytes = next;
  }

  datasync(done: FileDone): void {
    setImmediate(done, null);
  }

  writeSafely(pieces: readonly Uint8Array[], position: number, done: FileDone): void {
    this.write(pieces, position, done);
  }

  async truncate(size: number): Promise<void> {
    const next = new Uint8Array(size);
    next.set(this.bytes.subarray(0, size));
    this.bytes = next;
  }

  preallocate(from: number, to: number): Promise<void> {
    return new Promise((resolve) => this.write([new Uint8Array(to - from)], from, () => resolve()));
  }

  async size(): Promise<number> {
    return this.bytes.length;
  }

  async close(): Promise<void> {}

  private get bytes(): Uint8Array {
    return this.files.get(this.path) ?? new Uint8Array(0);
  }

  private set bytes(bytes: Uint8Array) {
    this.files.set(this.path, bytes);
  }
}
