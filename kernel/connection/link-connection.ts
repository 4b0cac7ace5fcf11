/**
 * A connection to another server: what all kinds have in common, whatever they speak.
 *
 * A plugin extends it with the verbs of its protocol. It is no client: nothing it sends is held up for a receiver that lags,
 * because what waits behind is for everybody else, and nothing that waits for it is dropped. Whoever publishes faster than
 * it can be sent on is slowed down; a line on which nothing moves for as long as a write may take is closed.
 */
import { errorFrame, PONG } from '../../protocols/client/frames.ts';
import type { Broker } from '../broker.ts';
import type { Timer } from '../ports/ports.ts';
import type { Transport } from '../ports/transport.ts';
import { CloseReason } from './close-reason.ts';
import { Connection } from './connection.ts';
import type { LivenessSource } from './liveness.ts';
import { type StreamCodec, WrappedTransport } from './stream-codec.ts';

export interface LinkParts {
  readonly broker: Broker;
  readonly transport: Transport;
  readonly pings: LivenessSource;
  /** What its messages have as `originBit`. */
  readonly originBit: number;
}

export abstract class LinkConnection extends Connection {
  readonly isCutOffWhenSlow = false;
  readonly originBit: number;
  private loginTimer: Timer | null = null;
  private codec: StreamCodec | null = null;
  /** Decoded bytes that wait until the read that brought them is done with. */
  private decoded: Uint8Array[] = [];
  /** What the transport still had to send when the deadline was looked at last. */
  private unsentBefore = -1;

  constructor({ broker, transport, pings, originBit }: LinkParts) {
    super(broker, transport, pings);
    this.originBit = originBit;
  }

  /** Handles the complete frames in [start, end); answers the position of the first byte not used. */
  protected abstract parseFrames(bytes: Buffer, start: number, end: number): number;
  /** The bytes that came make no sense to the codec. */
  protected abstract codecFailed(error: Error): void;

  /** Whether a write that takes too long, but moves, is given more time. */
  protected get isPatient(): boolean {
    return false;
  }

  /** Starts to listen. Who has not called `loggedIn` in time is sent away; 0 for no such time. */
  begin(loginMs: number): void {
    if (this.isClosed) return;
    this.expectLogin(loginMs);
    this.transport.start(this);
  }

  /** The time begins anew. */
  protected expectLogin(loginMs: number): void {
    this.loggedIn();
    if (loginMs > 0) this.loginTimer = this.broker.clock.after(loginMs, () => this.loginOverdue());
  }

  loggedIn(): void {
    this.loginTimer?.cancel();
    this.loginTimer = null;
  }

  sendError(text: string): void {
    this.broker.tracer?.output(this, `-ERR ${text}`);
    this.send(errorFrame(text));
  }

  /** Answers a PING. */
  sendPong(): void {
    this.broker.tracer?.input(this, 'PING');
    this.broker.tracer?.output(this, 'PONG');
    this.send(PONG);
  }

  /**
   * From now on what is sent passes through the codec, and what comes after the frame that is being handled has passed
   * through the other side's. False when what was sent before is not on its way yet: then it cannot be.
   */
  startCodec(codec: StreamCodec): boolean {
    this.outbound.flush();
    if (this.outbound.isLagging) return false;
    this.codec = codec;
    this.replaceTransport(new WrappedTransport(this.transport, codec));
    return true;
  }

  parse(bytes: Buffer, start: number, end: number): number {
    const { message } = this.broker;
    const codecBefore = this.codec;
    message.origin = this;
    message.originBit = this.originBit;
    const used = this.parseFrames(bytes, start, end);
    message.origin = null;
    message.originBit = 0;
    message.originCluster = '';
    message.queues = null;
    if (this.codec === codecBefore || this.isClosed) return used;
    // The rest of this read is encoded already.
    this.decode(bytes.subarray(used, end));
    return end;
  }

  override onRead(length: number): void {
    const { bytes, readStart } = this.broker.arena;
    if (this.codec === null) super.onRead(length);
    else this.decode(bytes.subarray(readStart, readStart + length));
    if (this.codec !== null) this.takeDecoded();
  }

  override onBytes(bytes: Uint8Array): void {
    if (this.codec === null) super.onBytes(bytes);
    else this.decode(bytes);
    if (this.codec !== null) this.takeDecoded();
  }

  override slowConsumer(reason: CloseReason): void {
    if (this.isClosed) return;
    this.broker.countSlowConsumer(this, reason);
    this.close(reason);
  }

  override writeOverdue(): void {
    const { unsentBytes } = this.transport;
    const hasMoved = this.unsentBefore < 0 || unsentBytes < this.unsentBefore;
    if (this.isPatient && hasMoved && unsentBytes > 0) {
      this.unsentBefore = unsentBytes;
      this.outbound.renewDeadline();
    } else {
      super.writeOverdue();
    }
  }

  override onWritten(): void {
    this.unsentBefore = -1;
    super.onWritten();
  }

  protected override leave(_reason: CloseReason): void {
    this.loggedIn();
    this.codec?.close();
    this.decoded = [];
  }

  protected loginOverdue(): void {
    this.loginTimer = null;
    this.sendError('Authentication Timeout');
    this.close(CloseReason.authenticationTimeout);
  }

  private decode(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.codec === null) return;
    try {
      this.codec.decode(bytes, (plain) => void this.decoded.push(plain));
    } catch (error) {
      this.codecFailed(error as Error);
    }
  }

  private takeDecoded(): void {
    while (this.decoded.length > 0 && !this.isClosed) {
      const pieces = this.decoded;
      this.decoded = [];
      for (const piece of pieces) if (!this.isClosed) super.onBytes(piece);
    }
  }
}
