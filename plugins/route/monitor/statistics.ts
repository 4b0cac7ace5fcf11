/** What /accstatz says of messages of an account that came from other servers, or went there. */
import type { Account } from '../../../kernel/plugin-api.ts';
import type { Cluster } from '../cluster.ts';

export function statisticsOf(cluster: Cluster | null, account: Account): Readonly<Record<string, unknown>> {
  return cluster === null ? {} : { routes: cluster.traffic.of(account, cluster.connections) };
}
