/** One store's part in the journal: what it has appended, what is durable, and which segments it still needs. */

export interface JournalListener {
  /** All records up to this ticket survive a power cut (or, in the weaker modes, the end of the process). */
  durable(ticket: number): void;
  /** The records after the last durable ticket are lost, and nothing is taken until `resume`. */
  failed(error: Error): void;
  /** The journal is waiting for its oldest segments: what they hold for this store should be written elsewhere. */
  pressed(): void;
}

/** Which queue a store's records wait in. */
export const Lane = {
  /** Votes and terms: before all others. */
  urgent: 0,
  normal: 1,
  /** Stores with much to write at once, so that the others need not wait for them. */
  bulk: 2,
} as const;

export class JournalStore {
  readonly id: number;
  readonly isUrgent: boolean;
  listener: JournalListener;
  /** The ticket of the newest record. */
  appended = 0;
  durable = 0;
  /** Why nothing is taken from this store at present. */
  failure: Error | null = null;
  /** Repeated at the start of each segment. */
  carried: Uint8Array | null = null;

  // What follows is the journal's own book-keeping.
  lane: number;
  /** Bytes that no commit has taken yet. */
  queuedBytes = 0;
  /** The newest ticket a commit has taken. */
  taken = 0;
  frameSerial = -1;
  frameSlot = 0;
  commitSerial = -1;
  /** Segments with records of this store that are still needed, and the newest ticket in each. */
  private readonly generations: number[] = [];
  private readonly newestTickets: number[] = [];

  constructor(id: number, isUrgent: boolean, listener: JournalListener) {
    this.id = id;
    this.isUrgent = isUrgent;
    this.listener = listener;
    this.lane = isUrgent ? Lane.urgent : Lane.normal;
  }

  /** The oldest segment this store needs; Infinity when it needs none. */
  get pin(): number {
    return this.generations.length === 0 ? Infinity : this.generations[0]!;
  }

  /** Records up to this ticket went to a segment. */
  placed(generation: number, ticket: number): void {
    const last = this.generations.length - 1;
    this.taken = ticket;
    if (last >= 0 && this.generations[last] === generation) this.newestTickets[last] = ticket;
    else {
      this.generations.push(generation);
      this.newestTickets.push(ticket);
    }
  }

  /** Records up to this ticket are safe elsewhere, or not needed any more. */
  release(ticket: number): void {
    let count = 0;
    while (count < this.generations.length && this.newestTickets[count]! <= ticket) count++;
    if (count === 0) return;
    this.generations.splice(0, count);
    this.newestTickets.splice(0, count);
  }

  /** Goes on after a failure, from the last durable record; what came after it has to be appended again. */
  resume(): void {
    this.failure = null;
    this.appended = this.durable;
    this.taken = this.durable;
    for (let index = 0; index < this.newestTickets.length; index++) {
      this.newestTickets[index] = Math.min(this.newestTickets[index]!, this.durable);
    }
  }
}
