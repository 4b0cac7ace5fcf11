/** Waits for something, but not for ever. */
import type { Clock } from '../ports/ports.ts';

export class DeadlinePassed extends Error {
  readonly milliseconds: number;

  constructor(milliseconds: number) {
    super(`not done after ${milliseconds} ms`);
    this.milliseconds = milliseconds;
  }
}

/** What is late is no longer waited for; should it fail afterwards, that ends here too. */
export function withinDeadline<T>(clock: Clock, milliseconds: number, work: PromiseLike<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(milliseconds, () => reject(new DeadlinePassed(milliseconds)));
    work.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error);
      },
    );
  });
}

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
