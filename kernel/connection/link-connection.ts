/**
 * A connection to another server: what all kinds have in common, whatever they speak.
 *
 * A plugin extends it with the verbs of its protocol. It is no client: nothing it sends is held up for a receiver that lags,
 * because what waits behind is for everybody else, and nothing that waits for it is dropped. Whoever publishes faster than
 * it can be sent on is slowed down; a line on which nothing moves for as long as a write may take is closed.
 */
import { PONG } from '../../protocols/client/frames.ts';
import type { Account } from '../accounts/account.ts';
import type { Broker } from '../broker.ts';
import type { Timer } from '../ports/ports.ts';
import type { Transport } from '../ports/transport.ts';
import type { LinkTracing } from '../routing/link.ts';
import type { Message } from '../routing/message.ts';
import type { MessageTrace } from '../routing/message-trace.ts';
import type { Plan } from '../routing/plan.ts';
import type { Subscription } from '../routing/subscription.ts';
import { READ_SIZE } from './arena.ts';
import { CloseReason } from './close-reason.ts';
import { Connection } from './connection.ts';
import type { LivenessSource } from './liveness.ts';
import { showsOriginalSubject } from './original-subject.ts';
import { asBuffer, type StreamCodec, WrappedTransport } from './stream-codec.ts';

/** What is unpacked for one connection in one turn, before others have theirs. */
const TURN_BYTES = 1 << 20;
/** Above this no more is read until what has come was unpacked. */
const PACKED_MAX = 1 << 20;

export interface LinkParts {
  readonly broker: Broker;
  readonly transport: Transport;
  readonly pings: LivenessSource;
  /** What its messages have as `originBit`. */
  readonly originBit: number;
}

export abstract class LinkConnection extends Connection {
  readonly isCutOffWhenSlow = false;
  /** What its messages have as `originBit`; settled before the first one. */
  originBit: number;
  private loginTimer: Timer | null = null;
  private codec: StreamCodec | null = null;
  /** Puts the codec in front of the transport; null while there is nothing to wait for. */
  private whenSent: (() => void) | null = null;
  /** Packed bytes whose turn has not come. */
  private packed: Buffer | null = null;
  /** What the transport still had to send when the deadline was looked at last. */
  private unsentBefore = -1;

  constructor({ broker, transport, pings, originBit }: LinkParts) {
    super(broker, transport, pings);
    this.originBit = originBit;
  }

  /** Handles the complete frames in [start, end); answers the position of the first byte not used. */
  protected abstract parseFrames(bytes: Buffer, start: number, end: number): number;
  /** The bytes that came make no sense to the codec, which says why. */
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

  get subscriptionCount(): number {
    return 0;
  }

  /** What the other side wants, where the monitor lists the connection among clients. */
  subscriptions(): Iterable<Subscription> {
    return [];
  }

  /** Whoever let the other side in is to look again whether it may stay, and as whom. */
  reconsider(): void {}

  /** Answers a PING. */
  sendPong(): void {
    this.broker.tracer?.input(this, 'PING');
    this.broker.tracer?.output(this, 'PONG');
    this.send(PONG);
  }

  /**
   * What comes after the frame that is being handled has passed through the other side's codec. What is sent passes through this one from
   * `ready` on, which is called when all that was sent before is on its way: at once, as a rule. Until then nothing may be sent.
   */
  startCodec(codec: StreamCodec, ready: () => void): void {
    this.outbound.flush();
    this.codec = codec;
    this.whenSent = (): void => {
      const goOnSoon = (): void => this.broker.clock.soon(() => this.onWritten());
      this.replaceTransport(new WrappedTransport(this.transport, codec, goOnSoon));
      ready();
    };
    this.wrapWhenSent();
  }

  private wrapWhenSent(): void {
    const wrap = this.whenSent;
    if (wrap === null || this.outbound.isLagging || this.isClosed) return;
    this.whenSent = null;
    wrap();
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
    // The rest of this read is packed already.
    this.keepPacked(bytes, used, end);
    return end;
  }

