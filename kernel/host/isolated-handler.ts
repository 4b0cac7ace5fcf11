/** Keeps what a plugin does with a message to the plugin: its exceptions, and its calls after it has closed. */
import type { Handler } from '../routing/publisher.ts';

export class IsolatedHandler {
  readonly #run: Handler;
  readonly #failed: (cause: unknown, times: number) => void;
  #isActive = true;
  #throws = 0;

  constructor(run: Handler, failed: (cause: unknown, times: number) => void) {
    this.#run = run;
    this.#failed = failed;
  }

  /** A message being delivered while the plugin closes is not taken. Neither is one that makes the handler throw. */
  readonly handle: Handler = (message, subscription) => {
    if (!this.#isActive) return false;
    try {
      return this.#run(message, subscription);
    } catch (cause) {
      this.#failed(cause, ++this.#throws);
      return false;
    }
  };

  stop(): void {
    this.#isActive = false;
  }
}
