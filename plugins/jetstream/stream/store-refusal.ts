/** What publishers are told where a store took nothing. */
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import { Refused } from '../../../storage-drivers/contract.ts';
import { SEQUENCE_MAX } from './sequence-limit.ts';
import type { Stream } from './stream.ts';

/** Beside what stores refuse. */
export const SPENT = -100;

export function refusalOf(ticket: number): ApiError {
  if (ticket === Refused.full) return apiError(10023);
  if (ticket === SPENT) return apiError(10077, { err: `sequences end at ${SEQUENCE_MAX}` });
  return apiError(10077, { err: ticket === Refused.tooLarge ? 'message too large' : 'the store can not be written' });
}

/** What was written before the store failed, or is published while it is opened again. */
export function failureOf(error: Error): ApiError {
  return apiError(10077, { err: error.message });
}

/** Why nothing can be written to a stream now; null when it can. */
export function writeProblemOf({ of, trouble, config }: Stream): ApiError | null {
  if (trouble !== null) return failureOf(trouble);
  const problem = of.driver(config.storage)?.trouble ?? null;
  if (problem === null) return null;
  return problem.kind === 'full' ? apiError(10023) : failureOf(problem.error);
}
