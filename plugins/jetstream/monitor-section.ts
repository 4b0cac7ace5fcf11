/** What the monitor shows of streams. */
import type { MonitorSection } from '../monitoring/contract.ts';
import type { StreamAccount } from './account/stream-account.ts';
import type { JetStreamConfig } from './config.ts';
import type { Streaming } from './index.ts';
import { jszEndpoint } from './jsz.ts';
import { configKeys, limitKeys, statsKeys } from './monitor-figures.ts';
import type { ServerLimits } from './server-limits.ts';

/** Until the storage is open. */
const NOTHING: ServerLimits = { maxMemory: 0, maxStorage: 0 };

export function monitorSection(config: JetStreamConfig, streaming: Streaming): MonitorSection {
  const { services } = streaming;
  const accounts = (): StreamAccount[] => Array.from(services.values(), ({ of }) => of);
  const limits = (): ServerLimits => streaming.storage?.limits ?? NOTHING;
  return {
    endpoints: [jszEndpoint(() => ({ config, limits: limits(), accounts: accounts() }))],
    varz: () => ({
      jetstream: { config: configKeys(config, limits()), stats: statsKeys(accounts()), limits: limitKeys(config) },
    }),
    account: ({ name }) => ({ jetstream_enabled: services.has(name) }),
  };
}
