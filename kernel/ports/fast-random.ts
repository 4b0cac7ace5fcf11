/**
 * A small fast generator (sfc32) for choices nobody gains from predicting: queue group members, jitter, simulations.
 * The same four seed words give the same sequence on every machine.
 */
export class FastRandom {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  constructor(a: number, b: number, c: number, counter: number) {
    this.a = a | 0;
    this.b = b | 0;
    this.c = c | 0;
    this.counter = counter | 0;
    // Seeds that differ in few bits give related first numbers; twelve rounds part them.
    for (let round = 0; round < 12; round++) this.word();
  }

  static fromSeed(seed: number): FastRandom {
    return new FastRandom(seed, Math.floor(seed / 2 ** 32), 0, 1);
  }

  /** A generator of its own, so that one consumer's appetite does not change what another gets. */
  fork(): FastRandom {
    return new FastRandom(this.word(), this.word(), this.word(), this.word());
  }

  /** 32 random bits. */
  word(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  fraction(): number {
    return this.word() / 2 ** 32;
  }

  below(bound: number): number {
    if (bound <= 2 ** 16) return Math.floor(this.fraction() * bound);
    return Math.floor(((this.word() * 2 ** 21 + (this.word() >>> 11)) / 2 ** 53) * bound);
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = this.word() >>> 24;
    return bytes;
  }
}
