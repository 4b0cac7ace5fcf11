/** Pieces of memory that wait to be sent, and who still needs them. */
import { type Arena, CHUNK_COUNT, CHUNK_SIZE } from './arena.ts';

/** Something to send. `release` says that this receiver is done with it. */
export interface Piece {
  readonly view: Uint8Array;
  release(): void;
}

/** Memory that one connection fills. Lies in the arena where there is room, and on the heap where not. */
export class Chunk {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  private readonly pool: ChunkPool;
  private uses = 0;

  constructor(pool: ChunkPool, bytes: Buffer, start: number, end: number) {
    this.pool = pool;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  use(): void {
    this.uses++;
  }

  release(): void {
    if (--this.uses === 0) this.pool.giveBack(this);
  }
}

/** A filled part of a chunk that waits for its turn. */
export class ChunkRange implements Piece {
  readonly view: Uint8Array;
  private readonly chunk: Chunk;

  constructor(chunk: Chunk, start: number, end: number) {
    this.chunk = chunk;
    this.view = chunk.bytes.subarray(start, end);
    chunk.use();
  }

  release(): void {
    this.chunk.release();
  }
}

/** A frame that several connections send; it is in memory once. */
export class SharedFrame implements Piece {
  readonly view: Buffer;
  private readonly pool: ChunkPool;
  private uses = 1;

  constructor(pool: ChunkPool, view: Buffer) {
    this.pool = pool;
    this.view = view;
    pool.heapBytes += view.length;
  }

  use(): void {
    this.uses++;
  }

  release(): void {
    if (--this.uses === 0) this.pool.heapBytes -= this.view.length;
  }
}

const SMALLEST_HEAP_CHUNK = 2048;
/** So many chunks of the arena stay with those who keep up. */
const PLENTY = CHUNK_COUNT / 4;
/** Heap chunks of full size that are kept for the next receiver that lags. */
const SPARE_CHUNKS_MAX = 128;

export class ChunkPool {
  readonly arena: Arena;
  /** Memory outside the arena that waits to be sent: what the outbound budget limits. */
  heapBytes = 0;
  private readonly idle: Chunk[] = [];
  private readonly spare: Chunk[] = [];

  constructor(arena: Arena) {
    this.arena = arena;
  }

  /** Nothing of the arena is left for those who keep up. */
  get isShort(): boolean {
    return this.idle.length === 0 && this.arena.isTaken;
  }

  /**
   * Room for at least `least` bytes. A receiver that lags behind, holding `held` bytes, gets of the arena only what
   * those who keep up can spare, and then heap memory that grows with what it holds.
   */
  take(least: number, isLagging: boolean, held: number): Chunk {
    const isModest = least <= CHUNK_SIZE && (!isLagging || (held >= CHUNK_SIZE && this.hasPlenty));
    const chunk = isModest ? this.fromArena() : null;
    if (chunk !== null) return chunk;
    const size = Math.max(least, Math.min(CHUNK_SIZE, Math.max(SMALLEST_HEAP_CHUNK, held)));
    this.heapBytes += size;
    const spare = size === CHUNK_SIZE ? this.spare.pop() : undefined;
    return spare ?? new Chunk(this, Buffer.allocUnsafeSlow(size), 0, size);
  }

  giveBack(chunk: Chunk): void {
    if (chunk.bytes === this.arena.bytes) {
      this.idle.push(chunk);
      return;
    }
    this.heapBytes -= chunk.bytes.length;
    if (chunk.bytes.length === CHUNK_SIZE && this.spare.length < SPARE_CHUNKS_MAX) this.spare.push(chunk);
  }

  private get hasPlenty(): boolean {
    return this.idle.length + this.arena.chunksLeft > PLENTY;
  }

  private fromArena(): Chunk | null {
    const known = this.idle.pop();
    if (known !== undefined) return known;
    const start = this.arena.take();
    return start < 0 ? null : new Chunk(this, this.arena.bytes, start, start + CHUNK_SIZE);
  }
}
