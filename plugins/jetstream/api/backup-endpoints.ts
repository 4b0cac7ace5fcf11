/** Sending streams away, and taking them back in. */
import { apiError } from '../../../protocols/jetstream/api-error.ts';
import { printReply, restoreReply, snapshotReply } from '../../../protocols/jetstream/replies.ts';
import { decodeRequest, isEmptyBody, restoreRequest, snapshotRequest } from '../../../protocols/jetstream/requests.ts';
import { streamRequiredLevel, withRequiredLevel } from '../../../protocols/jetstream/stream-config.ts';
import { checkRestored } from '../../../protocols/jetstream/stream-restore.ts';
import { isValidLiteral } from '../../../protocols/jetstream/subject-rules.ts';
import { RestoreJob, restoreProblem } from '../backup/restore.ts';
import { SnapshotJob } from '../backup/snapshot.ts';
import type { Answer, ApiCall } from './api-call.ts';
import { callerOf } from './api-caller.ts';
import { checkPlace, checkRoom, surroundingsOf } from './stream-creation.ts';
import { factsOf } from './stream-facts.ts';

const KIB = 1024;
const MIB = KIB * KIB;
const CHUNK = { least: KIB, most: MIB, usual: 128 * KIB };
const WINDOW = { least: KIB, most: 32 * MIB, usual: 8 * MIB };

const NO_FILES = "a stream in memory has no files, which is what 'backup_format: v1' sends; 'v2' sends any stream";

export function snapshotStream(call: ApiCall): Answer {
  const { address, body, of } = call;
  if (isEmptyBody(body)) return apiError(10003);
  const stream = of.streams.get(address.stream);
  if (stream === undefined) return apiError(10059);
  const request = decodeRequest(body, snapshotRequest, of.of.isStrict);
  if ('number' in request) return request;
  if (!isValidLiteral(request.deliverSubject)) return apiError(10015);
  const format = of.of.backupFormat;
  if (format === 'v1' && stream.config.storage === 'memory') return apiError(10064, { err: NO_FILES });
  const chunkBytes = within(request.chunkSize, CHUNK);
  const job = new SnapshotJob(stream, {
    deliverSubject: request.deliverSubject,
    hasConsumers: !request.noConsumers,
    chunkBytes,
    windowBytes: Math.max(chunkBytes, within(request.windowSize, WINDOW)),
    format,
    caller: callerOf(call),
  });
  of.of.clock.soon(() => job.start());
  const { config, state } = factsOf(stream, { isStamped: false, hasDomain: false, hasLeader: false });
  return printReply('STREAM.SNAPSHOT', snapshotReply, { config, state });
}

function within(asked: number, { least, most, usual }: { least: number; most: number; usual: number }): number {
  return asked === 0 ? usual : Math.min(most, Math.max(least, asked));
}

export function restoreStream(call: ApiCall): Answer {
  const { address, body, of } = call;
  if (isEmptyBody(body)) return apiError(10003);
  const request = decodeRequest(body, restoreRequest, of.of.isStrict);
  if ('number' in request) return request;
  const given = request.config;
  if (given.name !== '' && given.name !== address.stream) return apiError(10056);
  const config = checkRestored({ ...given, name: address.stream }, surroundingsOf(of, false));
  if ('number' in config) return config;
  const bytes = Number(request.state.bytes);
  const problem =
    checkRoom(of, config) ??
    (of.streams.has(config.name) ? apiError(10130) : null) ??
    checkPlace(of, config) ??
    restoreProblem(of, config, bytes);
  if (problem !== null) return problem;
  const asked = withRequiredLevel(config, streamRequiredLevel(given));
  const { deliverSubject } = new RestoreJob(of, { config: asked, bytes, caller: callerOf(call) });
  return printReply('STREAM.RESTORE', restoreReply, { deliverSubject });
}
