/** Acknowledgements that wait until what they say is durable. */

interface Waiting {
  readonly ticket: number;
  readonly send: () => void;
  readonly lost: (() => void) | undefined;
}

export class DelayedAcks {
  private waiting: Waiting[] = [];

  get size(): number {
    return this.waiting.length;
  }

  add(ticket: number, send: () => void, lost?: () => void): void {
    this.waiting.push({ ticket, send, lost });
  }

  /** Tickets grow: those that are done stand in front. */
  release(ticket: number): void {
    let done = 0;
    while (done < this.waiting.length && this.waiting[done]!.ticket <= ticket) this.waiting[done++]!.send();
    if (done > 0) this.waiting = this.waiting.slice(done);
  }

  /** What was lost is not acknowledged: publishers will try again. */
  drop(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const { lost } of waiting) lost?.();
  }
}
