/** Whoever comes is served by what is loaded for the first of them: some brokers are never looked at, and idle at less cost. */
import type { Duplex } from 'node:stream';
import type { Log } from '../../../kernel/plugin-api.ts';
import type { HttpMonitor } from './http-monitor.ts';

export interface ReceptionParts {
  readonly log: Log;
  load(): Promise<HttpMonitor>;
  /** How many may wait until it is loaded. */
  waitingMax(): number;
}

export class Reception {
  readonly #parts: ReceptionParts;
  readonly #waiting = new Set<Duplex>();
  #monitor: HttpMonitor | null = null;
  #isLoading = false;
  #isClosed = false;
  #turnedAway = 0;

  constructor(parts: ReceptionParts) {
    this.#parts = parts;
  }

  get turnedAway(): number {
    return this.#turnedAway + (this.#monitor?.turnedAway ?? 0);
  }

  get cutOff(): number {
    return this.#monitor?.cutOff ?? 0;
  }

  visit(stream: Duplex): void {
    if (this.#monitor !== null) this.#monitor.visit(stream);
    else this.#wait(stream);
  }

  close(): void {
    this.#isClosed = true;
    this.#monitor?.close();
    for (const stream of this.#waiting) stream.destroy();
  }

  #wait(stream: Duplex): void {
    stream.on('error', () => stream.destroy());
    if (this.#isClosed || this.#waiting.size >= this.#parts.waitingMax()) {
      if (!this.#isClosed) this.#turnedAway++;
      stream.destroy();
      return;
    }
    this.#waiting.add(stream);
    stream.once('close', () => this.#waiting.delete(stream));
    if (!this.#isLoading) void this.#load();
  }

  async #load(): Promise<void> {
    this.#isLoading = true;
    try {
      const monitor = await this.#parts.load();
      if (this.#isClosed) return;
      this.#monitor = monitor;
      for (const stream of this.#waiting) monitor.visit(stream);
    } catch (error) {
      this.#parts.log.error(`the monitor cannot be loaded: ${String(error)}`);
      for (const stream of this.#waiting) stream.destroy();
    }
    this.#isLoading = false;
    this.#waiting.clear();
  }
}
