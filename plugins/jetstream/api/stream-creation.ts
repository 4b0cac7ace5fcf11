/** Making, changing and removing streams. */
import { compileTransform, TransformProblem } from '../../../kernel/plugin-api.ts';
import { type Action, streamAction } from '../../../protocols/jetstream/advisories.ts';
import { type ApiError, apiError, invalidConfig } from '../../../protocols/jetstream/api-error.ts';
import { printDone, printReply, streamCreateReply } from '../../../protocols/jetstream/replies.ts';
import { isEmptyBody } from '../../../protocols/jetstream/requests.ts';
import {
  isSameStreamConfig,
  type StreamConfig,
  streamRequiredLevel,
  withRequiredLevel,
} from '../../../protocols/jetstream/stream-config.ts';
import {
  checkBeside,
  checkConsumerCount,
  checkCreateRequest,
  checkOverlap,
  checkReservation,
  checkStreamCount,
  checkStreamSize,
  decodeStreamRequest,
  namesStorage,
} from '../../../protocols/jetstream/stream-create.ts';
import { streamInfo } from '../../../protocols/jetstream/stream-info.ts';
import { checkStream, type StreamSurroundings } from '../../../protocols/jetstream/stream-rules.ts';
import { checkRepublishUpdate, checkStreamUpdate } from '../../../protocols/jetstream/stream-update.ts';
import { limitsForCopies } from '../account/grants.ts';
import type { StreamAccount } from '../account/stream-account.ts';
import { failureOf, writeProblemOf } from '../stream/store-refusal.ts';
import type { Stream } from '../stream/stream.ts';
import type { Answer, ApiCall } from './api-call.ts';
import { factsOf } from './stream-facts.ts';
import { unservedFeature } from './unserved-features.ts';

export async function createStream({ address, body, of }: ApiCall): Promise<Answer> {
  const request = decodeStreamRequest(body, of.of.isStrict);
  if ('number' in request) return request;
  const early = checkCreateRequest(address.stream, request) ?? checkEarly(of, request, body);
  if (early !== null) return early;
  const config = checkStream(request, surroundingsOf(of, request.pedantic));
  if ('number' in config) return config;
  const existing = of.streams.get(config.name);
  if (existing !== undefined) {
    return isSameStreamConfig(existing.config, config) ? created(existing) : apiError(10058);
  }
  const problem = checkRoom(of, config) ?? checkPlace(of, config);
  if (problem !== null) return problem;
  const stream = await of.create(withRequiredLevel(config, streamRequiredLevel(request)));
  // It says where it begins, even where that is where all begin.
  stream.wasTouched = config.firstSeq > 0n;
  advise(stream, 'create');
  return created(stream);
}

/** Whether there is room for a stream. */
export function checkRoom(of: StreamAccount, config: StreamConfig): ApiError | null {
  return checkStreamCountFor(of, config) ?? checkStreamSize(config, of.limits, of.reservations(config.name), 1);
}

/** Whether nothing is in its way. */
export function checkPlace(of: StreamAccount, config: StreamConfig): ApiError | null {
  return checkBeside(config, of.configs()) ?? checkServed(of, config);
}

/** What is looked at whatever else a request says. Of one that names no storage it is not known yet what it would take there. */
function checkEarly(of: StreamAccount, request: StreamConfig, body: Uint8Array): ApiError | null {
  const copies = Math.max(1, request.replicas);
  const limits = limitsForCopies(of.grants, copies);
  if (limits === null) return apiError(10120);
  const taken = of.reservations(request.name);
  // Streams of several copies have limits of their own where there are tiers, and there are no such streams.
  if (copies > 1 && of.grants.whole === null) return null;
  const problem = checkStreamCount(limits, taken) ?? checkConsumerCount(request, limits);
  if (problem !== null) return problem;
  const short = checkReservation(request, limits, taken, copies);
  return short !== null && namesStorage(body) ? short : null;
}

