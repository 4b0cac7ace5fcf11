/**
 * What waits to be sent to one connection.
 *
 * Frames are written straight into the current chunk: `reserve` answers where. At the end of the turn `flush` hands the
 * chunk to the transport, and when the transport takes it at once the same memory is used again. Only when the receiver
 * lags does anything queue up, and then within `pendingMax`.
 */

import type { Transport } from '../ports/transport.ts';
import { type Chunk, ChunkRange, type Piece, type SharedFrame } from './chunk.ts';
import { CloseReason } from './close-reason.ts';
import type { Flow } from './flow.ts';

/** The side of a connection that its outbound queue talks to. */
export interface OutboundOwner {
  readonly pendingMax: number;
  /** Cut off when it lags too far; otherwise nothing is refused for lag (links to servers). */
  readonly isCutOffWhenSlow: boolean;
  readonly writeDeadlineMs: number;
  slowConsumer(reason: CloseReason): void;
  /** The write deadline passed. */
  writeOverdue(): void;
}

/** One write to the transport takes no more than this, so that a deadline measures progress. */
const BATCH_BYTES = 1 << 20;
const NOTHING = Buffer.alloc(0);

export class Outbound {
  /** The current chunk's memory; `reserve` answers positions in it. */
  bytes: Buffer = NOTHING;
  private at = 0;
  private limit = 0;
  private unsentFrom = 0;
  private chunk: Chunk | null = null;
  private queue: Piece[] = [];
  private inFlight: Piece[] = [];
  private queuedBytes = 0;
  private inFlightBytes = 0;
  private isDirty = false;
  private isClosed = false;
  private isFinishing = false;
  private endReason: CloseReason | undefined = undefined;
  /** When the write that the transport has not finished began; 0 when there is none. */
  busySince = 0;
  private readonly owner: OutboundOwner;
  private readonly flow: Flow;
  private readonly transport: Transport;

  constructor(owner: OutboundOwner, flow: Flow, transport: Transport) {
    this.owner = owner;
    this.flow = flow;
    this.transport = transport;
  }

  get pendingBytes(): number {
    return this.queuedBytes + this.inFlightBytes + this.at - this.unsentFrom;
  }

  get isLagging(): boolean {
    return this.busySince !== 0;
  }

  get writeDeadlineMs(): number {
    return this.owner.writeDeadlineMs;
  }

  /** Where to write `size` bytes in `bytes`, or -1 when they cannot be taken. */
  reserve(size: number): number {
    const at = this.at;
    if (at + size <= this.limit) {
      this.at = at + size;
      return at;
    }
    return this.reserveAnew(size);
  }

  /** A small frame that is ready. */
  send(frame: Uint8Array): boolean {
    const at = this.reserve(frame.length);
    if (at < 0) return false;
    this.bytes.set(frame, at);
    return true;
  }

  /** A frame that others send too: it is queued by reference. */
  sendShared(frame: SharedFrame): boolean {
    if (!this.hasRoomFor(frame.view.length)) return false;
    this.seal();
    frame.use();
    this.queue.push(frame);
    this.queuedBytes += frame.view.length;
    this.setLimit();
    this.markDirty();
    return true;
  }

  /** Gives the transport what there is, unless it is still busy with the last. */
  flush(): void {
    this.isDirty = false;
    this.pump();
  }

  /** Takes nothing more, sends what there is, then ends the transport. */
  finish(reason?: CloseReason): void {
    if (this.isClosed || this.isFinishing) return;
    this.isFinishing = true;
    this.endReason = reason;
    this.limit = 0;
    this.pump();
  }

  /** The transport took all of the last write. */
  written(): void {
    if (this.busySince === 0) return;
    this.finishWrite();
    this.pump();
    if (!this.isClosed) this.flow.relieve(this);
  }

  /** What is being written moves: it has as long again. */
  renewDeadline(): void {
    if (this.busySince !== 0) this.busySince = this.flow.writeBegan(this);
  }

  /** Lets everything go at once; the transport must be gone, or have nothing in flight. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.busySince = 0;
    for (const piece of this.inFlight) piece.release();
    for (const piece of this.queue) piece.release();
    this.inFlight = [];
    this.queue = [];
    this.queuedBytes = 0;
    this.inFlightBytes = 0;
    this.dropChunk();
    this.flow.forget(this);
  }

  get isOverGate(): boolean {
    return this.pendingBytes > this.gate;
  }

  private get gate(): number {
    return Math.floor(this.owner.pendingMax / 4) * 3;
  }

  private reserveAnew(size: number): number {
    if (this.chunk !== null && this.at + size > this.chunk.end) this.pump();
    if (!this.hasRoomFor(size)) return -1;
    if (this.chunk === null || this.at + size > this.chunk.end) this.takeChunk(size);
    const at = this.at;
    this.at = at + size;
    this.setLimit();
    this.markDirty();
    return at;
  }

  /** Refuses what would go over the limit; slows the producer down on the way there. */
  private hasRoomFor(size: number): boolean {
    const owner = this.owner;
    if (this.isClosed || this.isFinishing) return false;
    if (this.pendingBytes > this.gate) this.pump();
    if (!owner.isCutOffWhenSlow) return this.admitsAnyway();
    if (this.busySince !== 0 && this.flow.isOverBudget) this.flow.shed();
    if (this.isClosed || (this.pendingBytes > this.gate && !this.flow.slowDown(this))) return false;
    if (this.pendingBytes + size > owner.pendingMax) owner.slowConsumer(CloseReason.slowConsumerPending);
    return !this.isClosed;
  }

