/** Compares what is here with what another server has, and takes over what is newer there. */
import type { Clock, Log } from '../../kernel/plugin-api.ts';
import { readPackLine } from '../../protocols/jwt/resolver/pack.ts';
import { RequestLine } from '../../protocols/jwt/resolver/request-line.ts';
import { CLAIMS_PACK } from '../../protocols/jwt/resolver/subjects.ts';
import type { ResolverHost } from '../operator/contract.ts';
import type { Inbox } from './inbox.ts';
import type { TokenStore } from './token-store.ts';

export interface SyncSurroundings {
  readonly store: TokenStore;
  readonly host: ResolverHost;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly log: Log;
  /** How long all answers together may take. */
  readonly patienceMs: number;
  /** Answers how many took the request. */
  publish(subject: string, reply: string, body: Uint8Array): number;
}

/** Answers how many tokens were taken over; resolves when the other has sent everything, or time is up. */
export async function syncOnce(surroundings: SyncSurroundings, signal: AbortSignal): Promise<number> {
  const { inbox, clock, store, patienceMs, publish, log } = surroundings;
  const line = new RequestLine();
  let merged = 0;
  const takeOver = async (body: string): Promise<void> => {
    if (await merge(body, surroundings)) merged++;
  };
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      timer.cancel();
      inbox.forget(reply);
      signal.removeEventListener('abort', settle);
      resolve();
    };
    const timer = clock.after(patienceMs, settle);
    const reply = inbox.expect((body) => {
      if (body === '') settle();
      else line.take(body.length, takeOver.bind(null, body));
    });
    signal.addEventListener('abort', settle);
    if (signal.aborted || publish(CLAIMS_PACK, reply, store.hash) === 0) settle();
  });
  await line.idle();
  if (merged > 0) log.info(`DirResolver - Merged ${merged} accounts from another server`);
  return merged;
}

/** Other servers are believed no more than anybody who pushes a token. */
async function merge(line: string, { store, host, log }: SyncSurroundings): Promise<boolean> {
  const packed = readPackLine(line);
  try {
    if (packed === null) throw new Error('malformed request');
    const { accountKey, token } = packed;
    if (!store.isNews(accountKey, token)) return false;
    const checked = await host.check(token);
    if ('failure' in checked) throw new Error(checked.failure);
    if (!(await store.saveIfNewer(accountKey, token))) return false;
    const refusal = host.isActive(accountKey) ? await host.apply(accountKey, token) : null;
    if (refusal !== null) throw new Error(refusal);
    return true;
  } catch (error) {
    log.error(`DirResolver - Error merging ${packed?.accountKey ?? 'a token'}: ${(error as Error).message}`);
    return false;
  }
}