  /**
   * The record that goes with a message of the other side, which came into the account. Null where nobody follows it, as nearly always;
   * `drop` where it goes no further.
   */
  protected follow(account: Account, message: Message, tracing: LinkTracing): MessageTrace | 'drop' | null {
    if (message.headerLength === 0) return null;
    return this.broker.messageTracer?.follow(this, account, message, tracing) ?? null;
  }

  /** Takes a message where it goes, with its record. */
  protected carry(plan: Plan, message: Message, trace: MessageTrace | null): void {
    const { dispatcher } = this.broker;
    if (trace === null) {
      if (plan.isEmpty || (message.hasReply && showsOriginalSubject(this.broker, plan, message))) return;
      dispatcher.dispatch(plan, message);
      return;
    }
    dispatcher.dispatchTraced(plan, message, trace);
    trace.release();
  }

  override onRead(length: number): void {
    const { bytes, readStart } = this.broker.arena;
    if (this.codec === null) super.onRead(length);
    else this.takePacked(bytes, readStart, readStart + length);
  }

  override onBytes(bytes: Uint8Array): void {
    let from = 0;
    for (; from < bytes.length && this.codec === null; from += READ_SIZE) {
      super.onBytes(bytes.subarray(from, from + READ_SIZE));
    }
    if (from < bytes.length) this.takePacked(asBuffer(bytes), from, bytes.length);
  }

  override idle(): void {
    super.idle();
    if (this.packed === null) this.codec?.rest();
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
    if (this.transport instanceof WrappedTransport) this.transport.written();
    super.onWritten();
    this.wrapWhenSent();
  }

  protected override leave(_reason: CloseReason): void {
    this.loggedIn();
    this.codec?.close();
    this.packed = null;
  }

  protected loginOverdue(): void {
    this.loginTimer = null;
    this.sendError('Authentication Timeout');
    this.close(CloseReason.authenticationTimeout);
  }

  private takePacked(bytes: Buffer, start: number, end: number): void {
    this.lastInputAt = this.broker.clock.now();
    const at = this.packed === null ? this.unpack(bytes, start, end) : start;
    this.keepPacked(bytes, at, end);
    this.afterInput();
  }

  /** Goes on with what had to wait: for a turn of its own, or for the end of what holds this connection up. */
  protected override afterInput(): void {
    if (this.packed !== null && !this.isHalted) {
      const bytes = this.packed;
      this.packed = null;
      this.keepPacked(bytes, this.unpack(bytes, 0, bytes.length), bytes.length);
    }
    super.afterInput();
  }

  private keepPacked(bytes: Buffer, start: number, end: number): void {
    if (start === end || this.isClosed) return;
    const rest = bytes.subarray(start, end);
    this.packed = this.packed === null ? Buffer.from(rest) : Buffer.concat([this.packed, rest]);
    if (this.packed.length > PACKED_MAX) this.pauseReading();
  }

  /** Answers how far it came: to the end, unless something holds this connection up. */
  private unpack(bytes: Buffer, start: number, end: number): number {
    const codec = this.codec!;
    let at = start;
    let left = TURN_BYTES;
    while (!this.isHalted) {
      if (!this.unpackPiece(codec, bytes, at, end)) return end;
      at = codec.at;
      left -= codec.end - codec.start;
      this.readPiece(codec);
      if (left <= 0) this.rest();
    }
    return at;
  }

  private unpackPiece(codec: StreamCodec, bytes: Buffer, at: number, end: number): boolean {
    try {
      return codec.decode(bytes, at, end);
    } catch (error) {
      this.codecFailed(error as Error);
      return false;
    }
  }

  private readPiece({ output, start, end }: StreamCodec): void {
    const { arena } = this.broker;
    if (output === arena.bytes) this.inbox.acceptRange(arena, start, end, this);
    else this.inbox.acceptUnpacked(arena, output, start, end, this);
  }

  /** Leaves the rest of this turn to others: few bytes may unpack to very many. */
  private rest(): void {
    if (this.isClosed) return;
    this.hold();
    this.broker.clock.soon(() => this.release());
  }
}
