/** How a resolver that stores nothing takes a pushed token: for accounts in use, until they are forgotten. */
import { done, failed, type Outcome } from './answers.ts';
import { mismatch, readPushedToken } from './pushed-token.ts';

export interface LiveAccounts {
  isActive(accountKey: string): boolean;
  check(token: string): Promise<object>;
  /** Null, or what is wrong. */
  apply(accountKey: string, token: string): Promise<string | null>;
}

const ERROR = 'jwt update resulted in error';

export async function updateLive(accountKey: string, token: string, accounts: LiveAccounts): Promise<Outcome> {
  if (token === '') return failed(accountKey, 'jwt update error', 'request body is empty');
  const failure = await whatIsWrong(accountKey, token, accounts);
  if (failure !== null) return failed(accountKey, ERROR, failure);
  if (!accounts.isActive(accountKey)) return done(accountKey, 'jwt update skipped');
  const refusal = await accounts.apply(accountKey, token);
  return refusal === null ? done(accountKey, 'jwt updated') : failed(accountKey, ERROR, refusal);
}

async function whatIsWrong(accountKey: string, token: string, accounts: LiveAccounts): Promise<string | null> {
  const read = readPushedToken(token);
  if ('failure' in read) return read.failure;
  const checked = (await accounts.check(token)) as { readonly failure?: string };
  return checked.failure ?? mismatch(read, accountKey);
}
