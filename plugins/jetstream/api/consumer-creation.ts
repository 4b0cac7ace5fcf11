/** Making and changing consumers. */
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import {
  type ConsumerConfig,
  type CreateConsumerRequest,
  consumerRequiredLevel,
  isSameConsumerConfig,
} from '../../../protocols/jetstream/consumer-config.ts';
import {
  checkConsumerRequest,
  consumerNameOf,
  decodeConsumerRequest,
} from '../../../protocols/jetstream/consumer-create.ts';
import { consumerInfo } from '../../../protocols/jetstream/consumer-info.ts';
import { checkQueueConsumer, checkQueueOverlap } from '../../../protocols/jetstream/consumer-queue.ts';
import { checkConsumer, nameLengthRule } from '../../../protocols/jetstream/consumer-rules.ts';
import { checkConsumerUpdate } from '../../../protocols/jetstream/consumer-update.ts';
import { fieldOf } from '../../../protocols/jetstream/message-header.ts';
import { printReply } from '../../../protocols/jetstream/replies.ts';
import { withRequiredLevel } from '../../../protocols/jetstream/stream-config.ts';
import type { Consumer } from '../consumer/consumer.ts';
import { startOf } from '../consumer/start-position.ts';
import type { Stream } from '../stream/stream.ts';
import { hashOf, uniqueId } from '../wire/identifiers.ts';
import type { Answer, ApiCall } from './api-call.ts';
import { advisePause } from './consumer-endpoints.ts';
import { consumerFactsOf, whenKept } from './consumer-facts.ts';
import { identityOf, STREAM_IDENTITY } from './stream-identity.ts';

export function createConsumer(call: ApiCall): Answer | Promise<Answer> {
  return create(call, false);
}

export function createDurable(call: ApiCall): Answer | Promise<Answer> {
  return create(call, true);
}

/** `start`: where it begins, once that took a while to find out. Everything may have changed meanwhile. */
function create(call: ApiCall, isDurable: boolean, start?: number): Answer | Promise<Answer> {
  const { address, body, of } = call;
  const request = decodeConsumerRequest(body, of.of.isStrict);
  if ('number' in request) return request;
  const asked = checkConsumerRequest({ ...address, isDurable }, request);
  if ('number' in asked) return asked;
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  const foreign = identityProblem(call, stream, asked);
  if (foreign !== null) return foreign;
  const wanted = forSourcing(stream, asked);
  const config = checkConsumer(wanted, {
    stream: stream.config,
    caps: of.of.caps,
    limits: of.limits,
    isPedantic: request.pedantic,
  });
  if ('number' in config) return config;
  const existing = stream.consumers.byName.get(consumerNameOf(config));
  const level = consumerRequiredLevel(request.config);
  if (existing !== undefined && config.sourcing) {
    existing.update({ ...existing.config, deliverSubject: config.deliverSubject });
    return told(existing);
  }
  if (existing !== undefined) return change(existing, config, request);
  const problem = newProblem(stream, config, request, of.limits.maxConsumers);
  if (problem !== null) return problem;
  const begin = start ?? startOf(config, stream.log, of.of.clock);
  return typeof begin === 'number'
    ? make(stream, config, level, begin)
    : begin.then((found) => {
        call.replyFields.length = 0;
        return create(call, isDurable, found);
      });
}

/** Who reads for a mirror or a source is told which stream this is, and refused when it means another of the name. */
function identityProblem(call: ApiCall, stream: Stream, { direct, sourcing }: ConsumerConfig): ApiError | null {
  if (!direct && !sourcing) return null;
  const identity = identityOf(stream);
  call.replyFields.push([STREAM_IDENTITY, identity]);
  const meant = fieldOf(call.header, STREAM_IDENTITY);
  return meant === null || meant === '' || meant === identity ? null : apiError(10225, { msg: identity });
}

/**
 * A reader for a mirror or a source has no name that others could take; where messages go once they are read, it becomes one
 * that lasts, so that none goes before it is stored elsewhere.
 */
function forSourcing(stream: Stream, config: ConsumerConfig): ConsumerConfig {
  if (!config.direct || !config.sourcing) return config;
  const { of } = stream;
  if (stream.config.retention === 'limits') {
    const suffix = hashOf(uniqueId(of.random));
    return { ...config, name: config.name === '' ? '' : `${config.name}-${suffix}` };
  }
  return {
    ...config,
    direct: false,
    durableName: config.name,
    ackPolicy: 'flow_control',
    ackWait: 0n,
    maxDeliver: -1,
    inactiveThreshold: 0n,
    deliverPolicy: 'all',
    optStartSeq: 0n,
    optStartTime: null,
  };
}

function newProblem(
  stream: Stream,
  config: ConsumerConfig,
  request: CreateConsumerRequest,
  accountMax: number,
): ApiError | null {
  if (request.action === 'update') return apiError(10149);
  const given = [stream.config.maxConsumers, accountMax].filter((cap) => cap > 0);
  const caps = given.length > 0 ? given : [stream.of.consumersUsualMax];
  if (!config.direct && caps.some((cap) => stream.consumers.size >= cap)) return apiError(10026);
  const problem = checkQueueConsumer(stream.config, config, othersOf(stream, ''));
  if (problem !== null) return problem;
  return nameLengthRule(consumerNameOf(config));
}

function make(stream: Stream, config: ConsumerConfig, level: number, start: number): Answer | Promise<Answer> {
  const { of } = stream;
  const given = consumerNameOf(config);
  const name = given === '' ? hashOf(uniqueId(of.random)) : given;
  const kept = withRequiredLevel(given === '' ? config : { ...config, name }, level);
  return told(stream.consumers.make(name, kept, start));
}

function change(consumer: Consumer, wanted: ConsumerConfig, request: CreateConsumerRequest): Answer | Promise<Answer> {
  const { stream, config: before, name } = consumer;
  const config = { ...wanted, name: before.name === '' ? '' : name, pauseUntil: before.pauseUntil };
  if (isSameConsumerConfig(before, config)) return told(consumer);
  if (request.action === 'create') return apiError(10148);
  const problem = checkConsumerUpdate(before, config, consumer.push?.isBound ?? false);
  if (problem !== null) return problem;
  if (stream.config.retention === 'workqueue') {
    const overlap = checkQueueOverlap(config, othersOf(stream, name));
    if (overlap !== null) return overlap;
  }
  const level = consumerRequiredLevel({ ...request.config, pauseUntil: before.pauseUntil });
  consumer.update(withRequiredLevel(config, level));
  stream.consumers.releaseUnneeded();
  return told(consumer);
}

function othersOf(stream: Stream, except: string): ConsumerConfig[] {
  return [...stream.consumers.byName.values()].filter(({ name }) => name !== except).map(({ config }) => config);
}

/** Whoever makes a consumer that is paused, or finds it so, hears of it. */
function told(consumer: Consumer): Answer | Promise<Answer> {
  if (consumer.pausedUntil > 0) advisePause(consumer);
  return whenKept(consumer, () => printReply('CONSUMER.CREATE', consumerInfo, consumerFactsOf(consumer, true)));
}
