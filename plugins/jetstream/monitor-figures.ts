/** Figures of streams, as several paths of the monitor show them. */
import type { StreamAccount } from './account/stream-account.ts';
import { CONSUMERS_USUAL_MAX, type JetStreamConfig } from './config.ts';
import type { ServerLimits } from './server-limits.ts';
import { directoryOf } from './storage.ts';
import { API_LEVEL } from './wire/api-level.ts';

/** What a server that syncs always says beside that. */
const USUAL_SYNC_MS = 120_000;
const NANOS_PER_MS = 1e6;

export function configKeys(config: JetStreamConfig, limits: ServerLimits): object {
  const { syncIntervalMs, domain, isStrict, maxMemory, maxStorage } = config.options;
  return {
    max_memory: limits.maxMemory,
    max_storage: limits.maxStorage,
    store_dir: directoryOf(config),
    sync_interval: (syncIntervalMs > 0 ? syncIntervalMs : USUAL_SYNC_MS) * NANOS_PER_MS,
    sync_always: syncIntervalMs === 0 ? true : undefined,
    domain: domain === '' ? undefined : domain,
    // A NATS server says it where both limits are configured.
    compress_ok: maxMemory >= 0 && maxStorage >= 0 ? true : undefined,
    strict: isStrict ? true : undefined,
  };
}

export interface Stats {
  readonly api: object;
  readonly [figure: string]: unknown;
}

export function statsKeys(accounts: readonly StreamAccount[]): Stats {
  const sum = (figure: (account: StreamAccount) => number): number =>
    accounts.reduce((total, account) => total + figure(account), 0);
  return {
    memory: sum(({ usage }) => usage.memory),
    storage: sum(({ usage }) => usage.file),
    reserved_memory: sum((account) => account.reservedIn('memory')),
    reserved_storage: sum((account) => account.reservedIn('file')),
    accounts: accounts.length,
    ha_assets: 0,
    api: {
      level: API_LEVEL,
      total: sum(({ api }) => api.total),
      errors: sum(({ api }) => api.errors),
      inflight: sum(({ api }) => api.inflight) || undefined,
    },
  };
}

export function limitKeys({ options: { limits } }: JetStreamConfig): object {
  return {
    default_max_consumers: limits?.defaultMaxConsumers ?? CONSUMERS_USUAL_MAX,
    max_request_batch: limits?.maxRequestBatch || undefined,
    max_ack_pending: limits?.maxAckPending || undefined,
    max_duplicate_window: limits?.duplicateWindowMs ? limits.duplicateWindowMs * NANOS_PER_MS : undefined,
  };
}
