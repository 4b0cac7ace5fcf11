import type { Duplex } from 'node:stream';
import { discardFromStream, peekStream } from './peek-stream.ts';
import type { Address, Receiver, TlsFacts, Transport } from './transport.ts';

const OWNER = Symbol('transport');

interface OwnedStream extends Duplex {
  [OWNER]?: StreamTransport;
}

export interface StreamFacts {
  kind: string;
  remote: Address;
  local: Address;
  tls: TlsFacts | null;
}

/**
 * A transport over any Node stream, such as a TLS socket. The stream must not flow yet. One made with
 * `allowHalfOpen` lets a peer that only stopped sending still get its answers.
 */
export class StreamTransport implements Transport {
  readonly kind: string;
  readonly remote: Address;
  readonly tls: TlsFacts | null;
  protected stream: Duplex;
  protected receiver: Receiver | null = null;
  protected isPaused = false;
  protected isFinished = false;
  private knownLocal: Address | null;
  private error: Error | null = null;
  private isClosed = false;
  private isOtherSideDone = false;
  private owesWritten = false;
  private readonly written: () => void;

  constructor(stream: Duplex, facts: Omit<StreamFacts, 'local'> & { local: Address | null }) {
    this.kind = facts.kind;
    this.remote = facts.remote;
    this.tls = facts.tls;
    this.stream = stream;
    this.knownLocal = facts.local;
    this.written = () => this.afterWrite();
    this.isClosed = stream.closed;
    this.isFinished = stream.closed;
    this.own(stream);
  }

  get local(): Address {
    this.knownLocal ??= this.findLocal();
    return this.knownLocal;
  }

  get unsentBytes(): number {
    return this.owesWritten && !this.isClosed ? this.countUnsent() : 0;
  }

  peek(most: number, timeoutMs: number, least = 1): Promise<Uint8Array> {
    return peekStream(this.stream, least, most, timeoutMs);
  }

  discard(count: number): void {
    discardFromStream(this.stream, count);
  }

  duplex(): Duplex {
    this.isFinished = true;
    disown(this.stream);
    return this.stream;
  }

  start(receiver: Receiver): void {
    this.receiver = receiver;
    if (this.isClosed) process.nextTick(() => receiver.onClosed(this.error));
    else if (!this.isFinished) this.beginReading();
    // A write from before the start may have finished while nobody was there to be told.
    if (this.owesWritten) process.nextTick(this.written);
  }

  write(bytes: Uint8Array): boolean {
    const { stream } = this;
    if (this.isFinished || !stream.writable) return true;
    stream.write(bytes, this.written);
    this.owesWritten = stream.writableLength > 0;
    return !this.owesWritten;
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    const { stream } = this;
    if (this.isFinished || !stream.writable || pieces.length === 0) return true;
    const last = pieces.length - 1;
    stream.cork();
    for (let i = 0; i < last; i++) stream.write(pieces[i]!);
    stream.write(pieces[last]!, this.written);
    stream.uncork();
    this.owesWritten = stream.writableLength > 0;
    return !this.owesWritten;
  }

  pause(): void {
    this.isPaused = true;
    if (this.receiver !== null) this.stream.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    if (this.receiver !== null && !this.isFinished) this.stream.resume();
  }

  end(): void {
    if (this.isFinished) return;
    this.pause();
    this.isFinished = true;
    this.stream.end(() => this.stream.destroy());
  }

  destroy(): void {
    this.isFinished = true;
    this.stream.destroy();
  }

  protected beginReading(): void {
    this.stream.on('data', (bytes: Uint8Array) => {
      if (!this.isFinished) this.receiver!.onBytes(bytes);
    });
    if (!this.isPaused) this.stream.resume();
  }

  protected findLocal(): Address {
    return { host: '', port: 0 };
  }

  protected countUnsent(): number {
    return this.stream.writableLength;
  }

  protected own(stream: OwnedStream): void {
    stream[OWNER] = this;
    stream.on('error', streamFailed).on('end', streamEnded).on('close', streamClosed);
  }

  private afterWrite(): void {
    // Node also calls after a write that was taken at once, by when a later one may be under way.
    if (!this.owesWritten || this.receiver === null || this.stream.writableLength > 0) return;
    // It also calls for what a closing stream threw away.
    if (this.stream.destroyed) return;
    this.owesWritten = false;
    this.receiver.onWritten();
    if (this.isOtherSideDone) setImmediate(closeWhenSent, this);
  }

  noteError(stream: Duplex, error: Error): void {
    if (stream === this.stream) this.error = error;
  }

  /**
   * The other side will send no more, but may well read: what is being sent is finished first. Waiting a turn lets
   * the answers to its last words be written at all.
   */
  noteEnd(stream: Duplex): void {
    if (stream !== this.stream) return;
    this.isOtherSideDone = true;
    setImmediate(closeWhenSent, this);
  }

  closeWhenSent(): void {
    if (!this.owesWritten) this.end();
  }

  noteClose(stream: Duplex): void {
    if (stream !== this.stream) return;
    this.isFinished = true;
    this.isClosed = true;
    this.receiver?.onClosed(this.error);
  }
}

// One function for all streams: listeners of their own would cost every idle connection memory.

function streamFailed(this: OwnedStream, error: Error): void {
  this[OWNER]?.noteError(this, error);
}

function streamEnded(this: OwnedStream): void {
  this[OWNER]?.noteEnd(this);
}

function streamClosed(this: OwnedStream): void {
  this[OWNER]?.noteClose(this);
}

function closeWhenSent(transport: StreamTransport): void {
  transport.closeWhenSent();
}

function disown(stream: OwnedStream): void {
  stream.off('error', streamFailed).off('end', streamEnded).off('close', streamClosed);
  delete stream[OWNER];
}
