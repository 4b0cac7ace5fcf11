import type { Duplex } from 'node:stream';
import { ByteQueue } from './byte-queue.ts';
import type { MemoryLine } from './memory-line.ts';
import type { Clock } from './ports.ts';
import { streamOver } from './stream-over.ts';
import type { Address, Receiver, Transport } from './transport.ts';

/** What one end may have sent that the other has not read. */
const CAPACITY_BYTES = 256 * 1024;
const SPOILED = 0xdd;

export interface MemoryEndOptions {
  local: Address;
  remote: Address;
  line: MemoryLine;
  clock: Pick<Clock, 'after'>;
  readBuffer: Uint8Array | null;
  capacityBytes?: number;
}

/** Bytes under way. */
interface Parcel {
  bytes: Uint8Array;
}

/** One end of a pipe within this process. It keeps the same promises as a TCP connection, closing included. */
export class MemoryTransport implements Transport {
  readonly kind = 'memory';
  readonly tls = null;
  readonly remote: Address;
  readonly local: Address;
  private readonly line: MemoryLine;
  private readonly clock: Pick<Clock, 'after'>;
  private readBuffer: Uint8Array | null;
  private readonly capacityBytes: number;
  private readonly inbox = new ByteQueue();
  private other!: MemoryTransport;
  private receiver: Receiver | null = null;
  private peekers: (() => void)[] = [];
  /** How much the other end has not read yet. */
  private unreadThere = 0;
  /** What was sent from the writer's own memory, until it is read. */
  private lent: Parcel[] = [];
  private owesWritten = false;
  private isPaused = false;
  private isReading = false;
  private isWriteDone = false;
  private isFinished = false;
  private isClosed = false;
  private isOtherSideDone = false;
  private error: Error | null = null;

  constructor(options: MemoryEndOptions) {
    this.local = options.local;
    this.remote = options.remote;
    this.line = options.line;
    this.clock = options.clock;
    this.readBuffer = options.readBuffer;
    this.capacityBytes = options.capacityBytes ?? CAPACITY_BYTES;
  }

  static pair(near: MemoryEndOptions, far: MemoryEndOptions): [MemoryTransport, MemoryTransport] {
    const ends: [MemoryTransport, MemoryTransport] = [new MemoryTransport(near), new MemoryTransport(far)];
    ends[0].other = ends[1];
    ends[1].other = ends[0];
    return ends;
  }

  /** Both ends are gone, and nothing will happen any more. */
  get isOver(): boolean {
    return this.isClosed && this.other.isClosed;
  }

  get unsentBytes(): number {
    return this.owesWritten && !this.isClosed ? this.unreadThere : 0;
  }

  peek(most: number, timeoutMs: number, least = 1): Promise<Uint8Array> {
    const enough = Math.min(least, most);
    const isSettled = () => this.inbox.length >= enough || this.isOtherSideDone || this.isClosed;
    if (isSettled()) return Promise.resolve(this.inbox.look(most));
    return new Promise((resolve) => {
      const finish = () => {
        timer.cancel();
        this.peekers = this.peekers.filter((peeker) => peeker !== look);
        resolve(this.inbox.look(most));
      };
      const look = () => {
        if (isSettled()) finish();
      };
      const timer = this.clock.after(timeoutMs, finish);
      this.peekers.push(look);
    });
  }

  discard(count: number): void {
    if (count > this.inbox.length) throw new RangeError('only bytes that were peeked at can be discarded');
    if (count === 0) return;
    this.inbox.take(count);
    this.other.wasRead(count);
  }

  duplex(): Duplex {
    this.readBuffer = null;
    return streamOver(this);
  }

  start(receiver: Receiver): void {
    this.receiver = receiver;
    if (this.isClosed) this.line.soon(() => receiver.onClosed(this.error));
    else this.line.soon(() => this.read());
    if (this.owesWritten && this.unreadThere === 0) this.line.soon(() => this.allWasRead());
  }

  write(bytes: Uint8Array): boolean {
    return this.writeAll([bytes]);
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    if (this.isWriteDone) return true;
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (length === 0) return true;
    const fits = this.unreadThere + length <= this.capacityBytes;
    this.unreadThere += length;
    if (fits) this.send({ bytes: Buffer.concat(pieces) });
    else for (const bytes of pieces) this.lend({ bytes });
    return !this.owesWritten;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.line.soon(() => this.read());
  }

