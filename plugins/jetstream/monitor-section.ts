/** What the monitor shows of streams. */
import type { Account, Disk, PluginContext } from '../../kernel/plugin-api.ts';
import { API_PREFIX } from '../../protocols/jetstream/api-subject.ts';
import type { MonitorSection } from '../monitoring/contract.ts';
import type { StreamAccount } from './account/stream-account.ts';
import type { JetStreamConfig } from './config.ts';
import { healthOf } from './health.ts';
import type { Streaming } from './index.ts';
import { jszEndpoint } from './jsz.ts';
import { configKeys, limitKeys, statsKeys } from './monitor-figures.ts';
import type { ServerLimits } from './server-limits.ts';

/** Until the storage is open. */
const NOTHING: ServerLimits = { maxMemory: 0, maxStorage: 0 };

export function monitorSection(ctx: PluginContext<JetStreamConfig>, streaming: Streaming): MonitorSection {
  const { config, kernel } = ctx;
  const { services } = streaming;
  const accounts = (): StreamAccount[] => Array.from(services.values(), ({ of }) => of);
  const limits = (): ServerLimits => streaming.storage?.limits ?? NOTHING;
  return {
    endpoints: [jszEndpoint(() => ({ config, limits: limits(), accounts: accounts() }))],
    varz: () => ({
      jetstream: { config: configKeys(config, limits()), stats: statsKeys(accounts()), limits: limitKeys(config) },
    }),
    health: (query) =>
      healthOf(
        {
          accounts: accounts(),
          drivers: streaming.watch?.drivers ?? [],
          watches: streaming.watch?.damage ?? [],
          directoryProblem: () => directoryProblem(kernel.ports.disk, streaming.storage?.directory ?? null),
        },
        query,
      ),
    account: (account) => ({
      jetstream_enabled: services.has(account.name),
      ...apiSharing(account, kernel.broker.accounts.system),
    }),
  };
}

/** As a NATS server shows it: every account has the requests from the system account, whether it may have streams or not. */
function apiSharing(account: Account, system: Account | null): object {
  const subject = `${API_PREFIX}>`;
  if (account === system) return { exports: [{ subject, type: 'service', response_type: 'Singleton' }] };
  if (system === null) return {};
  const places = { subject, account: system.name, to: subject, local_subject: subject };
  return { imports: [{ ...places, type: 'service', invalid: false, share: true, tracking: false }] };
}

/** Files that are held open outlive their directory: nothing else would notice before it is too late. */
async function directoryProblem(disk: Disk, directory: string | null): Promise<string | null> {
  if (directory === null) return null;
  try {
    if ((await disk.list(directory)).length > 0) return null;
    return `JetStream store directory ${directory} is empty: its files are gone`;
  } catch (error) {
    return `JetStream store directory ${directory} can not be read: ${(error as Error).message}`;
  }
}
