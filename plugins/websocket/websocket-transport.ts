/**
 * A WebSocket as a transport: behind it a connection reads and writes as if it had a socket.
 *
 * What is read is unmasked where it lies and handed on there; what is written leaves as one frame for each write.
 */
import type { Duplex } from 'node:stream';
import type { Address, Clock, Log, Receiver, Timer, TlsFacts, Transport } from '../../kernel/plugin-api.ts';
import { answerToClose, closePayload } from '../../protocols/websocket/close-frame.ts';
import type { FrameMemory } from '../../protocols/websocket/frame-memory.ts';
import type { FrameRules, Violation } from '../../protocols/websocket/frame-reader.ts';
import { closeCodeFor } from './close-codes.ts';
import type { Deflate } from './deflate.ts';
import { FrameInput, type InputSink } from './frame-input.ts';
import { FrameOutput, type FrameScratch, type FrameStyle, type OutputListener } from './frame-output.ts';

/** What all WebSockets of a broker share. */
export interface WebSocketCommons {
  /** The buffer that all sockets read into. */
  readonly memory: FrameMemory;
  readonly scratch: FrameScratch;
  readonly clock: Clock;
  readonly log: Log;
  /** Those that have said goodbye and wait for the wire to end. */
  readonly closing: Set<WebSocketTransport>;
}

export interface WebSocketParts {
  readonly rules: FrameRules;
  readonly style: FrameStyle;
  readonly deflate: Deflate | null;
  /** What a compressed message may have once the client has said who it is; until then the rules count. */
  readonly compressedMax: number;
  /** The answer to the upgrade is still being written. */
  readonly isBusy: boolean;
}

/** How long the other side may take to read the last frame. */
export const CLOSING_MS = 10_000;
const READ_BY_START = 'what comes over a WebSocket is read by start() alone';

export class WebSocketTransport implements Transport, Receiver, InputSink, OutputListener {
  readonly kind = 'websocket';
  readonly remote: Address;
  readonly tls: TlsFacts | null;
  private readonly inner: Transport;
  private readonly commons: WebSocketCommons;
  private readonly deflate: Deflate | null;
  private readonly compressedMax: number;
  private readonly input: FrameInput;
  private readonly output: FrameOutput;
  private receiver: Receiver | null = null;
  private isPaused = false;
  private isSuspended = false;
  private isToldClosed = false;
  /** What the other side did wrong; the last frame tells it. */
  private failure: Error | null = null;
  /** The last frame is on its way, with memory of its own: nobody need cut it off. */
  private isLastUnderWay = false;
  /** What answers the other side's close frame. */
  private answer: Buffer | null = null;
  private timer: Timer | null = null;

  constructor(inner: Transport, parts: WebSocketParts, commons: WebSocketCommons) {
    const { rules, style, deflate, compressedMax, isBusy } = parts;
    this.inner = inner;
    this.remote = inner.remote;
    this.tls = inner.tls;
    this.commons = commons;
    this.deflate = deflate;
    this.compressedMax = compressedMax;
    this.input = new FrameInput(commons.memory, rules, deflate, this);
    this.output = new FrameOutput(inner, { style, scratch: commons.scratch, deflate, isBusy }, this);
  }

  get local(): Address {
    return this.inner.local;
  }

  get unsentBytes(): number {
    return this.inner.unsentBytes;
  }

  peek(): Promise<Uint8Array> {
    return Promise.reject(new Error(READ_BY_START));
  }

  discard(): void {
    throw new Error(READ_BY_START);
  }

  duplex(): Duplex {
    throw new Error(READ_BY_START);
  }

  start(receiver: Receiver): void {
    this.receiver = receiver;
    this.inner.start(this);
  }

  write(bytes: Uint8Array): boolean {
    return this.output.write(bytes);
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    return this.output.writeAll(pieces);
  }

  pause(): void {
    this.isPaused = true;
    if (!this.isSuspended) this.inner.pause();
  }

  resume(): void {
    this.isPaused = false;
    if (!this.isSuspended) this.inner.resume();
  }

  end(reason = ''): void {
    if (this.output.isEnded) return;
    this.input.isOver = true;
    this.sayGoodbye(this.answer ?? closePayload(closeCodeFor(reason), reason));
  }

  destroy(): void {
    if (this.failure !== null && this.isLastUnderWay) return;
    this.cutOff();
  }

  /** The client has said who it is. */
  trust(): void {
    this.input.compressedMax = this.compressedMax;
  }

  /** Whatever was still to be said. */
  cutOff(): void {
    this.input.isOver = true;
    this.output.isEnded = true;
    this.inner.destroy();
  }

  // --- The wire ----------------------------------------------------------------------------------------------------

  onRead(length: number): void {
    this.input.take(length);
  }

  onBytes(bytes: Uint8Array): void {
    this.input.takeBytes(bytes);
  }

  onWritten(): void {
    this.output.onWritten();
  }

  onClosed(error: Error | null): void {
    this.input.isOver = true;
    this.output.isEnded = true;
    this.timer?.cancel();
    this.commons.closing.delete(this);
    this.deflate?.close();
    this.tellClosed(error);
  }

  // --- What is in the frames ---------------------------------------------------------------------------------------

  streamRead(length: number): void {
    this.receiver?.onRead(length);
  }

  streamBytes(bytes: Uint8Array): void {
    this.receiver?.onBytes(bytes);
  }

  pinged(payload: Buffer): void {
    this.output.pong(payload);
  }

  closed(payload: Buffer): void {
    const answer = answerToClose(payload);
    if ('text' in answer) {
      this.violated(answer);
      return;
    }
    this.answer = answer;
    this.limitClosing();
    this.commons.clock.soon(() => this.tellClosed(null));
  }

  violated({ code, text }: Violation): void {
    const { host, port } = this.remote;
    this.commons.log.error(`${this.receiver?.label ?? `${host}:${port}`} - read error: ${text}`);
    this.failure = new Error(text);
    this.sayGoodbye(closePayload(code, text));
  }

  suspend(): void {
    this.isSuspended = true;
    if (!this.isPaused) this.inner.pause();
  }

  ready(): void {
    this.isSuspended = false;
    if (!this.isPaused) this.inner.resume();
  }

  // --- What has left -----------------------------------------------------------------------------------------------

  written(): void {
    this.receiver?.onWritten();
  }

  /** Only now may the connection be told: it then takes back the memory of what it wrote. */
  finished(): void {
    const { failure } = this;
    this.isLastUnderWay = true;
    if (failure !== null) this.commons.clock.soon(() => this.tellClosed(failure));
  }

  private sayGoodbye(payload: Buffer): void {
    this.limitClosing();
    this.output.end(payload);
  }

  private limitClosing(): void {
    const { clock, closing } = this.commons;
    if (this.timer !== null) return;
    closing.add(this);
    this.timer = clock.after(CLOSING_MS, () => this.cutOff());
  }

  private tellClosed(error: Error | null): void {
    if (this.isToldClosed) return;
    this.isToldClosed = true;
    this.receiver?.onClosed(this.failure ?? error);
  }
}
