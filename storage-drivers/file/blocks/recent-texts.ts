/** Remembers where some of the texts stand that were written lately: one per place of a small table, whoever comes later takes it over. */

const PLACES = 4096;
const HASH_STEP = 31;
/** A text is told from others by its length and its end first: that is where subjects differ. */
const HASHED_BYTES = 8;

export class RecentTexts {
  private readonly numbers = new Uint32Array(PLACES);
  private readonly starts = new Uint32Array(PLACES);
  private readonly lengths = new Uint32Array(PLACES);
  /** When the place was taken; it counts only in the same round. */
  private readonly rounds = new Uint32Array(PLACES);
  private round = 0;
  private owner: object | null = null;
  /** Where the text belongs that was looked for last. */
  private place = 0;

  /** What others noted is forgotten. */
  claim(owner: object): void {
    if (this.owner === owner) return;
    this.owner = owner;
    this.round++;
  }

  /** The number under which the same bytes were noted, -1 when they were not, or were displaced. */
  find(bytes: Uint8Array, start: number, end: number, written: Uint8Array): number {
    const length = end - start;
    let hash = length;
    for (let at = Math.max(start, end - HASHED_BYTES); at < end; at++)
      hash = (Math.imul(hash, HASH_STEP) + bytes[at]!) | 0;
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    this.place = place;
    if (this.rounds[place] !== this.round || this.lengths[place] !== length) return -1;
    const from = this.starts[place]!;
    for (let at = 0; at < length; at++) if (written[from + at] !== bytes[start + at]) return -1;
    return this.numbers[place]!;
  }

  /** What was not found stands there from now on. */
  note(number: number, start: number, length: number): void {
    const { place } = this;
    this.numbers[place] = number;
    this.starts[place] = start;
    this.lengths[place] = length;
    this.rounds[place] = this.round;
  }
}
