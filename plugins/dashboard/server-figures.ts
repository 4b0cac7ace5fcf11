/** `/dashboard/server`: what the page needs and no other endpoint says. */
import { type KernelServices, NATS_VERSION, PRODUCT_VERSION } from '../../kernel/plugin-api.ts';
import type { DashboardConfig } from './config.ts';
import type { Watch } from './watch.ts';

export function serverFigures({ broker, hooks }: KernelServices, watch: Watch, config: DashboardConfig): object {
  const { pool } = broker.flow;
  const statistics = broker.statistics();
  return {
    server_id: broker.identity.id,
    server_name: broker.name,
    product_version: PRODUCT_VERSION,
    nats_version: NATS_VERSION,
    started_ms: broker.startedAt,
    now_ms: broker.clock.now(),
    is_lame_duck: broker.isLameDuck,
    settings: { refresh_ms: config.refreshMs, history_ms: config.historyMs, rows: config.rows },
    accounts: statistics.accounts,
    outbound_bytes: pool.heapBytes,
    outbound_max_bytes: broker.options.maxOutbound,
    stalls: broker.flow.stalls,
    stale_connections: broker.staleConnections,
    slow_consumers: Object.fromEntries(broker.slowConsumers),
    dropped_deliveries: Object.fromEntries(watch.dropped),
    limit_hits: { ...broker.limitHits },
    closed_connections: Object.fromEntries(watch.closed),
    hook_failures: hookFailures(hooks),
    more: statistics.more,
  };
}

function hookFailures(hooks: KernelServices['hooks']): Record<string, number> {
  const failed = Object.values(hooks).filter(({ throws }) => throws > 0);
  return Object.fromEntries(failed.map(({ name, throws }) => [name, throws]));
}
