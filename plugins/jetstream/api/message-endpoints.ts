/** Reading, deleting and purging messages. */
import { Buffer } from 'node:buffer';
import { subjectFromText, textFromSubject } from '../../../kernel/plugin-api.ts';
import { type ApiError, apiError } from '../../../protocols/jetstream/api-error.ts';
import { messageGetReply, printDone, printReply, purgeReply } from '../../../protocols/jetstream/replies.ts';
import {
  decodeOptional,
  decodeRequest,
  isEmptyBody,
  isSoundGet,
  messageDeleteRequest,
  messageGetRequest,
  purgeRequest,
} from '../../../protocols/jetstream/requests.ts';
import { findMessage } from '../stream/find-message.ts';
import { momentOf, nanosOf } from '../stream/moment.ts';
import type { Purge, PurgeCommand } from '../stream/purge.ts';
import { placeOf, SEQUENCE_MAX } from '../stream/sequence-limit.ts';
import { failureOf } from '../stream/store-refusal.ts';
import type { Stream } from '../stream/stream.ts';
import type { Answer, ApiCall } from './api-call.ts';

/** What a purge removes within one turn. */
const STEP_MAX = 1000;

export async function getMessage({ address, body, of }: ApiCall): Promise<Answer> {
  if (isEmptyBody(body)) return apiError(10003);
  const request = decodeRequest(body, messageGetRequest, of.of.isStrict);
  if ('number' in request) return request;
  if (!isSoundGet(request)) return apiError(10003);
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  if (request.startTime !== null) await stream.log.find(momentOf(request.startTime.nanos));
  const { log } = stream;
  let record = findMessage(log, request);
  for (; ; record = findMessage(log, request)) {
    // What a crash may still take is not shown.
    if (record !== null && !log.isDurable(record.seq)) await stream.settledDown();
    else if (record === null && log.isCold(log.asked)) await log.bringIn(log.asked);
    else break;
  }
  if (record === null) return apiError(10037);
  const { bytes, headerStart, bodyStart, bodyEnd } = record;
  const subject = Buffer.from(record.subjectBytes.subarray(record.subjectStart, record.subjectEnd)).toString('latin1');
  const message = {
    subject: textFromSubject(subject),
    sequence: record.seq,
    header: request.noHeaders ? new Uint8Array(0) : bytes.subarray(headerStart, bodyStart),
    data: bytes.subarray(bodyStart, bodyEnd),
    time: nanosOf(record.seconds, record.nanos),
  };
  return printReply('STREAM.MSG.GET', messageGetReply, { message });
}

export function deleteMessage({ address, body, of }: ApiCall): Answer {
  if (isEmptyBody(body)) return apiError(10003);
  const request = decodeRequest(body, messageDeleteRequest, of.of.isStrict);
  if ('number' in request) return request;
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  if (stream.config.sealed) return apiError(10109);
  if (stream.trouble !== null) return failureOf(stream.trouble);
  if (stream.config.denyDelete) return apiError(10057, { err: 'message delete not permitted' });
  const isDone = stream.machine.remove(Number(request.sequence), !request.noErase);
  return isDone ? printDone('STREAM.MSG.DELETE') : notThere(stream, request.sequence);
}

/** Files tell of what never was in another way than of what is gone. */
function notThere({ log, config }: Stream, sequence: bigint): ApiError {
  if (config.storage === 'memory') return apiError(10043, { seq: sequence });
  if (sequence > BigInt(log.last)) return apiError(10057, { err: 'stream store EOF' });
  return sequence < BigInt(log.first)
    ? apiError(10057, { err: 'no message found' })
    : apiError(10043, { seq: sequence });
}

export async function purgeStream({ address, body, of }: ApiCall): Promise<Answer> {
  const request = decodeOptional(body, purgeRequest, of.of.isStrict);
  if ('number' in request) return request;
  if (request.sequence > 0n && request.keep > 0n) return apiError(10003);
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  if (stream.config.sealed) return apiError(10109);
  if (stream.trouble !== null) return failureOf(stream.trouble);
  if (stream.config.denyPurge) return apiError(10110, { err: 'stream purge not permitted' });
  const { sequence, subject, keep } = request;
  // With all of it gone the next message would get the sequence.
  if (subject === '' && sequence > BigInt(SEQUENCE_MAX))
    return apiError(10110, { err: `sequences end at ${SEQUENCE_MAX}` });
  const command = { before: placeOf(sequence), filter: subjectFromText(subject), keep: Number(keep) };
  const purge = await purgeInSteps(stream, command, () => of.streams.get(address.stream) === stream);
  if (purge === null) return apiError(10059);
  if (stream.trouble !== null) return failureOf(stream.trouble);
  const { removed: purged, isCut } = purge;
  if (isCut) return apiError(10110, { err: `the store took no more after ${purged} messages` });
  stream.wasTouched = true;
  return printReply('STREAM.PURGE', purgeReply, { success: true, purged });
}

/** Others get their turn now and then; null when the stream goes meanwhile. A store in trouble ends it. */
async function purgeInSteps(stream: Stream, command: PurgeCommand, isThere: () => boolean): Promise<Purge | null> {
  const { consumers, machine } = stream;
  const extent = machine.extentOf(command);
  const purge = machine.beginPurge(command);
  while (!consumers.purgingSome(extent, () => machine.stepPurge(purge, STEP_MAX))) {
    await new Promise<void>((resolve) => stream.of.clock.soon(resolve));
    if (!isThere()) return null;
  }
  consumers.purged(extent);
  return purge;
}
