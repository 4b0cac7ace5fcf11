/** Numbers and bytes one after the other, in memory that grows. */
const FIRST_BYTES = 4096;
const SEVEN_BITS = 128;

export class ByteWriter {
  length = 0;
  private bytes = new Uint8Array(FIRST_BYTES);
  private view = new DataView(this.bytes.buffer);

  /** What was written; valid until more is. */
  get written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  uint32(value: number): void {
    this.need(4);
    this.view.setUint32(this.length, value, true);
    this.length += 4;
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

  private need(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.length + more, this.bytes.length * 2));
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

/** Reads the same back. Past the end everything is 0, and `isShort` says so. */
export class ByteReader {
  at = 0;
  isShort = false;
  readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  uint32(): number {
    const at = this.skip(4);
    return this.isShort ? 0 : this.view.getUint32(at, true);
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

  private has(length: number): boolean {
    if (this.at + length <= this.bytes.length) return true;
    this.isShort = true;
    this.at = this.bytes.length;
    return false;
  }
}
