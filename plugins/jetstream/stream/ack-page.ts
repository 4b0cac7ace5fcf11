/** Acknowledgements that wait, as numbers and bytes: nothing is made for each of them. */
import { Buffer } from 'node:buffer';

const ENTRIES_MAX = 512;
const REPLY_BYTES = 24_576;
const SPARE_PAGES_MAX = 64;

export class AckPage {
  count = 0;
  /** The first that still waits. */
  head = 0;
  next: AckPage | null = null;
  readonly tickets = new Float64Array(ENTRIES_MAX);
  readonly sequences = new Float64Array(ENTRIES_MAX);
  /** Where each reply subject lies; those that are alike lie there once. */
  readonly starts = new Uint16Array(ENTRIES_MAX);
  readonly ends = new Uint16Array(ENTRIES_MAX);
  readonly bytes = Buffer.allocUnsafeSlow(REPLY_BYTES);
  private used = 0;

  hasRoom(replyLength: number): boolean {
    return this.count < ENTRIES_MAX && this.used + replyLength <= REPLY_BYTES;
  }

  add(ticket: number, sequence: number, reply: Uint8Array, start: number, end: number): void {
    const entry = this.count++;
    this.tickets[entry] = ticket;
    this.sequences[entry] = sequence;
    if (entry > 0 && this.isLike(entry - 1, reply, start, end)) {
      this.starts[entry] = this.starts[entry - 1]!;
      this.ends[entry] = this.ends[entry - 1]!;
      return;
    }
    const { bytes } = this;
    let at = this.used;
    this.starts[entry] = at;
    for (let from = start; from < end; from++) bytes[at++] = reply[from]!;
    this.ends[entry] = at;
    this.used = at;
  }

  clear(): void {
    this.count = 0;
    this.head = 0;
    this.used = 0;
    this.next = null;
  }

  /** Compares from the end, where reply subjects differ. */
  private isLike(entry: number, reply: Uint8Array, start: number, end: number): boolean {
    const { bytes } = this;
    const from = this.starts[entry]!;
    const length = this.ends[entry]! - from;
    if (length !== end - start) return false;
    for (let at = length - 1; at >= 0; at--) if (bytes[from + at] !== reply[start + at]) return false;
    return true;
  }
}

/** Longer ones have no place on a page. */
export const REPLY_ON_PAGE_MAX = REPLY_BYTES;

/** All streams of a server share what is not in use: most of them have nothing waiting. */
export class AckPages {
  private readonly spare: AckPage[] = [];

  take(): AckPage {
    return this.spare.pop() ?? new AckPage();
  }

  giveBack(page: AckPage): void {
    page.clear();
    if (this.spare.length < SPARE_PAGES_MAX) this.spare.push(page);
  }
}
