/**
 * Writes down where the consumers of a stream stand. What nobody waits for is written a little later, many changes at once, and
 * a crash takes no more than that: acknowledgements within some milliseconds (D-4), deliveries when there is time. Where a client waits for the answer to its acknowledgement, what changed is on disk before it
 * is answered: everything of one turn in one go, and only what is new.
 */
import { consumerCell, printConsumer, printProgress } from '../account/kept-definitions.ts';
import type { Stream } from '../stream/stream.ts';
import type { Consumer } from './consumer.ts';
import { LATE_MS } from './write-pace.ts';

/** What writing may take of one turn. */
const SLICE_MS = 2;
/** Additions may be so much longer than what they add to. */
const ADDED_BYTES_MAX = 8192;

interface Written {
  wholeBytes: number;
  addedBytes: number;
  /** Somebody waited for it since it was last written as a whole. */
  isAwaited: boolean;
}

export class ConsumerWriter {
  private readonly stream: Stream;
  private readonly unwritten = new Set<Consumer>();
  /** Of those, the ones that something was said to. */
  private readonly urgent = new Set<Consumer>();
  /** Who waits for what changes in this turn. */
  private readonly awaited = new Map<Consumer, (() => void)[]>();
  /** Of those whose changes are followed one by one. */
  private readonly followed = new Map<Consumer, Written>();
  private timer: (() => void) | null = null;
  private urgentTimer: (() => void) | null = null;
  private isClosed = false;
  private readonly settleAll = (): void => {
    for (const [consumer, waiting] of this.awaited) this.settle(consumer, waiting);
    this.awaited.clear();
  };

  constructor(stream: Stream) {
    this.stream = stream;
  }

  /** Something happened to it. */
  changed(consumer: Consumer): void {
    if (!consumer.isUnwritten && this.isWritten(consumer)) this.noteChanged(consumer);
  }

  // On their own, as a function with another in it makes something each time it is called.

  private noteChanged(consumer: Consumer): void {
    consumer.isUnwritten = true;
    this.unwritten.add(consumer);
    this.timer ??= this.stream.of.after(LATE_MS, () => this.writeSome());
  }

  /** A client said something to it, and does not wait for an answer. */
  told(consumer: Consumer): void {
    if (!consumer.isUrgent && this.isWritten(consumer)) this.noteTold(consumer);
  }

  private noteTold(consumer: Consumer): void {
    const { of } = this.stream;
    consumer.isUrgent = true;
    this.urgent.add(consumer);
    this.urgentTimer ??= of.after(of.writePace.delayMs, () => this.writeUrgent());
  }

  /** Runs `then` when all that happened to it, up to the end of this turn, is as durable as it gets. */
  whenSettled(consumer: Consumer, then: () => void): void {
    if (!this.isWritten(consumer)) {
      then();
      return;
    }
    const waiting = this.awaited.get(consumer);
    if (waiting !== undefined) waiting.push(then);
    else this.awaited.set(consumer, [then]);
    if (waiting === undefined && this.awaited.size === 1) this.stream.of.clock.soon(this.settleAll);
  }

  /** Writes all of it. */
  write(consumer: Consumer): void {
    if (!this.isWritten(consumer)) return;
    const { name, config, created, machine } = consumer;
    const bytes = printConsumer({ name, config, created, state: machine.state() });
    this.settled(consumer);
    const followed = this.followed.get(consumer);
    if (followed?.isAwaited === false) {
      this.followed.delete(consumer);
      machine.touched = null;
    } else if (followed !== undefined) {
      this.followed.set(consumer, { wholeBytes: bytes.length, addedBytes: 0, isAwaited: false });
      machine.touched = new Set();
    }
    this.written(this.stream.log.records.cells.put(consumerCell(name), bytes));
  }

  /** Everything that is not written yet. */
  flush(): void {
    this.stopTimers();
    for (const consumer of this.unwritten) this.write(consumer);
    for (const consumer of this.urgent) this.write(consumer);
  }

  /** It is gone. */
  forget(consumer: Consumer): void {
    this.unwritten.delete(consumer);
    this.urgent.delete(consumer);
    this.awaited.delete(consumer);
    this.followed.delete(consumer);
  }

  close(): void {
    this.isClosed = true;
    this.stopTimers();
  }

  private stopTimers(): void {
    this.timer?.();
    this.urgentTimer?.();
    this.timer = null;
    this.urgentTimer = null;
  }

  private isWritten({ config }: Consumer): boolean {
    return this.stream.isKept && !config.memoryStorage && !config.direct;
  }

  private writeSome(): void {
    this.writeFrom(this.unwritten);
    const isOver = this.unwritten.size === 0 || this.isClosed;
    this.timer = isOver ? null : this.stream.of.after(0, () => this.writeSome());
  }

  private writeUrgent(): void {
    this.writeFrom(this.urgent);
    const { of } = this.stream;
    const isOver = this.urgent.size === 0 || this.isClosed;
    this.urgentTimer = isOver ? null : of.after(of.writePace.delayMs, () => this.writeUrgent());
  }

  /** As many as may be written in one turn. */
  private writeFrom(consumers: ReadonlySet<Consumer>): void {
    const { clock, writePace } = this.stream.of;
    const since = clock.monotonic();
    for (const consumer of consumers) {
      this.write(consumer);
      if (clock.monotonic() >= since + SLICE_MS) break;
    }
    if (consumers !== this.unwritten) writePace.wrote(since);
  }

  private settle(consumer: Consumer, waiting: readonly (() => void)[]): void {
    if (this.isClosed) return;
    const followed = this.followed.get(consumer);
    const isTooLong = followed !== undefined && followed.addedBytes > followed.wholeBytes + ADDED_BYTES_MAX;
    if (followed === undefined || isTooLong || consumer.machine.touched === null) this.writeFollowed(consumer);
    else this.add(consumer, followed);
    for (const then of waiting) this.stream.whenDurable(then);
  }

  /** All of it, and from now on what changes. */
  private writeFollowed(consumer: Consumer): void {
    this.followed.set(consumer, { wholeBytes: 0, addedBytes: 0, isAwaited: true });
    this.write(consumer);
    this.followed.get(consumer)!.isAwaited = true;
  }

  private add(consumer: Consumer, followed: Written): void {
    followed.isAwaited = true;
    const { machine, name } = consumer;
    if (machine.touched!.size === 0) return;
    const bytes = printProgress(machine.progressed());
    followed.addedBytes += bytes.length;
    machine.touched = new Set();
    this.settled(consumer);
    this.written(this.stream.log.records.cells.extend(consumerCell(name), bytes));
  }

  private settled(consumer: Consumer): void {
    this.unwritten.delete(consumer);
    this.urgent.delete(consumer);
    consumer.isUnwritten = false;
    consumer.isUrgent = false;
    consumer.writtenPosition = consumer.machine.streamSequence;
  }

  /** What was refused is not waited for: the disk is full, and the next write has all of it. */
  private written(ticket: number): void {
    if (ticket > 0) this.stream.log.ticket = ticket;
  }
}
