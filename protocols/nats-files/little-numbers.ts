/** Numbers as files of nats-server hold them. Whatever a reader is given, it never reads behind the end: then it `isShort`. */
const SEVEN_BITS = 128;
const VARINT_BYTES_MAX = 10;
const HALF = 2 ** 32;
/** Bits of the high half that a number which is exact here can have. */
const HIGH_MAX = 2 ** 21;

export class NumberReader {
  at: number;
  isShort = false;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    return this.has(1) ? this.bytes[this.at++]! : 0;
  }

  uint32(): number {
    return this.has(4) ? this.view.getUint32(this.skip(4), true) : 0;
  }

  /** Where it is not exact as a number, everything from here on is as if it were not there. */
  uint64(): number {
    if (!this.has(8)) return 0;
    const at = this.skip(8);
    const high = this.view.getUint32(at + 4, true);
    if (high < HIGH_MAX) return high * HALF + this.view.getUint32(at, true);
    this.isShort = true;
    return 0;
  }

  /** Seven bits a byte, the lowest first. */
  uvarint(): number {
    const value = this.bigUvarint();
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    this.isShort = true;
    return 0;
  }

  bigUvarint(): bigint {
    let value = 0n;
    for (let length = 0; length < VARINT_BYTES_MAX && this.has(1); length++) {
      const byte = this.bytes[this.at++]!;
      value |= BigInt(byte & 127) << BigInt(7 * length);
      if (byte < SEVEN_BITS) return value;
    }
    this.isShort = true;
    return 0n;
  }

  /** The same with a sign, which is the lowest bit. */
  varint(): bigint {
    const value = this.bigUvarint();
    return value % 2n === 0n ? value / 2n : -(value + 1n) / 2n;
  }

  take(length: number): Uint8Array {
    if (!this.has(length)) return this.bytes.subarray(0, 0);
    const start = this.skip(length);
    return this.bytes.subarray(start, start + length);
  }

  private skip(length: number): number {
    this.at += length;
    return this.at - length;
  }

  private has(length: number): boolean {
    if (!this.isShort && length <= this.left) return true;
    this.isShort = true;
    return false;
  }
}

export function uvarint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | SEVEN_BITS);
  bytes.push(Number(rest));
  return bytes;
}

export function varint(value: bigint): number[] {
  return uvarint(value < 0n ? -2n * value - 1n : 2n * value);
}
