import { type Intake, LINE_FEED, type OnLine } from './intake.ts';

/** No other line of the protocol begins with an M. */
const FIRST_BYTE_OF_MESSAGE = 0x4d;

export type OnFrame = (buffer: Buffer, offset: number) => void;

/** Hands over each message of a known size by itself; with a size of 0, there are only lines. */
export class FrameReader implements Intake {
  readonly #frameBytes: number;
  readonly #onFrame: OnFrame;
  readonly #onLine: OnLine;
  #rest: Buffer = NOTHING;

  constructor(frameBytes: number, onFrame: OnFrame, onLine: OnLine) {
    this.#frameBytes = frameBytes;
    this.#onFrame = onFrame;
    this.#onLine = onLine;
  }

  accept(buffer: Buffer, length: number): void {
    const isWhole = this.#rest.length === 0;
    const bytes = isWhole ? buffer : Buffer.concat([this.#rest, buffer.subarray(0, length)]);
    const end = isWhole ? length : bytes.length;
    let offset = 0;
    for (let next = this.#step(bytes, 0, end); next > offset; next = this.#step(bytes, offset, end)) offset = next;
    this.#rest = offset === end ? NOTHING : Buffer.from(bytes.subarray(offset, end));
  }

  /** Where the next message or line begins; the same offset when this one is not complete. */
  #step(bytes: Buffer, offset: number, end: number): number {
    if (offset >= end) return offset;
    if (this.#frameBytes > 0 && bytes[offset] === FIRST_BYTE_OF_MESSAGE) {
      if (offset + this.#frameBytes > end) return offset;
      this.#onFrame(bytes, offset);
      return offset + this.#frameBytes;
    }
    const found = bytes.indexOf(LINE_FEED, offset);
    if (found < 0 || found >= end) return offset;
    this.#onLine(bytes.toString('latin1', offset, found).trimEnd());
    return found + 1;
  }
}

const NOTHING = Buffer.alloc(0);
