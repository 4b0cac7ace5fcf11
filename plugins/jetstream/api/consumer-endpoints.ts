/** Looking at consumers, removing and pausing them. */
import { consumerPause } from '../../../protocols/jetstream/advisories.ts';
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import { consumerRequiredLevel } from '../../../protocols/jetstream/consumer-config.ts';
import { type ConsumerInfo, consumerInfo } from '../../../protocols/jetstream/consumer-info.ts';
import {
  clampOffset,
  consumerListReply,
  consumerNamesReply,
  LIST_PAGE,
  NAMES_PAGE,
  pauseReply,
  printDone,
  printReply,
} from '../../../protocols/jetstream/replies.ts';
import { consumersRequest, decodeOptional, isEmptyBody, pauseRequest } from '../../../protocols/jetstream/requests.ts';
import { withRequiredLevel } from '../../../protocols/jetstream/stream-config.ts';
import { isZeroTime, utc, ZERO_NANOS } from '../../../protocols/jetstream/timestamp.ts';
import type { Consumer } from '../consumer/consumer.ts';
import type { Answer, ApiCall } from './api-call.ts';
import { consumerFactsOf, whenKnown } from './consumer-facts.ts';

const NANOS_PER_MS = 1e6;

function consumerOf({ address, of }: ApiCall): Consumer | ApiError {
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  return stream.consumers.byName.get(address.consumer) ?? apiError(10014);
}

export function consumerInformation(call: ApiCall): Answer | Promise<Answer> {
  if (!isEmptyBody(call.body)) return apiError(10038);
  const consumer = consumerOf(call);
  if ('number' in consumer) return consumer;
  return whenKnown(consumer, () => printReply('CONSUMER.INFO', consumerInfo, consumerFactsOf(consumer, true)));
}

export function consumerNames({ address, body, of }: ApiCall): Answer {
  const request = decodeOptional(body, consumersRequest, of.of.isStrict);
  if ('number' in request) return request;
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  const names = stream.consumers
    .listed()
    .map(({ name }) => name)
    .sort();
  const total = names.length;
  const offset = clampOffset(request.offset, total);
  const consumers = names.slice(offset, offset + NAMES_PAGE);
  return printReply('CONSUMER.NAMES', consumerNamesReply, { total, offset, limit: NAMES_PAGE, consumers });
}

export async function consumerList({ address, body, of }: ApiCall): Promise<Answer> {
  const request = decodeOptional(body, consumersRequest, of.of.isStrict);
  if ('number' in request) return request;
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  const names = stream.consumers
    .listed()
    .map(({ name }) => name)
    .sort();
  const offset = clampOffset(request.offset, names.length);
  const page = names.slice(offset, offset + LIST_PAGE);
  const consumers: ConsumerInfo[] = [];
  for (const name of page) {
    const consumer = stream.consumers.byName.get(name);
    if (consumer === undefined) continue;
    await consumer.whenReady();
    consumers.push(consumerFactsOf(consumer, false));
  }
  const counts = { ...consumerListReply.zero(), total: names.length, offset, limit: LIST_PAGE };
  return printReply('CONSUMER.LIST', consumerListReply, { ...counts, consumers });
}

export function deleteConsumer(call: ApiCall): Answer | Promise<Answer> {
  if (!isEmptyBody(call.body)) return apiError(10038);
  const consumer = consumerOf(call);
  if ('number' in consumer) return consumer;
  const { stream } = consumer;
  stream.consumers.remove(consumer);
  const done = printDone('CONSUMER.DELETE');
  return stream.isSettled ? done : stream.settledDown().then(() => done);
}

export function pauseConsumer(call: ApiCall): Answer | Promise<Answer> {
  const request = decodeOptional(call.body, pauseRequest, call.of.of.isStrict);
  if ('number' in request) return request;
  const consumer = consumerOf(call);
  if ('number' in consumer) return consumer;
  const pauseUntil = isZeroTime(request.pauseUntil) ? null : utc(request.pauseUntil.nanos);
  const before = consumer.config.pauseUntil?.nanos ?? ZERO_NANOS;
  const config = { ...consumer.config, pauseUntil };
  consumer.update(withRequiredLevel(config, consumerRequiredLevel(config)));
  if (before !== (pauseUntil?.nanos ?? ZERO_NANOS)) advisePause(consumer);
  const until = consumer.pausedUntil;
  const remaining = until === 0 ? 0 : until - consumer.of.clock.now();
  const answer = printReply('CONSUMER.PAUSE', pauseReply, {
    paused: until > 0,
    pauseUntil: pauseUntil?.nanos ?? ZERO_NANOS,
    pauseRemaining: BigInt(Math.round(remaining * NANOS_PER_MS)),
  });
  return consumer.stream.isSettled ? answer : consumer.stream.settledDown().then(() => answer);
}

export function advisePause(consumer: Consumer): void {
  const { stream, name, of, config } = consumer;
  const isPaused = consumer.pausedUntil > 0;
  const until = config.pauseUntil?.nanos ?? ZERO_NANOS;
  of.advise(
    stream.account,
    (head) => consumerPause(head, stream.name, name, isPaused, until),
    `$JS.EVENT.ADVISORY.CONSUMER.PAUSE.${stream.name}.${name}`,
  );
}
