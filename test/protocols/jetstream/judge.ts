/** What a server without clustering answers to requests for streams and consumers, by the rules alone. */
import { compileTransform, TransformProblem } from '../../../kernel/plugin-api.ts';
import { NO_CAPS, UNLIMITED_TIER } from '../../../protocols/jetstream/account-limits.ts';
import { type ApiError, apiError, printError } from '../../../protocols/jetstream/api-error.ts';
import {
  type ConsumerConfig,
  consumerConfig,
  consumerRequiredLevel,
} from '../../../protocols/jetstream/consumer-config.ts';
import { checkConsumerRequest, decodeConsumerRequest } from '../../../protocols/jetstream/consumer-create.ts';
import { checkQueueConsumer } from '../../../protocols/jetstream/consumer-queue.ts';
import { checkConsumer } from '../../../protocols/jetstream/consumer-rules.ts';
import {
  type StreamConfig,
  streamConfig,
  streamRequiredLevel,
  withRequiredLevel,
} from '../../../protocols/jetstream/stream-config.ts';
import {
  checkBeside,
  checkCreateRequest,
  checkOverlap,
  decodeStreamRequest,
} from '../../../protocols/jetstream/stream-create.ts';
import { checkStream, type StreamSurroundings } from '../../../protocols/jetstream/stream-rules.ts';
import { checkRepublishUpdate, checkStreamUpdate } from '../../../protocols/jetstream/stream-update.ts';

export type Streams = ReadonlyMap<string, StreamConfig>;

export function surroundingsOf(streams: Streams, isPedantic: boolean): StreamSurroundings {
  return {
    caps: NO_CAPS,
    limitsFor: () => UNLIMITED_TIER,
    isPedantic,
    isClustered: false,
    streamNamed: (name) => streams.get(name) ?? null,
    transformProblem(source, destination) {
      const transform = compileTransform(source, destination, { random: { below: () => 0 } });
      return transform instanceof TransformProblem ? transform.text : null;
    },
  };
}

export function judgeStreamCreate(name: string, body: string, streams: Streams): StreamConfig | ApiError {
  const request = decodeStreamRequest(Buffer.from(body), true);
  if ('number' in request) return request;
  const problem = checkCreateRequest(name, request);
  if (problem !== null) return problem;
  const config = checkStream(request, surroundingsOf(streams, request.pedantic));
  if ('number' in config) return config;
  return checkBeside(config, streams.values()) ?? withRequiredLevel(config, streamRequiredLevel(config));
}

export function judgeStreamUpdate(before: StreamConfig, body: string, streams: Streams): StreamConfig | ApiError {
  const request = decodeStreamRequest(Buffer.from(body), true);
  if ('number' in request) return request;
  const checked = checkStream(request, surroundingsOf(streams, request.pedantic));
  if ('number' in checked) return checked;
  if (request.name !== before.name) return apiError(10056);
  const config = checkStreamUpdate(before, checked, [], surroundingsOf(streams, request.pedantic));
  if ('number' in config) return config;
  const problem =
    checkOverlap(config, streams.values()) ?? checkRepublishUpdate(config, surroundingsOf(streams, request.pedantic));
  return problem ?? withRequiredLevel(config, streamRequiredLevel(config));
}

export function judgeConsumerCreate(stream: StreamConfig, body: string): ConsumerConfig | ApiError {
  const request = decodeConsumerRequest(Buffer.from(body), true);
  if ('number' in request) return request;
  const named = checkConsumerRequest({ stream: stream.name, consumer: '', filter: '', isDurable: false }, request);
  if ('number' in named) return named;
  const config = checkConsumer(named, {
    stream,
    caps: NO_CAPS,
    limits: UNLIMITED_TIER,
    isPedantic: request.pedantic,
  });
  if ('number' in config) return config;
  return checkQueueConsumer(stream, config, []) ?? withRequiredLevel(config, consumerRequiredLevel(request.config));
}

/** A verdict as it is compared: the error, or the configuration. */
export function printVerdict(verdict: StreamConfig | ConsumerConfig | ApiError): string {
  if ('number' in verdict) return printError(verdict);
  return 'retention' in verdict ? streamConfig.print(verdict) : consumerConfig.print(verdict);
}
