/** What is answered to requests about accounts' tokens. `server` is the part that says who answers. */

/** Stands for the account of a token that could not be read. */
export const UNKNOWN_ACCOUNT = 'n/a';

const DONE = 200;
const FAILED = 500;

/** How a request ended; `failure` is null where it was carried out. */
export interface Outcome {
  /** Empty where it is about no single account. */
  readonly account: string;
  readonly message: string;
  readonly failure: string | null;
}

export function done(account: string, message: string): Outcome {
  return { account, message, failure: null };
}

export function failed(account: string, message: string, failure: string): Outcome {
  return { account, message, failure };
}

export function encodeOutcome(outcome: Outcome, server: object): string {
  const { message, failure } = outcome;
  const account = outcome.account === '' ? undefined : outcome.account;
  if (failure === null) return JSON.stringify({ server, data: { account, code: DONE, message } });
  return JSON.stringify({ server, error: { account, code: FAILED, description: `${message} - ${failure}` } });
}

export function encodeList(accountKeys: readonly string[], server: object): string {
  return JSON.stringify({ data: accountKeys, server });
}
