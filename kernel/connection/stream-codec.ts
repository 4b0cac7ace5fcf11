/** Bytes that are packed on their way between two servers, from some moment of a connection on. */
import type { Duplex } from 'node:stream';
import type { Address, Receiver, TlsFacts, Transport } from '../ports/transport.ts';

export interface StreamCodec {
  /** What goes over the wire; must not share memory with `bytes`. */
  encode(bytes: Uint8Array): Uint8Array;
  /** Hands on what the bytes hold, in memory of its own; keeps what is not complete. Throws for what makes no sense. */
  decode(bytes: Uint8Array, take: (plain: Uint8Array) => void): void;
  close(): void;
}

/** A transport that packs what is written. What is read is the connection's business, which knows where it begins. */
export class WrappedTransport implements Transport {
  readonly kind: string;
  private readonly inner: Transport;
  private readonly codec: StreamCodec;

  constructor(inner: Transport, codec: StreamCodec) {
    this.inner = inner;
    this.codec = codec;
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

  write(bytes: Uint8Array): boolean {
    return this.inner.write(this.codec.encode(bytes));
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    return this.inner.writeAll(pieces.map((piece) => this.codec.encode(piece)));
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
