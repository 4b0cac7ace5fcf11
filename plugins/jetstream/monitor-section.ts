/** What the monitor shows of streams. */
import type { MonitorSection } from '../monitoring/contract.ts';
import type { StreamAccount } from './account/stream-account.ts';
import type { JetStreamConfig } from './config.ts';
import type { Streaming } from './index.ts';
import { jszEndpoint } from './jsz.ts';
import { configKeys, limitKeys, statsKeys } from './monitor-figures.ts';

export function monitorSection(config: JetStreamConfig, { services }: Streaming): MonitorSection {
  const accounts = (): StreamAccount[] => Array.from(services.values(), ({ of }) => of);
  return {
    endpoints: [jszEndpoint(config, accounts)],
    varz: () => ({
      jetstream: { config: configKeys(config), stats: statsKeys(accounts()), limits: limitKeys(config) },
    }),
    account: ({ name }) => ({ jetstream_enabled: services.has(name) }),
  };
}
