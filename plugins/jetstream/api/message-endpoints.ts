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
import { nanosOf } from '../stream/moment.ts';
import type { Stream } from '../stream/stream.ts';
import type { Answer, ApiCall } from './api-call.ts';

export async function getMessage({ address, body, of }: ApiCall): Promise<Answer> {
  if (isEmptyBody(body)) return apiError(10003);
  const request = decodeRequest(body, messageGetRequest, of.of.isStrict);
  if ('number' in request) return request;
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  if (!isSoundGet(request)) return apiError(10003);
  let record = findMessage(stream.log, request);
  while (record === null && stream.log.isCold(stream.log.asked)) {
    await stream.log.bringIn(stream.log.asked);
    record = findMessage(stream.log, request);
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

export function purgeStream({ address, body, of }: ApiCall): Answer {
  const request = decodeOptional(body, purgeRequest, of.of.isStrict);
  if ('number' in request) return request;
  if (request.sequence > 0n && request.keep > 0n) return apiError(10003);
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  if (stream.config.sealed) return apiError(10109);
  if (stream.config.denyPurge) return apiError(10110, { err: 'stream purge not permitted' });
  const purged = stream.machine.purge({
    before: Number(request.sequence),
    filter: subjectFromText(request.subject),
    keep: Number(request.keep),
  });
  stream.wasTouched = true;
  return printReply('STREAM.PURGE', purgeReply, { success: true, purged });
}
