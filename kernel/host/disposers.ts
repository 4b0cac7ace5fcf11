/** What has to be undone, in the reverse of the order in which it was done. */

export type Dispose = () => void | Promise<void>;

export class Disposers {
  readonly #entries = new Set<{ run: Dispose }>();

  /** The answer takes the entry out, and says whether it was still there: whoever takes it out has to undo it. */
  add(run: Dispose): () => boolean {
    const entry = { run };
    this.#entries.add(entry);
    return () => this.#entries.delete(entry);
  }

  /** Adds, and answers a function that undoes it now. */
  own(run: () => void): () => void {
    const takeOut = this.add(run);
    return () => {
      if (takeOut()) run();
    };
  }

  /** Hands out the entries, the latest first, including those that are added meanwhile. */
  *drain(): Iterable<Dispose> {
    while (this.#entries.size > 0) {
      const latest = [...this.#entries].at(-1)!;
      this.#entries.delete(latest);
      yield latest.run;
    }
  }
}
