/** The connections that were closed last, as many as are to be remembered. */
import type { ConnectionFacts } from './connection-facts.ts';

export class ClosedConnections {
  readonly #max: number;
  #ring: ConnectionFacts[] = [];
  /** Where the next one goes once the ring is full: on the oldest. */
  #next = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get count(): number {
    return this.#ring.length;
  }

  add(facts: ConnectionFacts): void {
    if (this.#max <= 0) return;
    if (this.#ring.length < this.#max) {
      this.#ring.push(facts);
      return;
    }
    this.#ring[this.#next] = facts;
    this.#next = (this.#next + 1) % this.#max;
  }

  /** The oldest first. */
  list(): readonly ConnectionFacts[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
  }

  find(cid: number): ConnectionFacts | undefined {
    return this.#ring.find((facts) => facts.cid === cid);
  }
}
