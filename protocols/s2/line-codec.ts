/** Both directions of a line between two servers: each batch that is sent is complete, and what comes is read in pieces. */

import type { S2Level } from './levels.ts';
import { S2Error } from './problem.ts';
import { StreamDecoder, StreamEvent } from './stream-decoder.ts';
import { StreamEncoder } from './stream-encoder.ts';

/** What a batch should hold for it to be packed within a few milliseconds. */
const BATCH_BYTES: Record<S2Level, number> = {
  uncompressed: 1 << 20,
  fast: 1 << 19,
  better: 1 << 18,
  best: 1 << 16,
};

export class LineCodec {
  /** What was unpacked last: [start, end) of `output`, until the next call. */
  output: Buffer;
  start = 0;
  end = 0;
  /** The first byte that `decode` has not taken. */
  at = 0;
  private readonly encoder: StreamEncoder;
  private readonly decoder: StreamDecoder;
  private currentLevel: S2Level;

  constructor(level: S2Level) {
    this.currentLevel = level;
    this.encoder = new StreamEncoder({ level });
    this.decoder = new StreamDecoder();
    this.output = this.decoder.output;
  }

  get level(): S2Level {
    return this.currentLevel;
  }

  /** What is sent from now on is packed so; the other side need not be told. */
  set level(level: S2Level) {
    if (level === this.currentLevel) return;
    this.currentLevel = level;
    this.encoder.restart(level);
  }

  get batchBytes(): number {
    return BATCH_BYTES[this.currentLevel];
  }

  bytesMax(length: number): number {
    return this.encoder.bytesMax(length);
  }

  /** Packs the bytes into the target, which has `bytesMax` from `at` on; answers where they end. All of it can be read at once. */
  encode(bytes: Buffer, target: Buffer, at: number): number {
    return this.encoder.encodeInto(bytes, 0, bytes.length, target, at);
  }

  /** Unpacks the next piece of [start, end). False: nothing is left, and what is incomplete was kept. Throws an `S2Error`. */
  decode(bytes: Buffer, start: number, end: number): boolean {
    const { decoder } = this;
    const event = decoder.read(bytes, start, end);
    if (event === StreamEvent.problem) throw new S2Error(decoder.problem!, decoder.offset);
    this.at = decoder.at;
    this.output = decoder.output;
    this.start = decoder.start;
    this.end = decoder.end;
    return event === StreamEvent.data;
  }

  /** Gives back memory that is not needed at the moment. */
  rest(): void {
    this.decoder.rest();
    this.output = this.decoder.output;
  }

  close(): void {
    this.rest();
  }
}
