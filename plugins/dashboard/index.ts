/** A page for operators, on the monitor: what the broker does just now. */
import { definePlugin, type EndpointText, type PluginContext } from '../../kernel/plugin-api.ts';
import type { MonitorAddress } from '../monitoring/contract.ts';
import { type DashboardConfig, dashboardSchema } from './config.ts';
import { pluginList } from './plugin-list.ts';
import { readPage, WITHOUT_SLASH } from './served-page.ts';
import { serverFigures } from './server-figures.ts';
import { Watch } from './watch.ts';

interface State {
  config: DashboardConfig;
  readonly watch: Watch;
  /** Read when somebody looks for the first time. */
  page: Promise<EndpointText> | null;
}

const PATH = '/dashboard';
const MONITOR = 'monitor.address';

export const plugin = definePlugin<DashboardConfig, State>({
  name: 'dashboard',
  version: '1.0.0',
  api: [1],
  summary: 'A page that shows what the broker does',
  requires: [{ name: MONITOR, cardinality: 'one', optional: true }],
  config: { key: 'dashboard', schema: dashboardSchema, live: 'live' },
  endpoints: [
    { path: PATH, summary: 'The page' },
    { path: `${PATH}/`, summary: 'Leads to the page' },
    { path: `${PATH}/server`, summary: 'Counters of drops and limits, by reason' },
    { path: `${PATH}/plugins`, summary: 'Plugins with their phases' },
  ],

  register(ctx) {
    const state: State = { config: ctx.config, watch: new Watch(ctx), page: null };
    ctx.endpoint(PATH, () => pageOf(ctx, state));
    ctx.endpoint(`${PATH}/`, () => WITHOUT_SLASH);
    ctx.endpoint(`${PATH}/server`, () => serverFigures(ctx.kernel, state.watch, state.config));
    ctx.endpoint(`${PATH}/plugins`, () => pluginList(ctx.describe()));
    return state;
  },

  ready(ctx) {
    const isOnMonitor = (ctx.useOptional<MonitorAddress>(MONITOR)?.urls().length ?? 0) > 0;
    if (!isOnMonitor) ctx.log.warn('nobody can see it: turn on the monitor by http');
  },

  reload(_ctx, state, { after }) {
    state.config = after;
  },
});

/** What could not be read is tried again the next time. */
function pageOf(ctx: PluginContext<DashboardConfig>, state: State): Promise<EndpointText> {
  state.page ??= readPage(ctx.kernel.ports.disk).catch((error: unknown) => {
    state.page = null;
    throw error;
  });
  return state.page;
}
