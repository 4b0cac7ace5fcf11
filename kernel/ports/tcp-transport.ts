/**
 * A TCP connection. This is the hot path: a read allocates nothing and lands in the buffer all connections share.
 *
 * Node places bytes in a given buffer only for sockets that were made with `onread`, and a server makes its sockets
 * without. So the accepted socket is a shell: at `start` its handle moves into a second socket, made our way, and the
 * shell is dropped. Where that is not possible the shell itself serves, and reads allocate.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { discardFromStream, peekStream, takeUnread } from './peek-stream.ts';
import { localAddress, remoteAddress } from './socket-address.ts';
import type { Address, Receiver, Transport } from './transport.ts';

const OWNER = Symbol('transport');

/** What Node's sockets have and its types do not say. */
interface Wire extends Socket {
  [OWNER]?: TcpTransport;
  _handle?: Handle | null;
}

interface Handle {
  reading: boolean;
  readonly writeQueueSize?: number;
  readStop(): number;
}

export class TcpTransport implements Transport {
  readonly kind = 'tcp';
  readonly tls = null;
  readonly remote: Address;
  private socket: Wire;
  private readonly readBuffer: Uint8Array | null;
  private receiver: Receiver | null = null;
  private unread: Uint8Array | null = null;
  private error: Error | null = null;
  private isReading = false;
  private isPaused = false;
  private isFinished = false;
  private isClosed = false;
  private isOtherSideDone = false;
  private owesWritten = false;
  private knownLocal: Address | null = null;
  private readonly written: () => void;

  /** `socket` is connected, and paused before it read anything. */
  constructor(socket: Socket, readBuffer: Uint8Array | null) {
    this.socket = socket;
    this.readBuffer = readBuffer;
    this.remote = remoteAddress(socket);
    this.written = () => this.afterWrite();
    this.own(socket);
  }

  get local(): Address {
    this.knownLocal ??= localAddress(this.socket);
    return this.knownLocal;
  }

  get unsentBytes(): number {
    if (!this.owesWritten || this.isClosed) return 0;
    // The handle knows how much of one large write has gone already; the stream counts it whole until all has.
    return this.socket._handle?.writeQueueSize ?? this.socket.writableLength;
  }

  peek(most: number, timeoutMs: number, least = 1): Promise<Uint8Array> {
    return peekStream(this.socket, least, most, timeoutMs);
  }

  discard(count: number): void {
    discardFromStream(this.socket, count);
  }

  duplex(): Duplex {
    const { socket } = this;
    disown(socket);
    this.isFinished = true;
    return socket;
  }

  start(receiver: Receiver): void {
    this.receiver = receiver;
    if (this.isClosed) process.nextTick(() => receiver.onClosed(this.error));
    else if (this.isFinished) return;
    else if (this.readBuffer !== null && canGiveHandle(this.socket)) this.readIntoBuffer(this.readBuffer);
    else this.readAsStream();
    if (this.owesWritten) process.nextTick(this.written);
  }

  write(bytes: Uint8Array): boolean {
    if (this.isFinished) return true;
    const { socket } = this;
    socket.write(bytes, this.written);
    if (socket.writableLength === 0) return true;
    this.owesWritten = true;
    return false;
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    if (pieces.length === 0) return true;
    const { socket } = this;
    const last = pieces.length - 1;
    socket.cork();
    for (let i = 0; i < last; i++) if (!this.isFinished) socket.write(pieces[i]!);
    this.write(pieces[last]!);
    socket.uncork();
    this.owesWritten = !this.isFinished && socket.writableLength > 0;
    return !this.owesWritten;
  }

  pause(): void {
    this.isPaused = true;
    // Inside a read the answer to Node does it: see `landed`.
    if (!this.isReading && this.receiver !== null) this.socket.pause();
  }

  resume(): void {
    this.isPaused = false;
    if (this.isReading || this.receiver === null || this.isFinished) return;
    if (this.unread !== null) process.nextTick(replay, this);
    else this.socket.resume();
  }

