/** Whether there is room for a message, by the limits of the server and of the account. */
import { textFromSubject } from '../../../kernel/plugin-api.ts';
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import { exceeds } from '../account/usage.ts';
import type { Stream, StreamOwner } from './stream.ts';

export function resourceProblem(owner: StreamOwner, stream: Stream, message: MessageBytes): ApiError | null {
  const { books } = stream.of;
  const { storage } = stream.config;
  if (books.isFull(storage)) {
    books.refusedByServer(storage);
    return apiError(10023);
  }
  const { limits, usage } = owner;
  const cap = storage === 'memory' ? limits.maxMemory : limits.maxStorage;
  if (cap < 0 || !exceeds(limits, usage, storage, stream.log.accounted(message))) return null;
  books.refusedByAccount(textFromSubject(stream.account.name), storage);
  return apiError(10002);
}
