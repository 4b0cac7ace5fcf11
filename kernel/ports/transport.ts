/**
 * One connected byte pipe: TCP, TLS, WebSocket, in memory, or simulated.
 *
 * A transport begins idle. Before `start` it can be written to, looked into (`peek`), or given away as
 * a Node stream (`duplex`) so that a plugin can wrap it, in TLS for instance. After `start` it pushes
 * what arrives to one receiver.
 */
import type { Duplex } from 'node:stream';

/** In place of a host, where both ends are in this process. */
export const IN_PROCESS = 'memory';

export interface Address {
  host: string;
  port: number;
}

export interface Receiver {
  /** Names it in log lines. */
  readonly label?: string;
  /** `length` bytes were placed at the start of the shared read buffer. They are gone after the call returns. */
  onRead(length: number): void;
  /** Bytes arrived in memory of their own. They are gone after the call returns, unless copied. */
  onBytes(bytes: Uint8Array): void;
  /** The transport took all bytes of a `write` that had answered false. */
  onWritten(): void;
  /**
   * The other side is gone, the wire failed, or `end` or `destroy` took effect. Called exactly once, never from inside
   * another call. When the other side only stopped sending, what is being written is finished first; a peer that then
   * never reads is for a write deadline to find.
   */
  onClosed(error: Error | null): void;
}

/** What a TLS plugin knows of the peer once the handshake is done. */
export interface TlsFacts {
  version: string;
  cipher: string;
  /** DER certificates of the peer, its own first, then those that vouch for it; empty when it showed none. */
  peerCertificates: Uint8Array[];
  serverName: string;
}

export interface Transport {
  /** 'tcp', 'tls', 'memory', 'websocket', ...: what the monitor shows. */
  readonly kind: string;
  readonly remote: Address;
  readonly local: Address;
  readonly tls: TlsFacts | null;
  /** What one write should hold at most, where that is less than usual because it costs time here. */
  readonly batchBytes?: number;
  /** Bytes accepted by `write` that the operating system has not taken yet. */
  readonly unsentBytes: number;

  /**
   * At least `least` (1 unless told) and at most `most` bytes of what will be read first, without consuming them;
   * fewer, or none, on time-out or end. To see more than last time, ask for at least one more.
   */
  peek(most: number, timeoutMs: number, least?: number): Promise<Uint8Array>;
  /** Drops `count` of the bytes that `peek` showed. */
  discard(count: number): void;
  /** Hands the pipe over as a Node stream, unread bytes included. The transport is spent. */
  duplex(): Duplex;
  /** Starts reading; may be called once. */
  start(receiver: Receiver): void;

  /**
   * Sends bytes. True: they are out of our hands, the memory may be reused at once.
   * False: keep the memory untouched, and write nothing more, until `onWritten`.
   * A Buffer is best: Node wraps any other byte array in one first. After the end a write is dropped and answers true.
   */
  write(bytes: Uint8Array): boolean;
  /** The same for several pieces, sent in one go. */
  writeAll(pieces: readonly Uint8Array[]): boolean;
  /** Stops and starts the flow of reads. Calls do not nest. */
  pause(): void;
  resume(): void;
  /** Sends what was written, then closes. Where the protocol of the transport can tell the other side why, it does. */
  end(reason?: string): void;
  /** Closes at once. */
  destroy(): void;
}
