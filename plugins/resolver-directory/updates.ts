/** Tokens that are pushed: checked, stored, and put into force. */

import { done, failed, type Outcome, UNKNOWN_ACCOUNT } from '../../protocols/jwt/resolver/answers.ts';
import { mismatch, readPushedToken } from '../../protocols/jwt/resolver/pushed-token.ts';
import { signatureFailure } from '../../protocols/jwt/token.ts';
import type { ResolverHost } from '../operator/contract.ts';
import { type Flavour, SKIPPED } from './flavour.ts';
import type { TokenStore } from './token-store.ts';

export interface UpdateSurroundings {
  readonly flavour: Flavour;
  readonly store: TokenStore;
  readonly host: ResolverHost;
}

/** `accountKey` is what the request's subject names; empty for none. */
export async function update(
  accountKey: string,
  text: string,
  { flavour, store, host }: UpdateSurroundings,
): Promise<Outcome> {
  const { texts, hasAll } = flavour;
  const undecodable = hasAll || accountKey === '' ? UNKNOWN_ACCOUNT : accountKey;
  const token = readPushedToken(text);
  if ('failure' in token) return failed(undecodable, texts.error, token.failure);
  const checked = await host.check(text);
  const invalid = 'failure' in checked ? checked.failure : null;
  if (invalid === signatureFailure(token)) return failed(undecodable, texts.error, invalid);
  const wrongSubject = mismatch(token, accountKey);
  if (wrongSubject !== null) return failed(accountKey, texts.error, wrongSubject);
  const { subject } = token.claims;
  if (!hasAll && !host.isActive(subject)) return done(subject, SKIPPED);
  if (invalid !== null) return failed(subject, texts.invalid, invalid);
  const failure = await keepAndApply(subject, text, store, host);
  return failure === null ? done(subject, texts.updated) : failed(subject, texts.error, failure);
}

/** First on disk, then in force: what is acknowledged and what is in use is never lost. */
async function keepAndApply(
  accountKey: string,
  token: string,
  store: TokenStore,
  host: ResolverHost,
): Promise<string | null> {
  try {
    await store.save(accountKey, token);
  } catch (error) {
    return (error as Error).message;
  }
  // Also for an account that is not in use: whoever was told that there is none may ask again.
  return host.apply(accountKey, token);
}
