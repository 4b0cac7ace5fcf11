/** A plugin's timer: it ends with the plugin, and what it throws ends there too. */
import type { Clock, Timer } from '../ports/ports.ts';

export interface TimerEvents {
  failed(cause: unknown): void;
  /** A timer that runs once has run. */
  ended(): void;
}

/** Answers how to cancel it. A repeating timer waits for its run to finish before it is armed again. */
export function armTimer(
  clock: Clock,
  milliseconds: number,
  repeats: boolean,
  run: () => void | Promise<void>,
  events: TimerEvents,
): () => void {
  let isCancelled = false;
  let timer: Timer;
  const arm = (): void => {
    if (!isCancelled) timer = clock.after(milliseconds, fire);
  };
  const fire = (): void => {
    if (!repeats) events.ended();
    try {
      const running = run();
      if (running instanceof Promise) running.catch(events.failed).then(repeats ? arm : undefined);
      else if (repeats) arm();
    } catch (cause) {
      events.failed(cause);
      if (repeats) arm();
    }
  };
  arm();
  return () => {
    isCancelled = true;
    timer.cancel();
  };
}
