import { Socket, type SocketConstructorOpts } from 'node:net';
import { takeUnread } from './peek-stream.ts';
import { localAddress, remoteAddress } from './socket-address.ts';
import { StreamTransport } from './stream-transport.ts';
import type { Address } from './transport.ts';

/** What Node's sockets have and its types do not say. */
interface Wire extends Socket {
  _handle?: Handle | null;
}

interface Handle {
  reading: boolean;
  readonly writeQueueSize?: number;
  readStop(): number;
}

/**
 * A TCP connection. This is the hot path: a read allocates nothing and lands in the buffer all connections share.
 *
 * Node places bytes in a given buffer only for sockets that were made with `onread`, and a server makes its sockets
 * without. So the accepted socket is a shell: at `start` its handle moves into a second socket, made our way, and the
 * shell is dropped. Where that is not possible the shell itself serves, and reads allocate.
 */
export class TcpTransport extends StreamTransport {
  private readonly readBuffer: Uint8Array | null;
  private unread: Uint8Array | null = null;
  private isReading = false;

  /** `socket` is connected, and paused before it read anything. */
  constructor(socket: Socket, readBuffer: Uint8Array | null) {
    super(socket, { kind: 'tcp', remote: remoteAddress(socket), local: null, tls: null });
    this.readBuffer = readBuffer;
  }

  override pause(): void {
    // Inside a read the answer to Node does it: see `landed`.
    if (this.isReading) this.isPaused = true;
    else super.pause();
  }

  override resume(): void {
    if (this.isReading) this.isPaused = false;
    else if (this.unread === null) super.resume();
    else {
      this.isPaused = false;
      process.nextTick(replay, this);
    }
  }

  /** Hands over what was peeked at, ahead of everything else. */
  replayUnread(): void {
    const { unread } = this;
    if (unread === null || this.isPaused || this.isFinished) return;
    this.unread = null;
    this.receiver!.onBytes(unread);
    if (!this.isPaused) this.stream.resume();
  }

  protected override beginReading(): void {
    const { readBuffer } = this;
    const shell: Wire = this.stream as Socket;
    if (readBuffer !== null && canGiveHandle(shell)) this.moveHandle(shell, readBuffer);
    else super.beginReading();
  }

  protected override findLocal(): Address {
    return localAddress(this.stream as Socket);
  }

  /** The handle knows how much of one large write has gone already; the stream counts it whole until all has. */
  protected override countUnsent(): number {
    return (this.stream as Wire)._handle?.writeQueueSize ?? super.countUnsent();
  }

  private moveHandle(shell: Wire, readBuffer: Uint8Array): void {
    this.unread = takeUnread(shell);
    const handle = shell._handle!;
    handle.readStop();
    handle.reading = false;
    this.stream = this.socketOver(handle, readBuffer);
    this.own(this.stream);
    shell._handle = null;
    // The server counts the shell until it is destroyed, and would wait for it when it closes.
    shell.destroy();
    if (this.unread !== null) process.nextTick(replay, this);
  }

  private socketOver(handle: Handle, buffer: Uint8Array): Socket {
    return new Socket({
      handle,
      allowHalfOpen: true,
      pauseOnCreate: this.isPaused || this.unread !== null,
      onread: { buffer, callback: (length: number) => this.landed(length) },
    } as SocketConstructorOpts);
  }

  /** Node asks whether to read on. */
  private landed(length: number): boolean {
    this.isReading = true;
    this.receiver!.onRead(length);
    this.isReading = false;
    return !this.isPaused;
  }
}

function replay(transport: TcpTransport): void {
  transport.replayUnread();
}

/** A handle can move while nothing is under way on it. */
function canGiveHandle(socket: Wire): boolean {
  const handle = socket._handle;
  return typeof handle?.readStop === 'function' && !socket.destroyed && socket.writableLength === 0;
}
