/** "No", as a value: what a deciding tap answers to keep something from happening. */
import type { CloseReason } from '../connection/close-reason.ts';

/** Whose refusal it is, where somebody's in particular: told in that account, in these words. */
export interface Concern {
  readonly account: string;
  /** Empty: the usual ones. */
  readonly text: string;
}

export class Refusal {
  /** For the log and the monitor; never sent to the client, whose text the protocol prescribes. */
  readonly reason: string;
  readonly cause: unknown;
  readonly isRefusal = true;

  /** Why the connection ends, where the refusal ends one and the usual reason does not fit. */
  readonly closeReason: CloseReason | null;
  readonly concern: Concern | null;

  constructor(
    reason: string,
    cause: unknown = null,
    closeReason: CloseReason | null = null,
    concern: Concern | null = null,
  ) {
    this.reason = reason;
    this.cause = cause;
    this.closeReason = closeReason;
    this.concern = concern;
  }
}

/** Build constant refusals once and answer them again and again: a refused publish then costs no object. */
export function refuse(
  reason: string,
  cause: unknown = null,
  closeReason: CloseReason | null = null,
  concern: Concern | null = null,
): Refusal {
  return new Refusal(reason, cause, closeReason, concern);
}

/** By shape: a plugin may have brought its own copy of gnatlet. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as { isRefusal?: unknown }).isRefusal === true;
}
