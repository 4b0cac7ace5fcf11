/** The same numbers for the same seed, on every machine (splitmix32). */
export class SeededRandom {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  word(): number {
    this.state = (this.state + 0x9e3779b9) | 0;
    let mix = this.state ^ (this.state >>> 16);
    mix = Math.imul(mix, 0x21f0aaad);
    mix = Math.imul(mix ^ (mix >>> 15), 0x735a2d97);
    return (mix ^ (mix >>> 15)) >>> 0;
  }

  /** A whole number from 0 to bound - 1. */
  below(bound: number): number {
    return Math.floor((this.word() / 2 ** 32) * bound);
  }

  oneOf<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}
