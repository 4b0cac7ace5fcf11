/** What is told of a consumer. */
import { type ConsumerInfo, consumerInfo } from '../../../protocols/jetstream/consumer-info.ts';
import { withServerStamps } from '../../../protocols/jetstream/stream-config.ts';
import { ZERO_NANOS } from '../../../protocols/jetstream/timestamp.ts';
import type { Consumer } from '../consumer/consumer.ts';
import { momentNow } from '../stream/moment.ts';

const NANOS_PER_MS = 1e6;

/** As soon as all that was done is on disk, and it is known how much there is for it. */
export function whenKept<Answer>(consumer: Consumer, tell: () => Answer): Answer | Promise<Answer> {
  const { stream } = consumer;
  if (stream.isSettled) return whenKnown(consumer, tell);
  return stream.settledDown().then(() => whenKnown(consumer, tell));
}

/** As soon as it is known how much there is for it, which takes a moment where there is much. */
export function whenKnown<Answer>(consumer: Consumer, tell: () => Answer): Answer | Promise<Answer> {
  const waits = consumer.whenReady();
  return waits === null ? tell() : waits.then(tell);
}

export function consumerFactsOf(consumer: Consumer, isStamped: boolean): ConsumerInfo {
  const { machine, of, config, stream, name, created } = consumer;
  const remainingMs = consumer.pausedUntil === 0 ? 0 : consumer.pausedUntil - of.clock.now();
  return {
    ...consumerInfo.zero(),
    stream: stream.name,
    name,
    created,
    config: isStamped ? withServerStamps(config, of.server) : config,
    delivered: {
      consumerSequence: machine.told.deliveredConsumer,
      streamSequence: machine.told.deliveredStream,
      lastActive: momentOrNone(consumer.lastDeliveredAt),
    },
    ackFloor: {
      consumerSequence: machine.told.floorConsumer,
      streamSequence: machine.told.floorStream,
      lastActive: momentOrNone(consumer.lastAckedAt),
    },
    ackPending: machine.pending.size,
    redelivered: config.maxDeliver === 1 ? 0 : machine.redelivered.size,
    waiting: consumer.pull?.waitingCount ?? 0,
    pending: machine.pendingCount,
    isPushBound: consumer.push?.isBound ?? false,
    isPaused: remainingMs > 0,
    pauseRemaining: BigInt(Math.round(remainingMs * NANOS_PER_MS)),
    time: momentNow(of.clock),
    priorityGroups: groupsOf(consumer),
  };
}

function momentOrNone(milliseconds: number): bigint {
  return milliseconds === 0 ? ZERO_NANOS : BigInt(Math.round(milliseconds * 1000)) * 1000n;
}

/** Only the first of them counts. */
function groupsOf({ config, pull }: Consumer): ConsumerInfo['priorityGroups'] {
  if (config.priorityPolicy === 'none' || pull === null) return [];
  const { name: group, pinnedId: pinnedClientId, pinnedAt } = pull.group;
  return [{ group, pinnedClientId, pinnedTime: momentOrNone(pinnedAt) }];
}
