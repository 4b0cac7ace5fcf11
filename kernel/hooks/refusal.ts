/** "No", as a value: what a deciding tap answers to keep something from happening. */

export class Refusal {
  /** For the log and the monitor; never sent to the client, whose text the protocol prescribes. */
  readonly reason: string;
  readonly cause: unknown;
  readonly isRefusal = true;

  constructor(reason: string, cause: unknown = null) {
    this.reason = reason;
    this.cause = cause;
  }
}

/** Build constant refusals once and answer them again and again: a refused publish then costs no object. */
export function refuse(reason: string, cause: unknown = null): Refusal {
  return new Refusal(reason, cause);
}

/** By shape: a plugin may have brought its own copy of gnatlet. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as { isRefusal?: unknown }).isRefusal === true;
}