function checkStreamCountFor(of: StreamAccount, { name }: StreamConfig): ApiError | null {
  if (limitsForCopies(of.grants, 1) === null) return apiError(10120);
  return checkStreamCount(of.limits, of.reservations(name));
}

function checkServed(of: StreamAccount, config: StreamConfig): ApiError | null {
  const feature = unservedFeature(config);
  if (feature !== '') return invalidConfig(`this server does not serve streams with ${feature}`);
  if (of.of.driver(config.storage) !== null) return null;
  return invalidConfig(`this server has no storage driver for '${config.storage}'`);
}

function created(stream: Stream): string {
  const facts = factsOf(stream, { isStamped: true, hasDomain: false, hasLeader: false });
  return printReply('STREAM.CREATE', streamCreateReply, { ...facts, didCreate: true });
}

export async function updateStream({ address, body, of }: ApiCall): Promise<Answer> {
  const request = decodeStreamRequest(body, of.of.isStrict);
  if ('number' in request) return request;
  const surroundings = surroundingsOf(of, request.pedantic);
  const checked = checkStream(request, surroundings);
  if ('number' in checked) return checked;
  if (request.name !== address.stream) return apiError(10056);
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  const unwritable = writeProblemOf(stream);
  if (unwritable !== null) return unwritable;
  const limited = Array.from(stream.consumers.byName.values(), ({ name, config }) => ({
    name,
    inactiveThreshold: config.inactiveThreshold,
    maxAckPending: config.maxAckPending,
  }));
  const config = checkStreamUpdate(stream.config, checked, limited, surroundings);
  if ('number' in config) return config;
  const problem =
    checkOverlap(config, of.configs()) ??
    checkRepublishUpdate(config, surroundings) ??
    (limitsForCopies(of.grants, 1) === null ? apiError(10120) : null) ??
    checkUpdatedSize(of, stream.config, config) ??
    checkServed(of, config);
  if (problem !== null) return problem;
  stream.update(withRequiredLevel(config, streamRequiredLevel(request)));
  advise(stream, 'modify');
  await stream.trimmed();
  if (of.streams.get(address.stream) !== stream) return apiError(10059);
  const facts = factsOf(stream, { isStamped: true, hasDomain: true, hasLeader: false });
  return printReply('STREAM.UPDATE', streamInfo, facts);
}

/** To ask for less is always allowed. */
function checkUpdatedSize(of: StreamAccount, before: StreamConfig, config: StreamConfig): ApiError | null {
  if (before.maxBytes > 0n && config.maxBytes > 0n && config.maxBytes <= before.maxBytes) {
    return checkConsumerCount(config, of.limits);
  }
  return checkStreamSize(config, of.limits, of.reservations(config.name), 1, false);
}

export async function deleteStream({ address, body, of }: ApiCall): Promise<Answer> {
  if (!isEmptyBody(body)) return apiError(10038);
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  if (stream.trouble !== null) return failureOf(stream.trouble);
  await deleteStreamOf(of, stream);
  return printDone('STREAM.DELETE');
}

export async function deleteStreamOf(of: StreamAccount, stream: Stream): Promise<void> {
  await of.remove(stream);
  advise(stream, 'delete');
}

function advise(stream: Stream, action: Action): void {
  const make = (head: Parameters<typeof streamAction>[0]) => streamAction(head, action, stream.name);
  const words = { create: 'CREATED', modify: 'UPDATED', delete: 'DELETED' };
  stream.of.advise(stream.account, make, `$JS.EVENT.ADVISORY.STREAM.${words[action]}.${stream.name}`);
}

export function surroundingsOf(of: StreamAccount, isPedantic: boolean): StreamSurroundings {
  return {
    caps: of.of.caps,
    limitsFor: (copies) => limitsForCopies(of.grants, copies),
    isPedantic,
    isClustered: false,
    streamNamed: (name) => of.streams.get(name)?.config ?? null,
    transformProblem(source, destination) {
      const transform = compileTransform(source, destination, { random: of.of.random });
      return transform instanceof TransformProblem ? transform.text : null;
    },
  };
}
