/** The monitor: what the broker does, over HTTP. */
import {
  type Address,
  definePlugin,
  type Listener,
  type Log,
  Pace,
  type PluginContext,
  type Transport,
} from '../../kernel/plugin-api.ts';
import type { TlsContexts } from '../tls/contract.ts';
import { hostAndPort, schemeOf, urlsFor } from './address.ts';
import { ClosedConnections } from './closed-connections.ts';
import { type MonitoringConfig, monitoringSchema, reloadAnswer } from './config.ts';
import { factsOf, subscriptionsOf } from './connection-facts.ts';
import type { MonitorAddress, MonitorSection } from './contract.ts';
import { Gate } from './gate.ts';
import { Reception } from './http/reception.ts';
import type { Monitor, ShownOptions } from './monitor.ts';
import { ProcessFigures } from './process-figures.ts';
import { Questions } from './questions.ts';
import { Tally } from './tally.ts';

type Context = PluginContext<MonitoringConfig>;

interface State {
  readonly monitor: Monitor;
  readonly questions: Questions;
  readonly sections: MonitorSection[];
  tls: TlsContexts | null;
  listener: Listener | null;
}

const CLOSED_MAX = 10_000;
const NOT_STARTED = "Can't start monitoring:";

/** What is served whether or not other plugins add to it. */
const OWN_PATHS = ['/varz', '/connz', '/subsz', '/subscriptionsz', '/accountz', '/accstatz', '/healthz'];

export const plugin = definePlugin<MonitoringConfig, State>({
  name: 'monitoring',
  version: '1.0.0',
  api: [1],
  summary: 'Tells over HTTP what the broker does',
  provides: [
    { name: 'monitor.address', cardinality: 'one' },
    { name: 'monitor.endpoints', cardinality: 'one' },
  ],
  requires: [
    { name: 'monitor.section', cardinality: 'chain', optional: true, isLate: true },
    { name: 'tls.contexts', cardinality: 'one', optional: true },
  ],
  config: {
    key: 'http',
    also: [
      { key: 'https' },
      { key: 'http_port', aliases: ['monitor_port'] },
      { key: 'https_port' },
      { key: 'http_base_path' },
      { key: 'http_max_connections' },
    ],
    schema: monitoringSchema,
    live: reloadAnswer,
  },
  flags: [
    { name: 'http_port', aliases: ['m'], takes: 'integer', summary: 'Port of the monitor' },
    { name: 'https_port', aliases: ['ms'], takes: 'integer', summary: 'Port of the monitor over TLS' },
  ],
  endpoints: OWN_PATHS.map((path) => ({ path, summary: `What ${path} of a NATS server shows` })),

  register(ctx) {
    const sections: MonitorSection[] = [];
    const monitor = createMonitor(ctx, sections);
    const questions = new Questions(monitor);
    const state: State = { monitor, questions, sections, tls: null, listener: null };
    ctx.tap('connection.closed', (connection) => {
      monitor.tally.closed(connection);
      const facts = factsOf(connection, sections, monitor.clock.now());
      if (facts.kind !== '') monitor.closed.add(facts, subscriptionsOf(connection));
    });
    ctx.tap('server.reload', () => {
      monitor.configLoadedAt = monitor.clock.now();
    });
    ctx.provide('monitor.address', { urls: () => urlsOf(ctx, state) } satisfies MonitorAddress);
    ctx.provide('monitor.endpoints', questions);
    return state;
  },

  init(ctx, state) {
    state.tls = ctx.useOptional<TlsContexts>('tls.contexts') ?? null;
    checkPorts(ctx.config, state.tls);
    for (const path of OWN_PATHS) ctx.endpoint(path, ({ query }) => state.questions.answer(path, query));
  },

  listen: (ctx, state) => listen(ctx, state),

  reload(_ctx, { monitor }, { after }) {
    monitor.config = after;
  },
});

function urlsOf(ctx: Context, { listener }: State): string[] {
  if (listener === null) return [];
  return urlsFor(schemeOf(ctx.config), listener, ctx.kernel.ports.network.interfaceAddresses());
}

function createMonitor(ctx: Context, sections: readonly MonitorSection[]): Monitor {
  const { broker, ports, log } = ctx.kernel;
  const { clock } = ports;
  const { closedClientsMax = CLOSED_MAX } = broker.options as ShownOptions;
  return {
    broker,
    clock,
    config: ctx.config,
    sections,
    closed: new ClosedConnections(closedClientsMax),
    tally: new Tally(),
    figures: new ProcessFigures(clock),
    requests: new Map(),
    configLoadedAt: broker.startedAt,
    port: 0,
    gate: new Gate(),
    warn: (text) => log.warn(text),
    pace: () => new Pace(clock),
  };
}

function checkPorts({ httpPort, httpsPort }: MonitoringConfig, tls: TlsContexts | null): void {
  if (httpPort !== 0 && httpsPort !== 0) {
    throw new Error(`${NOT_STARTED} can't specify both HTTP (${httpPort}) and HTTPs (${httpsPort}) ports`);
  }
  if (httpsPort !== 0 && tls?.client == null) throw new Error(`${NOT_STARTED} TLS cert and key required for HTTPS`);
}

/** Without a port the monitor still counts, and answers within the process. */
async function listen(ctx: Context, state: State): Promise<void> {
  for (const { value } of ctx.useAll<MonitorSection>('monitor.section')) state.sections.push(value);
  const { httpPort, httpsPort } = ctx.config;
  if (httpPort === 0 && httpsPort === 0) return;
  const { monitor } = state;
  const { log } = ctx.kernel;
  const http = new Reception({
    log: ctx.log,
    load: () => state.questions.overHttp(ctx.log, () => ctx.endpoints()),
    waitingMax: () => monitor.config.connectionsMax,
  });
  ctx.onDispose(() => http.close());
  ctx.tap('stats.collect', ({ more }) => {
    more['monitoring.turned_away_total'] = http.turnedAway;
    more['monitoring.cut_off_total'] = http.cutOff;
  });
  const host = ctx.config.host === '' ? monitor.broker.options.host : ctx.config.host;
  const listener = await bind(ctx, { host, port: httpsPort || httpPort }, (transport) => {
    if (httpsPort === 0) http.visit(transport.duplex());
    else void visitOverTls(state, http, transport, ctx.log);
  });
  state.listener = listener;
  monitor.port = listener.port;
  log.info(`Starting ${schemeOf(ctx.config)} monitor on ${hostAndPort(listener)}`);
}

async function bind(ctx: Context, where: Address, accept: (transport: Transport) => void): Promise<Listener> {
  try {
    const listener = await ctx.kernel.ports.network.listen(where, accept);
    ctx.onDispose(() => listener.close());
    return listener;
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`${NOT_STARTED} can't listen to the monitor port: ${message}`, { cause: error });
  }
}

/** Whoever looks at the monitor is never asked for a certificate. */
async function visitOverTls({ tls }: State, http: Reception, transport: Transport, log: Log): Promise<void> {
  const settings = tls?.client;
  if (tls == null || settings == null) {
    transport.destroy();
    return;
  }
  try {
    const { stream } = await tls.accept(transport.duplex(), settings, { asksForCertificate: false });
    http.visit(stream);
  } catch (error) {
    log.error(`TLS handshake error from ${hostAndPort(transport.remote)}: ${(error as Error).message}`);
  }
}
