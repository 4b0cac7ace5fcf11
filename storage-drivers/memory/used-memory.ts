/**
 * Memory that records have left, for the next ones: a stream that loses as much as it gets asks for none, so that no collection
 * of garbage stands in anybody's way. All stores of a driver share it.
 */
import { CHUNK_BYTES_MAX, Chunk } from './chunk.ts';

/** So much is kept, 16 MiB of chunks; more goes back to the system. */
const CHUNKS_MAX = 64;
const COLUMNS_MAX = 64;

/** What a segment of full size knows of its records. */
export interface Columns {
  readonly location: Uint32Array<ArrayBuffer>;
  readonly subjectLength: Uint16Array<ArrayBuffer>;
  readonly flags: Uint16Array<ArrayBuffer>;
  readonly headerLength: Uint32Array<ArrayBuffer>;
  readonly bodyLength: Uint32Array<ArrayBuffer>;
  readonly secondsLow: Uint32Array<ArrayBuffer>;
  readonly nanos: Uint32Array<ArrayBuffer>;
}

export class UsedMemory {
  private readonly chunks: Chunk[] = [];
  private readonly columns: Columns[] = [];

  chunk(size: number): Chunk {
    const again = size === CHUNK_BYTES_MAX ? this.chunks.pop() : undefined;
    if (again === undefined) return new Chunk(size);
    again.used = 0;
    again.live = 0;
    return again;
  }

  /** Nobody looks at it any more. */
  giveChunk(chunk: Chunk): void {
    if (chunk.bytes.length === CHUNK_BYTES_MAX && this.chunks.length < CHUNKS_MAX) this.chunks.push(chunk);
  }

  /** Null where there are none; what stands in them is of no meaning. */
  fullColumns(): Columns | null {
    return this.columns.pop() ?? null;
  }

  giveColumns(columns: Columns): void {
    if (this.columns.length < COLUMNS_MAX) this.columns.push(columns);
  }
}
