/** Before a message is looked at: whether its stream can be written, whether there is room, and whether its publisher is to wait. */
import type { ApiError } from '../../../protocols/jetstream/api-error.ts';
import type { MessageBytes } from '../../../storage-drivers/contract.ts';
import { resourceProblem } from './resource-problem.ts';
import { failureOf } from './store-refusal.ts';
import type { Stream, StreamOwner } from './stream.ts';

/** Null where it may be looked at. */
export function admissionProblem(owner: StreamOwner, stream: Stream, message: MessageBytes): ApiError | null {
  if (stream.trouble !== null) return failureOf(stream.trouble);
  const { storage } = stream.config;
  // A disk that does not keep up slows those down who publish, so that nothing has to be refused.
  if (storage === 'file' && stream.of.driver(storage)?.isBehind === true) stream.of.broker.flow.producer?.stall();
  return resourceProblem(owner, stream, message);
}
