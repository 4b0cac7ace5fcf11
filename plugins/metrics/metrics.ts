/** From a request to the text that answers it. */
import {
  type EndpointText,
  endpointText,
  type HookTypes,
  type HostDescription,
  type KernelServices,
  Pace,
} from '../../kernel/plugin-api.ts';
import type { MonitorSection } from '../monitoring/contract.ts';
import { AccountPlaces } from './account-places.ts';
import type { MetricsConfig } from './config.ts';
import { dialectFor } from './exposition/dialect.ts';
import type { Family } from './exposition/family.ts';
import { printed } from './exposition/print.ts';
import { contributedFamilies } from './families/contributed.ts';
import { exporterFamilies } from './families/exporter.ts';
import { ownFamilies } from './families/own.ts';
import { processFamilies } from './families/process.ts';
import { healthOf } from './health.ts';
import type { Look } from './look.ts';
import type { Meter } from './process-meter.ts';
import { type Reading, takeReading } from './reading.ts';
import type { Watch } from './watch.ts';

export interface MetricsParts {
  readonly config: MetricsConfig;
  readonly kernel: KernelServices;
  readonly watch: Watch;
  readonly meter: Meter;
  readonly describe: () => Pick<HostDescription, 'plugins'>;
}

export class Metrics {
  config: MetricsConfig;
  readonly sections: MonitorSection[] = [];
  configLoadedAt: number;
  /** Scrapers that were turned away. */
  refused = 0;
  readonly places: AccountPlaces;
  private readonly parts: MetricsParts;
  private served = 0;
  private looking: Promise<Look> | null = null;

  constructor(parts: MetricsParts) {
    this.parts = parts;
    this.config = parts.config;
    this.configLoadedAt = parts.kernel.broker.startedAt;
    this.places = new AccountPlaces(parts.config.maxAccounts);
  }

  apply(config: MetricsConfig): void {
    this.config = config;
    this.places.resize(config.maxAccounts);
  }

  /** The look is taken before anything is answered; the text is made while it is taken. */
  async answer(accept: string): Promise<EndpointText> {
    const dialect = dialectFor(accept);
    this.served++;
    const look = await this.look();
    const { broker, ports } = this.parts.kernel;
    const common = { server_id: broker.identity.id, server_name: broker.name };
    return endpointText(dialect.contentType, printed(familiesOf(look), dialect, common, new Pace(ports.clock)));
  }

  accountRemoved(account: HookTypes['account']): void {
    this.places.removed(account, this.parts.watch.pastOthersOf(account));
  }

  /** Those who ask at once look once. */
  private look(): Promise<Look> {
    this.looking ??= this.takeLook().finally(() => {
      this.looking = null;
    });
    return this.looking;
  }

  private async takeLook(): Promise<Look> {
    const { kernel, watch, meter, describe } = this.parts;
    const { broker } = kernel;
    const { clock } = kernel.ports;
    const { sections, places } = this;
    const health = await healthOf(broker, sections);
    const reading = await takeReading({ broker, clock, places, watch, sections });
    return {
      broker,
      clock,
      sections,
      watch,
      health,
      reading,
      prefix: this.config.prefix,
      process: meter.read(),
      description: describe(),
      hooks: hooksOf(kernel),
      contributed: contributedTo(kernel, reading),
      scrapes: { served: this.served, refused: this.refused },
      configLoadedAt: this.configLoadedAt,
    };
  }
}

function* familiesOf(look: Look): Iterable<Family> {
  yield* exporterFamilies(look);
  yield* ownFamilies(look);
  yield* processFamilies(look);
  yield* contributedFamilies(look.contributed);
}

function hooksOf({ hooks }: KernelServices): Look['hooks'] {
  return Object.values(hooks).map(({ name, slot, throws }) => ({ name, isTapped: slot !== null, count: throws }));
}

/** The sums are there already: to ask the broker for its statistics would make them again, and all in one go. */
function contributedTo({ broker, hooks }: KernelServices, reading: Reading): Readonly<Record<string, unknown>> {
  const statistics: HookTypes['statistics'] = {
    connections: broker.connections.size,
    totalConnections: broker.totalConnections,
    subscriptions: reading.sublists.subscriptions,
    accounts: reading.accountCount,
    staleConnections: broker.staleConnections,
    slowConsumers: broker.slowConsumerCount,
    stalls: broker.flow.stalls,
    outboundBytes: broker.flow.pool.heapBytes,
    limitHits: { ...broker.limitHits },
    traffic: { ...reading.traffic },
    more: {},
  };
  hooks.statsCollect.slot?.(statistics);
  return statistics.more;
}
