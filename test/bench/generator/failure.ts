/** The first thing that goes wrong anywhere ends the whole run, wherever it waits. */
export class Failure {
  readonly #promise: Promise<never>;
  #reject: (error: Error) => void = () => {};
  #stallTimer: NodeJS.Timeout | null = null;

  constructor() {
    this.#promise = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.#promise.catch(() => {});
  }

  fail(error: Error): void {
    this.#reject(error);
  }

  orResult<T>(result: Promise<T>): Promise<T> {
    return Promise.race([result, this.#promise]);
  }

  /** Fails when `progress` shows the same text for so long. */
  watchForStall(seconds: number, progress: () => string): void {
    let seen = progress();
    this.#stallTimer = setInterval(() => {
      const now = progress();
      if (now === seen) this.fail(new Error(`no progress for ${seconds} s: ${now}`));
      seen = now;
    }, seconds * 1000);
  }

  stopWatching(): void {
    if (this.#stallTimer !== null) clearInterval(this.#stallTimer);
  }
}