  end(): void {
    if (this.isFinished) return;
    this.pause();
    this.isFinished = true;
    this.socket.destroySoon();
  }

  destroy(): void {
    this.isFinished = true;
    this.socket.destroy();
  }

  private readIntoBuffer(buffer: Uint8Array): void {
    const shell = this.socket;
    this.unread = takeUnread(shell);
    const handle = shell._handle!;
    handle.readStop();
    handle.reading = false;
    const options = {
      handle,
      allowHalfOpen: true,
      pauseOnCreate: this.isPaused || this.unread !== null,
      onread: { buffer, callback: (length: number) => this.landed(length) },
    };
    this.socket = new Socket(options as SocketConstructorOpts);
    this.own(this.socket);
    shell._handle = null;
    // The server counts the shell until it is destroyed, and would wait for it when it closes.
    shell.destroy();
    if (this.unread !== null) process.nextTick(replay, this);
  }

  /** Node asks whether to read on. */
  private landed(length: number): boolean {
    this.isReading = true;
    this.receiver!.onRead(length);
    this.isReading = false;
    return !this.isPaused;
  }

  private readAsStream(): void {
    const { socket } = this;
    socket.on('data', (bytes: Uint8Array) => {
      if (!this.isFinished) this.receiver!.onBytes(bytes);
    });
    if (!this.isPaused) socket.resume();
  }

  /** Hands over what was peeked at, ahead of everything else. */
  replayUnread(): void {
    const { unread } = this;
    if (unread === null || this.isPaused || this.isFinished) return;
    this.unread = null;
    this.receiver!.onBytes(unread);
    if (!this.isPaused && !this.isFinished) this.socket.resume();
  }

  private afterWrite(): void {
    // Node also calls after a write that was taken at once, by when a later one may be under way.
    if (!this.owesWritten || this.receiver === null || this.isClosed || this.socket.writableLength > 0) return;
    this.owesWritten = false;
    this.receiver.onWritten();
    if (this.isOtherSideDone) setImmediate(closeWhenSent, this);
  }

  private own(socket: Wire): void {
    socket[OWNER] = this;
    socket.on('error', noteError).on('end', noteEnd).on('close', noteClose);
  }

  noteError(socket: Wire, error: Error): void {
    if (socket === this.socket) this.error = error;
  }

  /**
   * The other side will send no more, but may well read: what is being sent is finished first. Waiting a turn lets
   * the answers to its last words be written at all.
   */
  noteEnd(socket: Wire): void {
    if (socket !== this.socket) return;
    this.isOtherSideDone = true;
    setImmediate(closeWhenSent, this);
  }

  closeWhenSent(): void {
    if (!this.owesWritten) this.end();
  }

  noteClose(socket: Wire): void {
    if (socket !== this.socket) return;
    this.isFinished = true;
    this.isClosed = true;
    this.unread = null;
    this.receiver?.onClosed(this.error);
  }
}

// One function for all sockets: listeners of their own would cost every idle connection memory.

function noteError(this: Wire, error: Error): void {
  this[OWNER]?.noteError(this, error);
}

function noteEnd(this: Wire): void {
  this[OWNER]?.noteEnd(this);
}

function noteClose(this: Wire): void {
  this[OWNER]?.noteClose(this);
}

function replay(transport: TcpTransport): void {
  transport.replayUnread();
}

function closeWhenSent(transport: TcpTransport): void {
  transport.closeWhenSent();
}

function disown(socket: Wire): void {
  socket.off('error', noteError).off('end', noteEnd).off('close', noteClose);
  delete socket[OWNER];
}

/** A handle can move while nothing is under way on it. */
function canGiveHandle(socket: Wire): boolean {
  const handle = socket._handle;
  return typeof handle?.readStop === 'function' && !socket.destroyed && socket.writableLength === 0;
}
