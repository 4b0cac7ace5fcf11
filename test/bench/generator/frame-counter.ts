import { type Intake, LINE_FEED, type OnLine } from './intake.ts';

const MESSAGE_BEGINS = Buffer.from('MSG ', 'latin1');

/**
 * Counts messages that all have the same size on the wire, without parsing them: bytes are enough.
 *
 * Other protocol lines may stand between two messages. In each read the last places where a message must
 * begin are looked at: if none does, a line came in between, and is searched for and taken out. So the
 * count is exact whatever the server puts in, and a message of a wrong size does not go unseen.
 */
export class FrameCounter implements Intake {
  /** Of messages alone. */
  bytes = 0;
  readonly frameBytes: number;
  readonly #onLine: OnLine;
  readonly #first: Buffer;
  readonly #last: Buffer;
  /** Until the next message must begin. */
  #bytesToBoundary = 0;
  /** The part of a line that earlier reads brought. */
  #line = '';

  constructor(frameBytes: number, onLine: OnLine) {
    this.frameBytes = frameBytes;
    this.#onLine = onLine;
    this.#first = Buffer.alloc(frameBytes);
    this.#last = Buffer.alloc(frameBytes);
  }

  get frames(): number {
    return Math.floor(this.bytes / this.frameBytes);
  }

  get isBetweenFrames(): boolean {
    return this.#bytesToBoundary === 0 && this.#line === '';
  }

  /** The first message that arrived, as it arrived. */
  get first(): Buffer {
    return this.#first;
  }

  /** The bytes that arrived last, as many as a message has: a message when between frames. */
  get last(): Buffer {
    return this.#last;
  }

  accept(buffer: Buffer, length: number): void {
    let offset = this.#line === '' ? 0 : this.#takeLine(buffer, 0, length);
    while (offset < length) {
      const end = this.#endOfMessages(buffer, offset, length);
      if (end > offset) this.#take(buffer, offset, end);
      offset = end < length ? this.#takeLine(buffer, end, length) : end;
    }
  }

  #endOfMessages(buffer: Buffer, offset: number, length: number): number {
    let boundary = offset + this.#bytesToBoundary;
    if (boundary >= length) return length;
    const last = boundary + Math.floor((length - 1 - boundary) / this.frameBytes) * this.frameBytes;
    // The last one may be cut off after a single byte, which a line's text may hold by chance: so the one before, too.
    const beforeLast = Math.max(boundary, last - this.frameBytes);
    if (beginsMessage(buffer, last, length) && beginsMessage(buffer, beforeLast, length)) return length;
    while (beginsMessage(buffer, boundary, length)) boundary += this.frameBytes;
    return Math.min(boundary, length);
  }

  #take(buffer: Buffer, from: number, to: number): void {
    if (this.bytes < this.frameBytes) buffer.copy(this.#first, this.bytes, from, to);
    this.#keepLast(buffer, from, to);
    this.bytes += to - from;
    const beyond = this.bytes % this.frameBytes;
    this.#bytesToBoundary = beyond === 0 ? 0 : this.frameBytes - beyond;
  }

  #keepLast(buffer: Buffer, from: number, to: number): void {
    const kept = this.frameBytes - (to - from);
    if (kept <= 0) {
      buffer.copy(this.#last, 0, to - this.frameBytes, to);
      return;
    }
    this.#last.copyWithin(0, this.frameBytes - kept);
    buffer.copy(this.#last, kept, from, to);
  }

  #takeLine(buffer: Buffer, from: number, length: number): number {
    const found = buffer.indexOf(LINE_FEED, from);
    if (found < 0 || found >= length) {
      this.#line += buffer.toString('latin1', from, length);
      return length;
    }
    const line = this.#line + buffer.toString('latin1', from, found + 1);
    this.#line = '';
    this.#onLine(line.trimEnd());
    return found + 1;
  }
}

function beginsMessage(buffer: Buffer, offset: number, length: number): boolean {
  const shown = Math.min(MESSAGE_BEGINS.length, length - offset);
  for (let index = 0; index < shown; index++) if (buffer[offset + index] !== MESSAGE_BEGINS[index]) return false;
  return shown > 0;
}
