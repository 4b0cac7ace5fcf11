/** Bytes written and read one value after the other; for what is written as a whole and rarely. */
import { getU64, putU64, viewOf } from './numbers.ts';

const BYTES_AT_FIRST = 256;

export class ByteWriter {
  private bytes = new Uint8Array(BYTES_AT_FIRST);
  private view = viewOf(this.bytes);
  private at = 0;

  u8(value: number): void {
    this.room(1);
    this.bytes[this.at++] = value;
  }

  u32(value: number): void {
    this.room(4);
    this.view.setUint32(this.at, value, true);
    this.at += 4;
  }

  u64(value: number): void {
    this.room(8);
    putU64(this.view, this.at, value);
    this.at += 8;
  }

  raw(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** With its length before it. */
  blob(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.raw(bytes);
  }

  text(text: string): void {
    this.blob(Buffer.from(text));
  }

  /** The first `count` numbers, of 32 bits each. */
  words(words: Uint32Array, count: number): void {
    this.raw(new Uint8Array(words.buffer, words.byteOffset, count * 4));
  }

  done(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }

  private room(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const next = new Uint8Array(Math.max(this.at + count, this.bytes.length * 2));
    next.set(this.bytes);
    this.bytes = next;
    this.view = viewOf(next);
  }
}

/** Reads beyond the end are errors of the writer: what is read has been verified as a whole. */
export class ByteReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(bytes: Uint8Array) {
    // A slice of a Buffer would be no copy.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.view = viewOf(bytes);
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  u8(): number {
    return this.view.getUint8(this.at++);
  }

  u32(): number {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  u64(): number {
    this.at += 8;
    return getU64(this.view, this.at - 8);
  }

  /** A copy. */
  raw(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new RangeError('there are fewer bytes than are told of');
    this.at += length;
    return this.bytes.slice(this.at - length, this.at);
  }

  blob(): Uint8Array {
    return this.raw(this.u32());
  }

  text(): string {
    return Buffer.from(this.blob()).toString();
  }

  words(count: number, room: number): Uint32Array {
    const words = new Uint32Array(Math.max(count, room));
    new Uint8Array(words.buffer).set(this.raw(count * 4));
    return words;
  }
}
