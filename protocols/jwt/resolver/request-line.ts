/** Requests handled one after the other, so that the later of two tokens for an account is the one that stays. */

export interface LineLimits {
  readonly requestsMax: number;
  readonly bytesMax: number;
}

export const LINE_LIMITS: LineLimits = { requestsMax: 10_000, bytesMax: 64 * 1_048_576 };

export class RequestLine {
  private readonly limits: LineLimits;
  private last: Promise<void> = Promise.resolve();
  private requests = 0;
  private bytes = 0;

  constructor(limits: LineLimits = LINE_LIMITS) {
    this.limits = limits;
  }

  get waiting(): number {
    return this.requests;
  }

  /** False: too much waits already, and this will not be handled. `handle` must not reject. */
  take(bytes: number, handle: () => Promise<void>): boolean {
    if (this.requests >= this.limits.requestsMax || this.bytes + bytes > this.limits.bytesMax) return false;
    this.requests++;
    this.bytes += bytes;
    this.last = this.last.then(handle).finally(() => {
      this.requests--;
      this.bytes -= bytes;
    });
    return true;
  }

  /** All that was taken so far is done. */
  idle(): Promise<void> {
    return this.last;
  }
}
