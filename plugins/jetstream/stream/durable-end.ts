/**
 * How far a stream is durable, by sequences: messages beyond that are shown to nobody, because a crash may still take them and
 * give their sequences to others. It takes no memory for a message; where many are on their way, some count as those after them.
 */
const MARKS = 256;

export class DurableEnd {
  private readonly tickets = new Float64Array(MARKS);
  private readonly sequences = new Float64Array(MARKS);
  private head = 0;
  private count = 0;
  private newest = 0;
  private newestSequence: number;
  /** All up to here are, as was found when somebody last asked. */
  reached: number;

  /** `last`: what was there at the beginning is durable. */
  constructor(last: number) {
    this.newestSequence = last;
    this.reached = last;
  }

  /** A message was written under a ticket. */
  note(ticket: number, seq: number): void {
    this.newest = ticket;
    this.newestSequence = seq;
    if (this.count < MARKS) this.count++;
    const at = (this.head + this.count - 1) % MARKS;
    this.tickets[at] = ticket;
    this.sequences[at] = seq;
  }

  /** Whether a message is durable, now that everything up to a ticket is. */
  covers(seq: number, durable: number): boolean {
    if (this.newest <= durable) {
      this.count = 0;
      this.reached = this.newestSequence;
      return true;
    }
    while (this.count > 0 && this.tickets[this.head]! <= durable) {
      this.reached = this.sequences[this.head]!;
      this.head = (this.head + 1) % MARKS;
      this.count--;
    }
    return seq <= this.reached;
  }
}
