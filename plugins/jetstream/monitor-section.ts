/** What the monitor shows of streams. */
import type { MonitorSection } from '../monitoring/contract.ts';
import type { StreamAccount } from './account/stream-account.ts';
import type { JetStreamConfig } from './config.ts';
import type { Streaming } from './index.ts';
import { directoryOf } from './storage.ts';
import { API_LEVEL } from './wire/api-level.ts';

const NANOS_PER_MS = 1e6;

export function monitorSection(config: JetStreamConfig, { services }: Streaming): MonitorSection {
  const accounts = (): StreamAccount[] => Array.from(services.values(), ({ of }) => of);
  return {
    varz: () => ({
      jetstream: { config: configKeys(config), stats: statsKeys(accounts()), limits: limitKeys(config) },
    }),
    account: ({ name }) => ({ jetstream_enabled: services.has(name) }),
  };
}

function configKeys(config: JetStreamConfig): object {
  const { maxMemory, maxStorage, syncIntervalMs, domain, isStrict } = config.options;
  return {
    max_memory: maxMemory,
    max_storage: maxStorage,
    store_dir: directoryOf(config),
    sync_interval: syncIntervalMs > 0 ? syncIntervalMs * NANOS_PER_MS : undefined,
    sync_always: syncIntervalMs === 0 ? true : undefined,
    domain: domain === '' ? undefined : domain,
    compress_ok: true,
    strict: isStrict ? true : undefined,
  };
}

function statsKeys(accounts: readonly StreamAccount[]): object {
  const sum = (figure: (account: StreamAccount) => number): number =>
    accounts.reduce((total, account) => total + figure(account), 0);
  return {
    memory: sum(({ usage }) => usage.memory),
    storage: sum(({ usage }) => usage.file),
    reserved_memory: sum((account) => account.reservations('').memory),
    reserved_storage: sum((account) => account.reservations('').storage),
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

function limitKeys({ options: { limits } }: JetStreamConfig): object {
  return {
    max_request_batch: limits?.maxRequestBatch || undefined,
    max_ack_pending: limits?.maxAckPending || undefined,
    max_duplicate_window: limits?.duplicateWindowMs ? limits.duplicateWindowMs * NANOS_PER_MS : undefined,
  };
}
