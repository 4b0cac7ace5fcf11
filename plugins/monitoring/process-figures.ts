/** What this process takes of the machine. Measured when asked: a timer of its own would cost an idle broker. */
import { availableParallelism } from 'node:os';
import type { Clock } from '../../kernel/plugin-api.ts';

/** Two measurements closer together than this say little. */
const SAMPLE_MS = 1000;

export class ProcessFigures {
  readonly cores = availableParallelism();
  readonly #clock: Clock;
  #measuredAt: number;
  #usedMicroseconds: number;
  #percent = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#measuredAt = clock.monotonic();
    this.#usedMicroseconds = usedMicroseconds();
  }

  /** Of one core since the last look, with one decimal. */
  get cpuPercent(): number {
    const elapsedMs = this.#clock.monotonic() - this.#measuredAt;
    if (elapsedMs < SAMPLE_MS) return this.#percent;
    const used = usedMicroseconds();
    this.#percent = Math.round((used - this.#usedMicroseconds) / elapsedMs) / 10;
    this.#measuredAt += elapsedMs;
    this.#usedMicroseconds = used;
    return this.#percent;
  }

  get residentBytes(): number {
    return process.memoryUsage.rss();
  }
}

function usedMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