  /** Says that nothing more will be written, and goes on reading. */
  endWriting(): void {
    if (this.isWriteDone) return;
    this.isWriteDone = true;
    this.line.carry(() => this.other.otherSideEnded());
  }

  end(): void {
    if (this.isFinished) return;
    this.isFinished = true;
    this.endWriting();
    if (!this.owesWritten) this.close(null);
  }

  destroy(): void {
    if (this.isClosed) return;
    this.isFinished = true;
    this.endWriting();
    this.close(null);
  }

  /** Cuts the wire: what is under way is lost, and both ends hear of the error. */
  breakWire(error: Error): void {
    this.close(error);
    this.other.close(error);
  }

  private lend(parcel: Parcel): void {
    this.owesWritten = true;
    this.lent.push(parcel);
    this.send(parcel);
  }

  private send(parcel: Parcel): void {
    this.line.carry(() => this.other.arrive(parcel.bytes));
  }

  private arrive(bytes: Uint8Array): void {
    if (this.isClosed) {
      this.refuse();
      return;
    }
    this.inbox.add(bytes);
    this.wakePeekers();
    this.read();
  }

  private otherSideEnded(): void {
    if (this.isClosed) return;
    this.isOtherSideDone = true;
    this.wakePeekers();
    this.read();
  }

  private read(): void {
    if (this.isReading || this.receiver === null) return;
    while (this.inbox.length > 0 && !this.isPaused && !this.isFinished) this.readOnce(this.receiver);
    const isOver = this.isOtherSideDone && this.inbox.length === 0 && !this.isPaused;
    // Waiting a turn lets the answers to the last words be written at all.
    if (isOver && !this.isFinished) this.line.soon(() => this.endWhenRead());
  }

  private readOnce(receiver: Receiver): void {
    const { inbox, line, readBuffer } = this;
    const count = Math.min(line.cut(inbox.length), readBuffer?.length ?? inbox.length);
    const bytes = this.take(count);
    this.isReading = true;
    try {
      if (readBuffer === null) receiver.onBytes(bytes);
      else receiver.onRead(count);
    } finally {
      this.isReading = false;
      if (line.spoilsReads) bytes.fill(SPOILED);
      this.other.wasRead(count);
    }
  }

  private take(count: number): Uint8Array {
    const { inbox, line, readBuffer } = this;
    if (readBuffer !== null) return inbox.takeInto(readBuffer, count).subarray(0, count);
    // Lent memory is still the writer's and must not be spoiled.
    return line.spoilsReads ? inbox.takeInto(new Uint8Array(count), count) : inbox.take(count);
  }

  private wasRead(count: number): void {
    this.unreadThere -= count;
    if (this.unreadThere === 0 && this.owesWritten) this.other.line.carry(() => this.allWasRead());
  }

  private allWasRead(): void {
    if (!this.owesWritten || this.isClosed || this.receiver === null) return;
    this.owesWritten = false;
    this.lent = [];
    this.receiver.onWritten();
    if (this.isFinished && !this.owesWritten) this.close(null);
    else if (this.isOtherSideDone) this.line.soon(() => this.endWhenRead());
  }

  private endWhenRead(): void {
    if (!this.owesWritten && !this.isPaused && this.inbox.length === 0) this.end();
  }

  private close(error: Error | null): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isFinished = true;
    this.isWriteDone = true;
    this.error = error;
    if (this.inbox.length > 0) this.refuse();
    this.inbox.clear();
    this.takeBackLent();
    this.wakePeekers();
    if (this.receiver !== null) this.line.soon(() => this.receiver!.onClosed(error));
  }

  /** Memory lent for a write goes back to its owner, read or not; the rest of the way is made with copies. */
  private takeBackLent(): void {
    for (const parcel of this.lent) parcel.bytes = new Uint8Array(parcel.bytes);
    if (this.lent.length > 0) this.other.inbox.ownAll();
    this.lent = [];
  }

  /** Bytes reached an end that will never read them: their writer is told, as a TCP stack would. */
  private refuse(): void {
    this.line.carry(() => this.other.wasRefused());
  }

  private wasRefused(): void {
    // After a goodbye this is how it had to end.
    this.close(this.isOtherSideDone ? null : connectionReset());
  }

  private wakePeekers(): void {
    for (const look of this.peekers) look();
  }
}

export function connectionReset(): Error {
  return Object.assign(new Error('the connection was cut'), { code: 'ECONNRESET' });
}