  /** Nothing is refused for lag, but producers are slowed down, and all that wait share the same memory. */
  private admitsAnyway(): boolean {
    if (this.busySince !== 0 && this.flow.isOverBudget) this.flow.shed();
    if (!this.isClosed && this.pendingBytes > this.gate) this.flow.slowDownAnyway(this);
    return !this.isClosed;
  }

  private pump(): void {
    if (this.busySince !== 0 || this.isClosed) return;
    if (this.queue.length > 0) {
      this.seal();
      this.writeQueued();
    } else if (this.at > this.unsentFrom) {
      this.writeCurrent();
    }
    if (this.busySince !== 0) return;
    this.dropChunk();
    if (!this.isFinishing) return;
    this.transport.end(this.endReason);
    this.close();
  }

  private takeChunk(size: number): void {
    this.seal();
    this.dropChunk();
    const chunk = this.flow.takeChunk(size, this.isLagging, this.queuedBytes);
    chunk.use();
    this.chunk = chunk;
    this.bytes = chunk.bytes;
    this.at = chunk.start;
    this.unsentFrom = chunk.start;
  }

  /** `reserve` succeeds without a second look up to here: the end of the chunk, or of what may be pending. */
  private setLimit(): void {
    if (this.chunk === null) return;
    const pending = this.pendingBytes;
    const gate = this.gate;
    const room = pending < gate ? gate - pending : 0;
    this.limit = this.owner.isCutOffWhenSlow ? Math.min(this.chunk.end, this.at + room) : this.chunk.end;
  }

  /** Turns the filled part of the current chunk into a piece of the queue. */
  private seal(): void {
    if (this.chunk === null || this.at === this.unsentFrom) return;
    this.queue.push(new ChunkRange(this.chunk, this.unsentFrom, this.at));
    this.queuedBytes += this.at - this.unsentFrom;
    this.unsentFrom = this.at;
  }

  private dropChunk(): void {
    if (this.chunk === null) return;
    this.chunk.release();
    this.chunk = null;
    this.bytes = NOTHING;
    this.at = 0;
    this.limit = 0;
    this.unsentFrom = 0;
  }

  private writeCurrent(): void {
    const chunk = this.chunk as Chunk;
    if (this.transport.write(this.bytes.subarray(this.unsentFrom, this.at))) {
      this.at = chunk.start;
      this.unsentFrom = chunk.start;
      return;
    }
    this.inFlight.push(new ChunkRange(chunk, this.unsentFrom, this.at));
    this.inFlightBytes = this.at - this.unsentFrom;
    this.unsentFrom = this.at;
    this.becomeBusy();
  }

  private writeQueued(): void {
    while (this.queue.length > 0 && this.busySince === 0 && !this.isClosed) {
      const batch = this.takeBatch();
      const isOne = batch.length === 1 && this.transport.batchBytes === undefined;
      const isDone = isOne ? this.transport.write(batch[0].view) : this.transport.writeAll(viewsOf(batch));
      if (isDone) this.finishWrite();
      else this.becomeBusy();
    }
  }

  private takeBatch(): Piece[] {
    let count = 0;
    let bytes = 0;
    const most = this.transport.batchBytes ?? BATCH_BYTES;
    while (count < this.queue.length && bytes < most) bytes += this.queue[count++].view.length;
    this.inFlight = count === this.queue.length ? this.queue : this.queue.slice(0, count);
    this.queue = count === this.queue.length ? [] : this.queue.slice(count);
    this.queuedBytes -= bytes;
    this.inFlightBytes = bytes;
    return this.inFlight;
  }

  private becomeBusy(): void {
    this.busySince = this.flow.writeBegan(this);
  }

  private finishWrite(): void {
    this.busySince = 0;
    for (const piece of this.inFlight) piece.release();
    this.inFlight = [];
    this.inFlightBytes = 0;
  }

  /** While the transport is busy there is nothing to flush: `written` goes on. */
  private markDirty(): void {
    if (this.isDirty || this.busySince !== 0) return;
    this.isDirty = true;
    this.flow.markDirty(this);
  }

  /** The flow asks the owner to end it. */
  cutOff(reason: CloseReason): void {
    this.owner.slowConsumer(reason);
  }

  overdue(): void {
    this.owner.writeOverdue();
  }
}

function viewsOf(pieces: readonly Piece[]): Uint8Array[] {
  return pieces.map((piece) => piece.view);
}
