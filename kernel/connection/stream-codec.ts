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
  /** Packs the bytes so that the other side can read all of them at once, to `at` in the target; answers where they end. */
  encode(bytes: Buffer, target: Buffer, at: number): number;
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
  /** Where the last write lies while it is on its way. */
  private sending: Buffer | null = null;

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
    return this.send(target, this.codec.encode(asBuffer(bytes), target, 0));
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    if (pieces.length === 0) return true;
    if (this.writePieces(pieces)) this.goOnSoon();
    return false;
  }

  /** The last write is on its way, all of it. */
  written(): void {
    if (this.sending === null || this.inner.unsentBytes > 0) return;
    returnScratch(this.sending);
    this.sending = null;
  }

  /** Large pieces are packed one by one, small ones together: what is packed together gets smaller. */
  private writePieces(pieces: readonly Uint8Array[]): boolean {
    let length = 0;
    let least = 0;
    for (const piece of pieces) {
      length += piece.length;
      least += this.codec.bytesMax(piece.length);
    }
    if (length < pieces.length * PIECE_BYTES) return this.write(Buffer.concat(pieces));
    const target = takeScratch(least);
    let at = 0;
    for (const piece of pieces) at = this.codec.encode(asBuffer(piece), target, at);
    return this.send(target, at);
  }

  /** What is not sent at once keeps the memory it lies in. */
  private send(target: Buffer, length: number): boolean {
    const isSent = this.inner.write(target.subarray(0, length));
    if (isSent) returnScratch(target);
    else this.sending = target;
    return isSent;
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
const SCRATCH_BYTES_MAX = 1 << 21;
/** So large pieces have to be, on average, to be packed for themselves. */
const PIECE_BYTES = 1 << 14;

function takeScratch(least: number): Buffer {
  const free = scratch;
  scratch = null;
  if (free !== null && free.length >= least) return free;
  return Buffer.allocUnsafeSlow(Math.max(SCRATCH_BYTES_LEAST, 2 ** Math.ceil(Math.log2(least))));
}

function returnScratch(bytes: Buffer): void {
  if (bytes.length <= SCRATCH_BYTES_MAX) scratch = bytes;
}
