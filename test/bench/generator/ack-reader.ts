import { type Intake, LINE_FEED, type OnLine } from './intake.ts';

const M = 0x4d;
const ZERO = 0x30;
const SPACE = 0x20;
/** Where an acknowledgement and an error differ: `{"stream"` and `{"error"`. */
const TELLING_BYTE = 2;
const S = 0x73;
const LINE_END_BYTES = 2;

/** Counts acknowledgements, which have any length; everything else that arrives as a message is handed over. */
export class AckReader implements Intake {
  acks = 0;
  /** The newest acknowledgement. */
  last = '';
  readonly #onOther: (body: string) => void;
  readonly #onLine: OnLine;
  #rest: Buffer = NOTHING;
  #lastStart = -1;
  #lastEnd = 0;

  constructor(onOther: (body: string) => void, onLine: OnLine) {
    this.#onOther = onOther;
    this.#onLine = onLine;
  }

  accept(buffer: Buffer, length: number): void {
    const isWhole = this.#rest.length === 0;
    const bytes = isWhole ? buffer : Buffer.concat([this.#rest, buffer.subarray(0, length)]);
    const end = isWhole ? length : bytes.length;
    this.#lastStart = -1;
    let offset = 0;
    for (let next = this.#step(bytes, 0, end); next > offset; next = this.#step(bytes, offset, end)) offset = next;
    if (this.#lastStart >= 0) this.last = bytes.toString('latin1', this.#lastStart, this.#lastEnd);
    this.#rest = offset === end ? NOTHING : Buffer.from(bytes.subarray(offset, end));
  }

  /** Where the next message or line begins; the same offset when this one is not complete. */
  #step(bytes: Buffer, offset: number, end: number): number {
    const lineEnd = offset < end ? bytes.indexOf(LINE_FEED, offset) : -1;
    if (lineEnd < 0 || lineEnd >= end) return offset;
    if (bytes[offset] !== M) {
      this.#onLine(bytes.toString('latin1', offset, lineEnd).trimEnd());
      return lineEnd + 1;
    }
    const bodyStart = lineEnd + 1;
    const bodyEnd = bodyStart + sizeBefore(bytes, lineEnd - 1);
    if (bodyEnd + LINE_END_BYTES > end) return offset;
    if (bytes[bodyStart + TELLING_BYTE] === S) {
      this.acks++;
      this.#lastStart = bodyStart;
      this.#lastEnd = bodyEnd;
    } else this.#onOther(bytes.toString('latin1', bodyStart, bodyEnd));
    return bodyEnd + LINE_END_BYTES;
  }
}

/** The number that ends there. */
function sizeBefore(bytes: Buffer, end: number): number {
  let size = 0;
  for (let at = end - 1, worth = 1; bytes[at] !== SPACE; at--, worth *= 10) size += (bytes[at]! - ZERO) * worth;
  return size;
}

const NOTHING = Buffer.alloc(0);
