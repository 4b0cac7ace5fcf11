/** What an account is told about itself. */
import { accountInfoReply, printReply, type TierUsage } from '../../../protocols/jetstream/replies.ts';
import { SINGLE_COPY, toldLimits } from '../account/grants.ts';
import type { StreamAccount } from '../account/stream-account.ts';
import type { Answer, ApiCall } from './api-call.ts';

export function accountInfo({ of }: ApiCall): Answer {
  const reserved = of.reservations('');
  return printReply('INFO', accountInfoReply, {
    memory: of.usage.memory,
    storage: of.usage.file,
    reservedMemory: reserved.memory,
    reservedStorage: reserved.storage,
    streams: of.streams.size,
    consumers: of.consumerCount,
    limits: toldLimits(of.grants),
    domain: of.of.domain,
    api: { level: of.of.server.level, ...of.api },
    tiers: of.grants.whole === null ? tiersOf(of) : null,
  });
}

/** All there is are single copies; other tiers are told of with nothing in them. */
function tiersOf(of: StreamAccount): ReadonlyMap<string, TierUsage> {
  const reserved = of.reservations('');
  const used = {
    memory: of.usage.memory,
    storage: of.usage.file,
    reservedMemory: reserved.memory,
    reservedStorage: reserved.storage,
    streams: of.streams.size,
    consumers: of.consumerCount,
  };
  const unused = { memory: 0, storage: 0, reservedMemory: 0, reservedStorage: 0, streams: 0, consumers: 0 };
  return new Map(
    Array.from(of.grants.tiers, ([name, limits]) => [name, { ...(name === SINGLE_COPY ? used : unused), limits }]),
  );
}
