/** How a resolver that stores nothing takes a pushed token: for accounts in use, until they are forgotten. */
import { signatureFailure } from '../token.ts';
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

/** What else is wrong with it shows when it is to be applied, and only then does it matter. */
async function whatIsWrong(accountKey: string, text: string, accounts: LiveAccounts): Promise<string | null> {
  const token = readPushedToken(text);
  if ('failure' in token) return token.failure;
  const { failure } = (await accounts.check(text)) as { readonly failure?: string };
  return failure === signatureFailure(token) ? failure : mismatch(token, accountKey);
}
