/**
 * Moves what all connections have to send, and keeps producers from outrunning receivers.
 *
 * Writes happen once a turn: what was touched while input was read is flushed when the input of that turn is done, so
 * many messages, from many senders, leave in one system call. Only where turns have had one read each of late is its end
 * said at once, and the one receiver it touched served, because waiting would win nothing and cost a request a tenth of its time.
 * A flush that takes long is continued in the next turn.
 */
import type { Clock, Timer } from '../ports/ports.ts';
import type { Arena } from './arena.ts';
import { type Chunk, ChunkPool } from './chunk.ts';
import { CloseReason } from './close-reason.ts';
import type { Outbound } from './outbound.ts';

/** A connection whose input can be held up. */
export interface Producer {
  /** Stop reading until `proceed`, or for as long as the producer is willing to wait. Answers whether it does. */
  stall(): boolean;
  proceed(): void;
}

export interface FlowOptions {
  /** Bytes outside the arena that may wait to be sent, over all connections. */
  outboundMax: number;
  /** Drop messages for a receiver over its gate instead of slowing the producer down. */
  dropsInsteadOfStalling: boolean;
}

const SLICE_MS = 2;
const SLICE_CHECK = 16;
const SWEEP_MS = 500;
/** What cutting off may take of one turn. */
const CUTTING_MS = 1;
const SHED_DOWN_TO = 0.75;
/** Reads a turn, averaged, up to which the first is answered at once; and how fast the average forgets. */
const PROMPT_READS = 1.2;
const FORGETS = 0.1;

export class Flow {
  readonly pool: ChunkPool;
  readonly options: FlowOptions;
  /** The connection whose input is being handled, if it can be slowed down. */
  producer: Producer | null = null;
  stalls = 0;
  /** How many inputs of connections were handled: as long as it stands still and there is a producer, it is the same one. */
  inputs = 0;
  private readonly clock: Clock;
  private dirty: Outbound[] = [];
  private isScheduled = false;
  private readsThisTurn = 0;
  private readsPerTurn = 1;
  /** Those whose last write is not finished, the longest first. */
  private readonly busy = new Set<Outbound>();
  private readonly waiting = new Map<Outbound, Producer[]>();
  private sweep: Timer | null = null;
  private readonly flushTurn = (): void => this.flushAll();

  /** Somebody waits for the last write. */
  private idle: () => void = () => {};

  constructor(arena: Arena, clock: Clock, options: FlowOptions) {
    this.pool = new ChunkPool(arena);
    this.clock = clock;
    this.options = options;
  }

  get isOverBudget(): boolean {
    return this.pool.heapBytes > this.options.outboundMax;
  }

  markDirty(outbound: Outbound): void {
    this.dirty.push(outbound);
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.clock.soon(this.flushTurn);
  }

  /** A connection's input has been handled. */
  readDone(): void {
    this.inputs++;
    this.readsThisTurn++;
    // Also for what somebody is going to say who waits for the end of the input as well: it need not wait for another turn.
    this.schedule();
    if (this.readsThisTurn > 1 || this.readsPerTurn > PROMPT_READS) return;
    this.clock.inputEnds();
    if (this.dirty.length === 1) (this.dirty.pop() as Outbound).flush();
  }

  takeChunk(least: number, isLagging: boolean, held: number): Chunk {
    if (!isLagging && this.pool.isShort) this.flushSlice(Number.POSITIVE_INFINITY);
    return this.pool.take(least, isLagging, held);
  }

  /** The receiver is over its gate: hold the producer up. False when the message is to be dropped instead. */
  slowDown(outbound: Outbound): boolean {
    if (this.options.dropsInsteadOfStalling) return false;
    this.slowDownAnyway(outbound);
    return true;
  }

  /** The same for a receiver that nothing is dropped for. */
  slowDownAnyway(outbound: Outbound): void {
    const producer = this.producer;
    if (producer === null || !producer.stall()) return;
    this.stalls++;
    const producers = this.waiting.get(outbound);
    if (producers === undefined) this.waiting.set(outbound, [producer]);
    else producers.push(producer);
  }

  /** The receiver has caught up: let those go on who wait for it. */
  relieve(outbound: Outbound): void {
    if (outbound.busySince === 0) this.busy.delete(outbound);
    if (this.waiting.size === 0 || outbound.isOverGate) return;
    const producers = this.waiting.get(outbound);
    if (producers === undefined) return;
    this.waiting.delete(outbound);
    for (const producer of producers) producer.proceed();
  }

  writeBegan(outbound: Outbound): number {
    this.busy.delete(outbound);
    this.busy.add(outbound);
    this.sweep ??= this.clock.after(SWEEP_MS, () => this.sweepOverdue());
    return Math.max(1, this.clock.monotonic());
  }

  forget(outbound: Outbound): void {
    this.busy.delete(outbound);
    const producers = this.waiting.get(outbound);
    this.waiting.delete(outbound);
    for (const producer of producers ?? []) producer.proceed();
    if (this.busy.size === 0) this.idle();
  }

  /** Fulfilled when nothing is being written any more, or after a while: at the end of a process. */
  drained(patienceMs: number): Promise<void> {
    if (this.busy.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.clock.after(patienceMs, resolve);
      this.idle = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** Cuts off those who have lagged longest until enough memory is free again. */
  shed(): void {
    const enough = this.options.outboundMax * SHED_DOWN_TO;
    for (const outbound of this.busy) {
      if (this.pool.heapBytes <= enough) return;
      outbound.cutOff(CloseReason.slowConsumerBudget);
    }
  }

  close(): void {
    this.sweep?.cancel();
    this.sweep = null;
  }

  private flushAll(): void {
    this.isScheduled = false;
    this.readsPerTurn += (this.readsThisTurn - this.readsPerTurn) * FORGETS;
    this.readsThisTurn = 0;
    if (!this.flushSlice(this.clock.monotonic() + SLICE_MS)) this.schedule();
  }

  /** Flushes until the deadline; true when nothing is left. */
  private flushSlice(deadline: number): boolean {
    const dirty = this.dirty;
    this.dirty = [];
    for (let index = 0; index < dirty.length; index++) {
      dirty[index].flush();
      if (index % SLICE_CHECK !== SLICE_CHECK - 1 || this.clock.monotonic() < deadline) continue;
      this.dirty = dirty.slice(index + 1).concat(this.dirty);
      return this.dirty.length === 0;
    }
    return true;
  }

  /** Many may become overdue in one moment: they are cut off a few at a time, so that the others do not notice. */
  private sweepOverdue(): void {
    this.sweep = null;
    const now = this.clock.monotonic();
    for (const outbound of this.busy) {
      if (now - outbound.busySince < outbound.writeDeadlineMs) break;
      outbound.overdue();
      if (this.clock.monotonic() - now < CUTTING_MS) continue;
      this.sweep = this.clock.after(1, () => this.sweepOverdue());
      return;
    }
    if (this.busy.size > 0) this.sweep = this.clock.after(SWEEP_MS, () => this.sweepOverdue());
  }
}
