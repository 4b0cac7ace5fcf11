/** Figures for Prometheus, on the monitor and on a port of its own. */
import { definePlugin, type Listener, type PluginContext } from '../../kernel/plugin-api.ts';
import type { MonitorAddress, MonitorSection } from '../monitoring/contract.ts';
import { type MetricsConfig, metricsSchema } from './config.ts';
import { Metrics } from './metrics.ts';
import { MetricsPort } from './metrics-port.ts';
import { ProcessMeter } from './process-meter.ts';
import { Watch } from './watch.ts';

type Context = PluginContext<MetricsConfig>;

interface State {
  readonly metrics: Metrics;
  readonly meter: ProcessMeter;
  /** Takes back that the meter will rest. */
  stayAwake: () => void;
  door: Door | null;
}

interface Door {
  readonly listener: Listener;
  readonly port: MetricsPort;
}

/** On the monitor. */
const PATH = '/metrics';
const SECTION = 'monitor.section';
const MONITOR = 'monitor.address';
/** Nobody scrapes any more. */
export const UNSEEN_MS = 300_000;

export const plugin = definePlugin<MetricsConfig, State>({
  name: 'metrics',
  version: '1.0.0',
  api: [1],
  summary: 'Figures for Prometheus',
  mayComeAndGo: true,
  requires: [
    { name: SECTION, cardinality: 'chain', optional: true },
    { name: MONITOR, cardinality: 'one', optional: true },
  ],
  config: { key: 'metrics', schema: metricsSchema, live: 'live' },
  endpoints: [{ path: PATH, summary: 'Figures for Prometheus' }],

  register(ctx) {
    const { broker, ports } = ctx.kernel;
    const meter = new ProcessMeter(ports.clock);
    const watch = new Watch(ctx);
    const { config, kernel } = ctx;
    const metrics = new Metrics({ config, kernel, watch, meter, describe: () => ctx.describe() });
    const state: State = { metrics, meter, stayAwake: () => {}, door: null };
    ctx.tap('account.removed', (account) => metrics.accountRemoved(account));
    ctx.tap('server.reload', () => {
      metrics.configLoadedAt = broker.clock.now();
    });
    ctx.endpoint(PATH, ({ accept = '' }) => answer(ctx, state, accept));
    ctx.onDispose(() => meter.rest());
    return state;
  },

  init(ctx, { metrics }) {
    for (const { value } of ctx.useAll<MonitorSection>(SECTION)) metrics.sections.push(value);
  },

  listen: (ctx, state) => openDoor(ctx, state, ctx.config),

  ready(ctx, { door }) {
    const isOnMonitor = (ctx.useOptional<MonitorAddress>(MONITOR)?.urls().length ?? 0) > 0;
    if (door !== null || isOnMonitor) return;
    ctx.log.warn('nobody can scrape: give it a port, or turn on the monitor by http');
  },

  async reload(ctx, state, { before, after }) {
    state.metrics.apply(after);
    if (before.host === after.host && before.port === after.port) return;
    await closeDoor(state);
    await openDoor(ctx, state, after);
  },

  close: (_ctx, state) => closeDoor(state),
});

/** Some things are measured as long as somebody looks now and then. */
function answer(ctx: Context, state: State, accept: string): ReturnType<Metrics['answer']> {
  state.stayAwake();
  state.stayAwake = ctx.after(UNSEEN_MS, () => state.meter.rest());
  return state.metrics.answer(accept);
}

async function openDoor(ctx: Context, state: State, config: MetricsConfig): Promise<void> {
  if (config.port === 0) return;
  const { ports, broker, log } = ctx.kernel;
  const { metrics } = state;
  const port = new MetricsPort({
    clock: ports.clock,
    log: ctx.log,
    path: () => metrics.config.path,
    answer: (accept) => answer(ctx, state, accept),
    turnedAway: () => {
      metrics.refused++;
    },
  });
  await port.open();
  const where = { host: config.host === '' ? broker.options.host : config.host, port: config.port };
  const listener = await bind(ctx, where, port);
  state.door = { listener, port };
  log.info(`Serving metrics on http://${hostAndPort(listener)}${config.path}`);
}

async function bind(ctx: Context, where: Where, port: MetricsPort): Promise<Listener> {
  try {
    return await ctx.kernel.ports.network.listen(where, (transport) => port.visit(transport.duplex()));
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`metrics: cannot listen on ${hostAndPort(where)}: ${message}`, { cause: error });
  }
}

async function closeDoor(state: State): Promise<void> {
  const { door } = state;
  state.door = null;
  door?.port.close();
  await door?.listener.close();
}

type Where = Pick<Listener, 'host' | 'port'>;

function hostAndPort({ host, port }: Where): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
