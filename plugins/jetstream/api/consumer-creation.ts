/** Making and changing consumers. */
import { type ApiError, apiError, invalidConfig } from '../../../protocols/jetstream/api-error.ts';
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
import { printReply } from '../../../protocols/jetstream/replies.ts';
import { withRequiredLevel } from '../../../protocols/jetstream/stream-config.ts';
import type { Consumer } from '../consumer/consumer.ts';
import type { Stream } from '../stream/stream.ts';
import { hashOf, uniqueId } from '../wire/identifiers.ts';
import type { Answer, ApiCall } from './api-call.ts';
import { advisePause } from './consumer-endpoints.ts';
import { consumerFactsOf } from './consumer-facts.ts';
import { unservedConsumerFeature } from './unserved-features.ts';

export function createConsumer(call: ApiCall): Answer {
  return create(call, false);
}

export function createDurable(call: ApiCall): Answer {
  return create(call, true);
}

function create({ address, body, of }: ApiCall, isDurable: boolean): Answer {
  const request = decodeConsumerRequest(body, of.of.isStrict);
  if ('number' in request) return request;
  const wanted = checkConsumerRequest({ ...address, isDurable }, request);
  if ('number' in wanted) return wanted;
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  const config = checkConsumer(wanted, {
    stream: stream.config,
    caps: of.of.caps,
    limits: of.limits,
    isPedantic: request.pedantic,
  });
  if ('number' in config) return config;
  const existing = stream.consumers.byName.get(consumerNameOf(config));
  const level = consumerRequiredLevel(request.config);
  if (existing !== undefined) return change(existing, config, request, level);
  const problem = newProblem(stream, config, request, of.limits.maxConsumers);
  return problem ?? make(stream, config, level);
}

function newProblem(
  stream: Stream,
  config: ConsumerConfig,
  request: CreateConsumerRequest,
  accountMax: number,
): ApiError | null {
  if (request.action === 'update') return apiError(10149);
  const caps = [stream.config.maxConsumers, accountMax].filter((cap) => cap > 0);
  if (caps.some((cap) => stream.consumers.size >= cap)) return apiError(10026);
  const problem = checkQueueConsumer(stream.config, config, othersOf(stream, ''));
  if (problem !== null) return problem;
  const feature = unservedConsumerFeature(config);
  if (feature !== '') return invalidConfig(`this server does not serve consumers with ${feature}`);
  return nameLengthRule(consumerNameOf(config));
}

function make(stream: Stream, config: ConsumerConfig, level: number): Answer {
  const { of } = stream;
  const given = consumerNameOf(config);
  const name = given === '' ? hashOf(uniqueId(of.random)) : given;
  const kept = withRequiredLevel(given === '' ? config : { ...config, name }, level);
  const consumer = stream.consumers.make(name, kept);
  if (consumer.pausedUntil > 0) advisePause(consumer);
  return told(consumer);
}

function change(consumer: Consumer, wanted: ConsumerConfig, request: CreateConsumerRequest, level: number): Answer {
  const { stream, config: before, name } = consumer;
  const config = { ...wanted, name: before.name === '' ? '' : name, pauseUntil: before.pauseUntil };
  if (isSameConsumerConfig(before, config)) return told(consumer);
  if (request.action === 'create') return apiError(10148);
  const problem = checkConsumerUpdate(before, config, consumer.push?.isBound ?? false);
  if (problem !== null) return problem;
  const feature = unservedConsumerFeature(config);
  if (feature !== '') return invalidConfig(`this server does not serve consumers with ${feature}`);
  if (stream.config.retention === 'workqueue') {
    const overlap = checkQueueOverlap(config, othersOf(stream, name));
    if (overlap !== null) return overlap;
  }
  consumer.update(withRequiredLevel(config, level));
  stream.consumers.releaseUnneeded();
  return told(consumer);
}

function othersOf(stream: Stream, except: string): ConsumerConfig[] {
  return [...stream.consumers.byName.values()].filter(({ name }) => name !== except).map(({ config }) => config);
}

function told(consumer: Consumer): string {
  return printReply('CONSUMER.CREATE', consumerInfo, consumerFactsOf(consumer, true));
}
