/** Points in time as commands carry them: whole seconds, and nanoseconds. Both are exact. */

export interface Moment {
  readonly seconds: number;
  readonly nanos: number;
}

/** When the newest of something happened. */
export interface Latest {
  readonly lastSeconds: number;
  readonly lastNanos: number;
}

const NANOS = 1_000_000_000n;
const NANOS_PER_MS = 1_000_000;

/** One is filled again and again where a moment is needed for every message. */
export class MutableMoment implements Moment {
  seconds = 0;
  nanos = 0;

  /** `milliseconds` may have a fraction. */
  set(milliseconds: number): void {
    this.seconds = Math.floor(milliseconds / 1000);
    this.nanos = Math.round((milliseconds - this.seconds * 1000) * NANOS_PER_MS);
    if (this.nanos === 1e9) {
      this.seconds++;
      this.nanos = 0;
    }
  }

  /** The same, unless something later has happened already. */
  setNotBefore(milliseconds: number, latest: Latest): this {
    this.set(milliseconds);
    return this.notBefore(latest);
  }

  copyNotBefore({ seconds, nanos }: Moment, latest: Latest): this {
    this.seconds = seconds;
    this.nanos = nanos;
    return this.notBefore(latest);
  }

  private notBefore({ lastSeconds, lastNanos }: Latest): this {
    if (this.seconds < lastSeconds || (this.seconds === lastSeconds && this.nanos < lastNanos)) {
      this.seconds = lastSeconds;
      this.nanos = lastNanos;
    }
    return this;
  }
}

export function nanosOf(seconds: number, nanos: number): bigint {
  return BigInt(seconds) * NANOS + BigInt(nanos);
}

/** For comparing and for deadlines: milliseconds with a fraction, exact to a quarter of a microsecond. */
export function millisecondsOf(seconds: number, nanos: number): number {
  return seconds * 1000 + nanos / NANOS_PER_MS;
}

export function momentOf(nanos: bigint): Moment {
  const seconds = nanos / NANOS;
  return { seconds: Number(seconds), nanos: Number(nanos - seconds * NANOS) };
}

/** The time of a clock that counts milliseconds. */
export function momentNow(clock: { now(): number }): bigint {
  return BigInt(Math.round(clock.now() * 1000)) * 1000n;
}
