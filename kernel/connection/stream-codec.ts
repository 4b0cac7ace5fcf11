/** Bytes that are packed on their way between two servers, from some moment of a connection on. */
import type { Duplex } from 'node:stream';
import type { Address, Receiver, TlsFacts, Transport } from '../ports/transport.ts';

export interface StreamCodec {
  /** What was unpacked last: [start, end) of `output`, until the next call of `decode` or `rest`. */
  readonly output: Buffer;
  readonly start: number;
  readonly end: number;
  /** The first byte that `decode` has not taken. */
  readonly at: number;
  /** What one write should hold for it to be packed within a few milliseconds. */
  readonly batchBytes: number;
  /** How much memory so many bytes may need when they are packed. */
  bytesMax(length: number): number;
  /** Packs the bytes so that the other side can read all of them at once; answers how many bytes of the target they take. */
  encode(bytes: Buffer, target: Buffer): number;
  /** Unpacks the next piece of [start, end). False: nothing is left, what is incomplete was kept. Throws for what makes no sense. */
  decode(bytes: Buffer, start: number, end: number): boolean;
  /** Nothing has come for a while: memory that is not needed can be given back. */
  rest(): void;
  close(): void;
}

/**
 * A transport that packs what is written. What is read is the connection's business, which knows where it begins.
 *
 * What waited is packed a batch a turn: `goOn` is called when the next one may be, in place of the inner transport that
 * had nothing more to say.
 */
export class WrappedTransport implements Transport {
  readonly kind: string;
  private readonly inner: Transport;
  private readonly codec: StreamCodec;
  private readonly goOnSoon: () => void;

  constructor(inner: Transport, codec: StreamCodec, goOnSoon: () => void) {
    this.inner = inner;
    this.codec = codec;
    this.goOnSoon = goOnSoon;
    this.kind = inner.kind;
  }

  get remote(): Address {
    return this.inner.remote;
  }

  get local(): Address {
    return this.inner.local;
  }

  get tls(): TlsFacts | null {
    return this.inner.tls;
  }

  get unsentBytes(): number {
    return this.inner.unsentBytes;
  }

  get batchBytes(): number {
    return this.codec.batchBytes;
  }

  write(bytes: Uint8Array): boolean {
    const target = takeScratch(this.codec.bytesMax(bytes.length));
    const length = this.codec.encode(asBuffer(bytes), target);
    // What is not sent at once keeps the memory it lies in.
    if (!this.inner.write(target.subarray(0, length))) return false;
    returnScratch(target);
    return true;
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    if (pieces.length === 0) return true;
    if (this.write(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces))) this.goOnSoon();
    return false;
  }

  pause(): void {
    this.inner.pause();
  }

  resume(): void {
    this.inner.resume();
  }

  end(reason?: string): void {
    this.inner.end(reason);
  }

  destroy(): void {
    this.inner.destroy();
  }

  peek(most: number, timeoutMs: number, least?: number): Promise<Uint8Array> {
    return this.inner.peek(most, timeoutMs, least);
  }

  discard(count: number): void {
    this.inner.discard(count);
  }

  duplex(): Duplex {
    return this.inner.duplex();
  }

  start(receiver: Receiver): void {
    this.inner.start(receiver);
  }
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Packed bytes are sent from here; all lines share it, for none keeps it longer than a call. */
let scratch: Buffer | null = null;
const SCRATCH_BYTES_LEAST = 16_384;
const SCRATCH_BYTES_MAX = 1 << 18;

function takeScratch(least: number): Buffer {
  const free = scratch;
  scratch = null;
  if (free !== null && free.length >= least) return free;
  return Buffer.allocUnsafeSlow(Math.max(SCRATCH_BYTES_LEAST, 2 ** Math.ceil(Math.log2(least))));
}

function returnScratch(bytes: Buffer): void {
  if (bytes.length <= SCRATCH_BYTES_MAX) scratch = bytes;
}
