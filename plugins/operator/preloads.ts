/** Tokens that stand in the configuration. There may be very many: they are looked at a slice at a time. */
import type { Clock } from '../../kernel/plugin-api.ts';
import { genuineClaims, type KeyCache } from './genuine-token.ts';

/** Few enough to be done in a millisecond or two, beside what the thread pool computes. */
const SLICE = 32;

/** The first that is wrong, or null. */
export async function preloadProblem(
  preloads: ReadonlyMap<string, string>,
  keys: KeyCache,
  clock: Clock,
): Promise<string | null> {
  const entries = [...preloads];
  for (let from = 0; from < entries.length; from += SLICE) {
    const slice = entries.slice(from, from + SLICE);
    const problems = await Promise.all(slice.map(([key, token]) => problemOf(key, token, keys)));
    const problem = problems.find((one) => one !== null);
    if (problem !== undefined) return problem;
    await new Promise<void>((resolve) => clock.soon(resolve));
  }
  return null;
}

async function problemOf(key: string, token: string, keys: KeyCache): Promise<string | null> {
  const claims = await genuineClaims('account', token, keys);
  return 'failure' in claims ? `preload account error for ${JSON.stringify(key)}: ${claims.failure}` : null;
}
