/** Accounts an operator has deleted. */

import { isAccountKey } from '../../protocols/jwt/resolver/account-key.ts';
import { done, failed, type Outcome } from '../../protocols/jwt/resolver/answers.ts';
import { decodeToken, signatureFailure } from '../../protocols/jwt/token.ts';
import type { ResolverHost } from '../operator/contract.ts';
import type { TokenStore } from './token-store.ts';

export interface DeletionSurroundings {
  readonly store: TokenStore;
  readonly host: ResolverHost;
  readonly isAllowed: boolean;
  readonly isForGood: boolean;
}

export async function deleteAccounts(text: string, surroundings: DeletionSurroundings): Promise<Outcome> {
  const { host, isAllowed } = surroundings;
  const token = decodeToken(text);
  if ('failure' in token) return refused('', token.failure);
  const { subject } = token.claims;
  const request = await host.checkDelete(text);
  // Nobody's word is taken for who is asking before the signature is known to be right.
  if ('failure' in request && request.failure === signatureFailure(token)) return refused('', request.failure);
  if (!isAllowed) return refused(subject, 'delete must be enabled in server config');
  if ('failure' in request) return refused(subject, request.failure);
  if (!request.accountKeys.every(isAccountKey)) return refused(subject, 'malformed request');
  if (request.accountKeys.includes(host.system.name)) return refused(subject, 'not allowed to delete system account');
  return deleteAll(request.accountKeys, surroundings);
}

function refused(subject: string, reason: string): Outcome {
  return failed('', `delete accounts request by ${subject} failed`, reason);
}

async function deleteAll(
  accountKeys: readonly string[],
  { store, host, isForGood }: DeletionSurroundings,
): Promise<Outcome> {
  const failures: string[] = [];
  for (const accountKey of accountKeys) {
    try {
      await store.delete(accountKey, isForGood);
      host.removed(accountKey);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  const message = `deleted ${accountKeys.length - failures.length} accounts`;
  if (failures.length === 0) return done('', message);
  return failed('', `${message}, failed for ${failures.length}`, failures.join('\n'));
}
