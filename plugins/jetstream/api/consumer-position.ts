/** Moving consumers: to another place, or to another client. */
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import { isValidGroup } from '../../../protocols/jetstream/consumer-priority.ts';
import { fieldOf } from '../../../protocols/jetstream/message-header.ts';
import { consumerResetReply, printEmpty, printReply } from '../../../protocols/jetstream/replies.ts';
import { decodeLenient, isEmptyBody, resetRequest, unpinRequest } from '../../../protocols/jetstream/requests.ts';
import type { Consumer } from '../consumer/consumer.ts';
import { momentOf } from '../stream/moment.ts';
import { placeOf } from '../stream/sequence-limit.ts';
import type { Answer, ApiCall } from './api-call.ts';
import { consumerFactsOf, whenKept } from './consumer-facts.ts';
import { identityOf, STREAM_IDENTITY } from './stream-identity.ts';

export function unpinConsumer({ address, body, of }: ApiCall): Answer {
  const request = decodeLenient(body, unpinRequest);
  if ('number' in request) return request;
  if (request.group === '') return apiError(10025, { err: 'consumer group not specified' });
  if (!isValidGroup(request.group)) return apiError(10162);
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  const consumer = stream.consumers.byName.get(address.consumer);
  if (consumer === undefined) return apiError(10014);
  if (consumer.pull === null || !consumer.config.priorityGroups.includes(request.group)) return apiError(10160);
  consumer.pull.group.unpin('admin', request.group);
  consumer.wake();
  return printEmpty('CONSUMER.UNPIN');
}

/** Who reads for another stream is told which stream this is. */
export async function resetConsumer(call: ApiCall): Promise<Answer> {
  const { address, body, header, of } = call;
  const consumer = of.streams.get(address.stream)!.consumers.byName.get(address.consumer)!;
  const request = isEmptyBody(body) ? resetRequest.zero() : decodeLenient(body, resetRequest);
  if ('number' in request) return request;
  const wanted = placeOf(request.sequence);
  const { optStartTime } = consumer.config;
  if (optStartTime !== null) await consumer.stream.log.find(momentOf(optStartTime.nanos));
  const problem = wanted === 0 ? null : resetProblem(consumer, wanted);
  if (problem !== null) return problem;
  const sequence = Math.max(1, wanted === 0 ? consumer.machine.floorStream + 1 : wanted);
  if (fieldOf(header, STREAM_IDENTITY) !== null) call.replyFields.push([STREAM_IDENTITY, identityOf(consumer.stream)]);
  consumer.reset(sequence);
  consumer.stream.consumers.releaseUnneeded();
  return whenKept(consumer, () =>
    printReply('CONSUMER.RESET', consumerResetReply, {
      ...consumerFactsOf(consumer, true),
      resetSequence: sequence,
    }),
  );
}

/** A consumer goes back to where it began at most. */
function resetProblem({ config, stream }: Consumer, wanted: number): ApiError | null {
  switch (config.deliverPolicy) {
    case 'all':
      return null;
    case 'by_start_sequence':
      return wanted >= placeOf(config.optStartSeq) ? null : apiError(10204, { err: 'below start seq' });
    case 'by_start_time': {
      const first = stream.log.at(momentOf(config.optStartTime!.nanos));
      const isBelow = Number.isFinite(first) && wanted < first;
      return isBelow ? apiError(10204, { err: 'below start time' }) : null;
    }
    default:
      return apiError(10204, { err: 'not allowed' });
  }
}
