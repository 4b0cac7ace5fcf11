/**
 * A stream as one run of bytes, for safe keeping: what it was, its consumers, and its messages. Entries follow each other; one
 * with nothing in it is the last. Outside of it the bytes are compressed.
 */
import { Buffer } from 'node:buffer';

export const ARCHIVE_MAGIC = Buffer.from('NATSARC1');
export const STATE_ENTRY = 'state.json';
export const CONSUMER_ENTRIES = 'consumers/';

export interface ArchiveEntry {
  /** A message's subject, or what else it is. */
  readonly name: string;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly sequence: number;
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
}

const NO_BYTES = Buffer.alloc(0);
const END: ArchiveEntry = { name: '', time: 0n, sequence: 0, header: NO_BYTES, payload: NO_BYTES };
/** Longer than any name, header and payload together that a stream takes. */
const ENTRY_BYTES_MAX = 128 * 1024 * 1024;
const VARINT_BYTES_MAX = 10;

export function encodeEntry({ name, time, sequence, header, payload }: ArchiveEntry): Buffer {
  const nameBytes = Buffer.from(name, 'latin1');
  const numbers = [
    ...varint(BigInt(nameBytes.length)),
    ...varint(time < 0n ? -2n * time - 1n : 2n * time),
    ...varint(BigInt(sequence)),
    ...varint(BigInt(header.length)),
    ...varint(BigInt(payload.length)),
  ];
  return Buffer.concat([Buffer.from(numbers), nameBytes, header, payload]);
}

export function encodeEnd(): Buffer {
  return encodeEntry(END);
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return bytes;
}

/** Reads what comes piece by piece. */
export class ArchiveReader {
  /** The last entry was read. */
  isComplete = false;
  /** What is wrong; empty while nothing is. */
  problem = '';
  private held: Buffer = NO_BYTES;
  private hasMagic = false;
  private at = 0;

  add(piece: Uint8Array): void {
    this.held = this.held.length === 0 ? Buffer.from(piece) : Buffer.concat([this.held.subarray(this.at), piece]);
    this.at = 0;
  }

  /** Null when more has to come first, when all was read, or when something is wrong. */
  next(): ArchiveEntry | null {
    if (this.isComplete || this.problem !== '' || !this.readMagic()) return null;
    const start = this.at;
    const numbers = this.numbers();
    if (numbers === null) {
      this.at = start;
      return null;
    }
    const [nameLength = 0n, zigzag = 0n, sequence = 0n, headerLength = 0n, payloadLength = 0n] = numbers;
    const total = nameLength + headerLength + payloadLength;
    if (total > BigInt(ENTRY_BYTES_MAX) || sequence > BigInt(Number.MAX_SAFE_INTEGER)) {
      this.problem = 'the archive holds an entry that is too large';
      return null;
    }
    if (BigInt(this.held.length - this.at) < total) {
      this.at = start;
      return null;
    }
    const name = this.take(Number(nameLength)).toString('latin1');
    const header = this.take(Number(headerLength));
    const payload = this.take(Number(payloadLength));
    const time = zigzag % 2n === 0n ? zigzag / 2n : -(zigzag + 1n) / 2n;
    this.isComplete = name === '' && sequence === 0n;
    return this.isComplete ? null : { name, time, sequence: Number(sequence), header, payload };
  }

  private readMagic(): boolean {
    if (this.hasMagic) return true;
    if (this.held.length < ARCHIVE_MAGIC.length) return false;
    this.hasMagic = true;
    if (!this.take(ARCHIVE_MAGIC.length).equals(ARCHIVE_MAGIC))
      this.problem = 'the archive is of a form that is not read';
    return this.problem === '';
  }

  private numbers(): bigint[] | null {
    const numbers: bigint[] = [];
    for (let count = 0; count < 5; count++) {
      const value = this.number();
      if (value === null) return null;
      numbers.push(value);
    }
    return numbers;
  }

  private number(): bigint | null {
    let value = 0n;
    for (let length = 0; length < VARINT_BYTES_MAX && this.at < this.held.length; length++) {
      const byte = this.held[this.at++]!;
      value |= BigInt(byte & 127) << BigInt(7 * length);
      if (byte < 128) return value;
    }
    return null;
  }

  private take(length: number): Buffer {
    const taken = this.held.subarray(this.at, this.at + length);
    this.at += length;
    return taken;
  }
}
