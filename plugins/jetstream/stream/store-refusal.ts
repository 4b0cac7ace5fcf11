/** What publishers are told where a store took nothing. */
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import { Refused } from '../../../storage-drivers/contract.ts';

export function refusalOf(ticket: number): ApiError {
  if (ticket === Refused.full) return apiError(10023);
  return apiError(10077, { err: ticket === Refused.tooLarge ? 'message too large' : 'the store can not be written' });
}

/** What was written before the store failed, or is published while it is opened again. */
export function failureOf(error: Error): ApiError {
  return apiError(10077, { err: error.message });
}
