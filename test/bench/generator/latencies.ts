import type { Latency } from './load.ts';

/** Durations in milliseconds, as many as come, kept as plain numbers. */
export class Latencies {
  count = 0;
  #values = new Float64Array(1 << 16);

  add(milliseconds: number): void {
    if (this.count === this.#values.length) this.#grow();
    this.#values[this.count] = milliseconds;
    this.count += 1;
  }

  summary(): Latency {
    const sorted = this.#values.slice(0, this.count).sort();
    const micros = (fraction: number): number => (sorted[Math.floor(sorted.length * fraction)] ?? 0) * 1000;
    return { p50Micros: micros(0.5), p99Micros: micros(0.99), p999Micros: micros(0.999) };
  }

  #grow(): void {
    const larger = new Float64Array(this.#values.length * 2);
    larger.set(this.#values);
    this.#values = larger;
  }
}
