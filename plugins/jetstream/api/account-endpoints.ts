/** What an account is told about itself. */
import { accountInfoReply, printReply } from '../../../protocols/jetstream/replies.ts';
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
    limits: of.limits,
    domain: of.of.domain,
    api: { level: of.of.server.level, ...of.api },
    tiers: null,
  });
}
