/** What is told of a stream. */
import { withServerStamps } from '../../../protocols/jetstream/stream-config.ts';
import { type StreamInfo, type StreamState, streamInfo } from '../../../protocols/jetstream/stream-info.ts';
import { ZERO_NANOS } from '../../../protocols/jetstream/timestamp.ts';
import type { Holes } from '../../../storage-drivers/contract.ts';
import { momentNow, nanosOf } from '../stream/moment.ts';
import type { Stream } from '../stream/stream.ts';

export interface FactOptions {
  /** With the server's version and level in the metadata. */
  readonly isStamped: boolean;
  readonly hasDomain: boolean;
  /** Who leads it: this server. */
  readonly hasLeader: boolean;
}

export function factsOf(stream: Stream, { isStamped, hasDomain, hasLeader }: FactOptions): StreamInfo {
  const { of, config, created } = stream;
  return {
    ...streamInfo.zero(),
    config: isStamped ? withServerStamps(config, of.server) : config,
    created,
    state: stateOf(stream),
    domain: hasDomain ? of.domain : '',
    cluster: hasLeader ? { name: '', raftGroup: '', leader: of.broker.name } : null,
    mirror: stream.supply.mirrorInfo(),
    sources: stream.supply.sourceInfos(),
    time: momentNow(of.clock),
  };
}

export function stateOf(stream: Stream): StreamState {
  const { log } = stream;
  const isUntouched = log.last === 0 && log.count === 0;
  const { firstTime } = log;
  return {
    ...streamInfo.zero().state,
    messages: log.count,
    bytes: log.bytes,
    firstSequence: isUntouched && !stream.wasTouched ? 0 : log.first,
    firstTime: firstTime === null ? ZERO_NANOS : nanosOf(firstTime.seconds, firstTime.nanos),
    lastSequence: log.last,
    lastTime: log.lastSeconds === 0 ? ZERO_NANOS : nanosOf(log.lastSeconds, log.lastNanos),
    subjectCount: log.subjectCount,
    deletedCount: log.deletedCount,
    lost: log.hasLost ? lostOf(log.lost) : null,
    consumerCount: stream.consumers.size,
  };
}

/** More than that are not named one by one. */
export const LOST_NAMED_MAX = 10_000;

function lostOf({ ranges, bytes }: Holes): NonNullable<StreamState['lost']> {
  const messages: number[] = [];
  for (const { from, to } of ranges) {
    for (let seq = from; seq <= to && messages.length < LOST_NAMED_MAX; seq++) messages.push(seq);
  }
  return { messages, bytes };
}
