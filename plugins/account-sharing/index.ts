/** Exports and imports: what accounts let others see of their subjects, and what they take of others. */
import { type Account, definePlugin, type Message, type PluginContext } from '../../kernel/plugin-api.ts';
import type { ServerCluster } from '../route/contract.ts';
import { isSameShare, NOTHING_SHARED } from './config/share-options.ts';
import { sharesOf } from './config/share-rules.ts';
import { type SharingConfig, sharingSchema } from './config.ts';
import { SHARING, type Shares } from './contract.ts';
import { monitorSection } from './monitor-section.ts';
import { Sharing } from './sharing.ts';

export const plugin = definePlugin<SharingConfig, Sharing>({
  name: 'account-sharing',
  version: '1.0.0',
  api: [1],
  summary: 'Exports and imports of streams and services between accounts',
  provides: [
    { name: SHARING, cardinality: 'one' },
    { name: 'monitor.section', cardinality: 'chain' },
    { name: 'service.measures', cardinality: 'one' },
  ],
  requires: [{ name: 'server.cluster', cardinality: 'one', optional: true, isLate: true }],
  config: {
    key: 'account_sharing',
    accountKeys: ['exports', 'imports'],
    schema: sharingSchema,
    live: 'live',
  },

  register(ctx) {
    const sharing = new Sharing({ ctx, pendingMax: ctx.config.pendingMax, limits: ctx.config });
    ctx.tap('stats.collect', ({ more }) => {
      more['account_sharing.forgotten_measurements_total'] = sharing.measures.forgotten;
    });
    ctx.tap('account.created', (account) => sharing.accountCreated(account));
    ctx.tap('account.removed', (account) => sharing.accountRemoved(account));
    ctx.provide(SHARING, sharing);
    ctx.provide('monitor.section', monitorSection(sharing));
    ctx.provide('service.measures', sharing.measures);
    ctx.onDispose(() => sharing.close());
    return sharing;
  },

  init(ctx, sharing) {
    return applyChanges(ctx, sharing, { ...ctx.config, accounts: new Map() }, ctx.config);
  },

  ready(ctx, sharing) {
    const cluster = ctx.useOptional<ServerCluster>('server.cluster');
    const { system } = ctx.kernel.broker.accounts;
    if (cluster === undefined) return;
    sharing.clusterName = () => cluster.name;
    if (system !== null) ctx.subscribe(system, sharing.measures.subject, (half) => hear(sharing, half));
  },

  reload(ctx, sharing, { before, after }) {
    return applyChanges(ctx, sharing, before, after);
  },
});

/** Another server's half of a measurement. */
function hear({ measures }: Sharing, half: Message): boolean {
  measures.told(half);
  return true;
}

/** Accounts that say what they said before are left alone. */
function applyChanges(
  { kernel }: PluginContext<SharingConfig>,
  sharing: Sharing,
  before: SharingConfig,
  after: SharingConfig,
): Promise<void> {
  sharing.pendingMax = after.pendingMax;
  sharing.measures.limit(after);
  const pause = (): Promise<void> => new Promise((resolve) => kernel.ports.clock.soon(resolve));
  return sharing.shareAll(changesOf(before, after, kernel.broker.accounts), pause);
}

function* changesOf(
  before: SharingConfig,
  after: SharingConfig,
  accounts: PluginContext<SharingConfig>['kernel']['broker']['accounts'],
): Generator<readonly [Account, Shares]> {
  for (const name of new Set([...before.accounts.keys(), ...after.accounts.keys()])) {
    const [old, now] = [before.accounts.get(name), after.accounts.get(name)];
    if (old !== undefined && now !== undefined && isSameShare(old, now)) continue;
    const account = accounts.get(name);
    if (account !== undefined) yield [account, sharesOf(now ?? NOTHING_SHARED)];
  }
}
