/** Acknowledgements that wait until what they say is durable. */

interface Waiting {
  readonly ticket: number;
  readonly send: () => void;
  /** Where it will never be. */
  readonly refuse: ((error: Error) => void) | null;
}

export class DelayedAcks {
  private waiting: Waiting[] = [];

  get size(): number {
    return this.waiting.length;
  }

  add(ticket: number, send: () => void, refuse: ((error: Error) => void) | null = null): void {
    this.waiting.push({ ticket, send, refuse });
  }

  /** Tickets grow: those that are done stand in front. */
  release(ticket: number): void {
    let done = 0;
    while (done < this.waiting.length && this.waiting[done]!.ticket <= ticket) this.waiting[done++]!.send();
    if (done > 0) this.waiting = this.waiting.slice(done);
  }

  /** What was written is lost: whoever waits is told so. */
  fail(error: Error): void {
    const { waiting } = this;
    this.waiting = [];
    for (const { refuse } of waiting) refuse?.(error);
  }

  /** Nobody is told anything: publishers will try again. */
  drop(): void {
    this.waiting = [];
  }
}
