/** STATSZ: the figures of this server, told ever more slowly up to every ten seconds, if somebody listens. */
import type { Account, Timer } from '../../../kernel/plugin-api.ts';
import type { ServerCluster } from '../../route/contract.ts';
import type { Surroundings } from '../surroundings.ts';
import { hasConnections } from './account-connections.ts';

export const FIRST_MS = 250;
export const LONGEST_MS = 10_000;
/** Broadcasts are never closer together. */
const LEAST_MS = 1000;

type Figures = Readonly<Record<string, unknown>>;

export class Statistics {
  readonly #of: Surroundings;
  #intervalMs = FIRST_MS;
  #lastAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | null = null;

  constructor(surroundings: Surroundings) {
    this.#of = surroundings;
  }

  start(): void {
    this.#arm(FIRST_MS);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Somebody asks for a broadcast; it starts to go fast again. */
  broadcastNow(): void {
    this.#lastAt = Number.NEGATIVE_INFINITY;
    void this.#broadcast();
  }

  /** Somebody has come who has not heard any. */
  greet(): void {
    const since = this.#of.clock.monotonic() - this.#lastAt;
    if (since < LEAST_MS) this.#arm(LEAST_MS - since);
    else void this.#broadcast();
  }

  async describe(): Promise<object> {
    const { monitor, stamp } = this.#of;
    const statsz = this.#select(await monitor.figures());
    return { server: stamp.next(), statsz };
  }

  #arm(delayMs: number): void {
    this.stop();
    this.#timer = this.#of.clock.after(delayMs, () => {
      this.#intervalMs = Math.min(2 * this.#intervalMs, LONGEST_MS);
      this.#arm(this.#intervalMs);
      void this.#broadcast();
    });
  }

  async #broadcast(): Promise<void> {
    const { broker, system, watchers, clock } = this.#of;
    const subject = `$SYS.SERVER.${broker.identity.id}.STATSZ`;
    const now = clock.monotonic();
    if (!watchers.wants(subject) || now - this.#lastAt < Math.min(LEAST_MS, this.#intervalMs)) return;
    this.#lastAt = now;
    this.#of.publish(system, subject, await this.describe());
  }

  #select(figures: Figures): object {
    const { broker } = this.#of;
    return {
      start: figures.start,
      mem: figures.mem,
      cores: figures.cores,
      cpu: figures.cpu,
      connections: figures.connections,
      total_connections: figures.total_connections,
      active_accounts: activeAccounts(broker.accounts.all()),
      subscriptions: figures.subscriptions,
      sent: { msgs: figures.out_msgs, bytes: figures.out_bytes },
      sent_to_clients: { msgs: figures.out_client_msgs, bytes: figures.out_client_bytes },
      received: { msgs: figures.in_msgs, bytes: figures.in_bytes },
      received_from_clients: { msgs: figures.in_client_msgs, bytes: figures.in_client_bytes },
      slow_consumers: figures.slow_consumers,
      slow_consumer_stats: unlessAllZero(figures.slow_consumer_stats),
      stale_connections: unlessZero(figures.stale_connections),
      stale_connection_stats: unlessAllZero(figures.stale_connection_stats),
      stalled_clients: unlessZero(figures.stalled_clients),
      routes: routesOf(this.#of.cluster),
      active_servers: 1 + (this.#of.remotes?.count ?? 0),
      jetstream: streamingOf(figures.jetstream),
      gomaxprocs: figures.gomaxprocs,
    };
  }
}

/** Where things are kept is nobody's business elsewhere. Nothing where there are no streams. */
function streamingOf(figures: unknown): object | undefined {
  const { config, ...others } = (figures ?? {}) as { readonly config?: object };
  return config === undefined ? undefined : { config: { ...config, store_dir: undefined }, ...others };
}

function routesOf(cluster: ServerCluster | null): object[] | undefined {
  const routes = Array.from(cluster?.routes() ?? [], (route) => ({
    rid: route.id,
    name: route.name,
    sent: { msgs: route.outMessages, bytes: route.outBytes },
    received: { msgs: route.inMessages, bytes: route.inBytes },
    pending: route.pendingBytes,
  }));
  return routes.length === 0 ? undefined : routes;
}

function activeAccounts(accounts: Iterable<Account>): number {
  let count = 0;
  for (const account of accounts) if (hasConnections(account)) count++;
  return count;
}

function unlessZero(value: unknown): unknown {
  return value === 0 ? undefined : value;
}

function unlessAllZero(value: unknown): unknown {
  return Object.values((value as object | undefined) ?? {}).some((count) => count !== 0) ? value : undefined;
}
