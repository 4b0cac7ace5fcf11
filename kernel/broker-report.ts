/** What a broker tells about itself, to whoever asks and to whoever listens. */
import type { Traffic } from './accounts/account.ts';
import type { Broker, LimitHits } from './broker.ts';
import type { Connection } from './connection/connection.ts';

/** Something that operators want to hear of, such as a login that was refused. */
export interface Advisory {
  readonly type: 'authentication.refused' | (string & {});
  readonly connection?: Connection;
  readonly reason?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface Statistics {
  connections: number;
  totalConnections: number;
  subscriptions: number;
  accounts: number;
  staleConnections: number;
  slowConsumers: number;
  /** How often a producer was held up for a receiver. */
  stalls: number;
  /** Bytes outside the arena that wait to be sent. */
  outboundBytes: number;
  limitHits: Readonly<LimitHits>;
  traffic: Readonly<Traffic>;
  /** Figures of plugins, by names of their own. */
  more: Record<string, number>;
}

/** Counts when asked: the message path keeps no sums. */
export function statisticsOf(broker: Broker): Statistics {
  const statistics: Statistics = {
    connections: broker.connections.size,
    totalConnections: broker.totalConnections,
    subscriptions: broker.accounts.subscriptionCount,
    accounts: broker.accounts.size,
    staleConnections: broker.staleConnections,
    slowConsumers: broker.slowConsumerCount,
    stalls: broker.flow.stalls,
    outboundBytes: broker.flow.pool.heapBytes,
    limitHits: { ...broker.limitHits },
    traffic: broker.traffic(),
    more: {},
  };
  broker.hooks.statsCollect.slot?.(statistics);
  return statistics;
}
