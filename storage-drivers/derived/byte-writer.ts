/** Numbers and bytes one after the other, in memory that grows: for what is written as a whole. Little endian. */
const FIRST_BYTES = 1024;
const SEVEN_BITS = 128;
const WORD = 2 ** 32;

export class ByteWriter {
  length = 0;
  private bytes = new Uint8Array(FIRST_BYTES);
  private view = new DataView(this.bytes.buffer);

  /** What was written; valid until more is. */
  get written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  u8(value: number): void {
    this.need(1);
    this.bytes[this.length++] = value;
  }

  u32(value: number): void {
    this.need(4);
    this.view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** Up to 2^53. */
  u64(value: number): void {
    this.u32(value >>> 0);
    this.u32(Math.floor(value / WORD));
  }

  float64(value: number): void {
    this.need(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** A whole number, seven bits a byte, the lowest first. */
  varint(value: number): void {
    this.need(8);
    let rest = value;
    for (; rest >= SEVEN_BITS; rest = Math.floor(rest / SEVEN_BITS)) this.bytes[this.length++] = (rest % 128) | 128;
    this.bytes[this.length++] = rest;
  }

  raw(bytes: Uint8Array): void {
    this.need(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
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

  private need(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.length + more, this.bytes.length * 2));
    bytes.set(this.written);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

/**
 * Reads the same back. What was verified as a whole is long enough, or its writer was mistaken: that throws. Who knows less asks for a
 * lenient one: past the end everything is 0, and `isShort` says so.
 */
export class ByteReader {
  at = 0;
  isShort = false;
  readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly isLenient: boolean;

  constructor(bytes: Uint8Array, isLenient = false) {
    // A slice of a Buffer would be no copy.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.isLenient = isLenient;
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  u8(): number {
    const at = this.skip(1);
    return this.isShort ? 0 : this.bytes[at]!;
  }

  u32(): number {
    const at = this.skip(4);
    return this.isShort ? 0 : this.view.getUint32(at, true);
  }

  /** NaN when it is more than can be counted exactly, which nobody wrote. */
  u64(): number {
    const low = this.u32();
    const value = this.u32() * WORD + low;
    return value <= Number.MAX_SAFE_INTEGER ? value : Number.NaN;
  }

  float64(): number {
    const at = this.skip(8);
    return this.isShort ? 0 : this.view.getFloat64(at, true);
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; this.has(1); scale *= SEVEN_BITS) {
      const byte = this.bytes[this.at++]!;
      value += (byte & 127) * scale;
      if (byte < SEVEN_BITS) return value;
    }
    return 0;
  }

  /** Where the bytes begin; they end at `at`. */
  skip(length: number): number {
    const start = this.at;
    if (this.has(length)) this.at += length;
    return start;
  }

  /** A copy. */
  raw(length: number): Uint8Array {
    const start = this.skip(length);
    return this.bytes.slice(start, this.at);
  }

  blob(): Uint8Array {
    return this.raw(this.u32());
  }

  text(): string {
    return Buffer.from(this.blob()).toString();
  }

  words(count: number, room: number): Uint32Array {
    const bytes = this.raw(count * 4);
    const words = new Uint32Array(Math.max(count, room));
    new Uint8Array(words.buffer).set(bytes);
    return words;
  }

  private has(length: number): boolean {
    if (this.at + length <= this.bytes.length) return true;
    if (!this.isLenient) throw new RangeError('there are fewer bytes than are told of');
    this.isShort = true;
    this.at = this.bytes.length;
    return false;
  }
}
