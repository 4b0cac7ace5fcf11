/** What all endpoints draw from. */
import type { Clock, HookTypes, Pace } from '../../kernel/plugin-api.ts';
import type { ClosedConnections } from './closed-connections.ts';
import type { MonitoringConfig } from './config.ts';
import type { MonitorSection } from './contract.ts';
import type { Gate } from './gate.ts';
import type { ProcessFigures } from './process-figures.ts';
import type { Tally } from './tally.ts';

export type Broker = HookTypes['server'];
export type Connection = HookTypes['connection'];
export type Account = HookTypes['account'];
export type Subscription = HookTypes['subscription'];

/** Options the monitor shows if the kernel's options carry them. */
export interface ShownOptions {
  readonly closedClientsMax?: number;
  readonly serverTags?: readonly string[];
  readonly serverMetadata?: Readonly<Record<string, string>>;
  readonly featureFlags?: Readonly<Record<string, boolean>>;
  readonly configDigest?: string;
  readonly writeTimeout?: string;
}

export interface Monitor {
  readonly broker: Broker;
  readonly clock: Clock;
  config: MonitoringConfig;
  readonly sections: readonly MonitorSection[];
  readonly closed: ClosedConnections;
  readonly tally: Tally;
  readonly figures: ProcessFigures;
  /** How often each path was asked for. */
  readonly requests: Map<string, number>;
  /** When the configuration was last read. */
  configLoadedAt: number;
  /** The port that was really taken; 0 while there is none. */
  port: number;
  /** Long searches pass through it. */
  readonly gate: Gate;
  warn(text: string): void;
  pace(): Pace;
}

export function shownOptions(monitor: Monitor): ShownOptions {
  return monitor.broker.options as ShownOptions;
}

/** What stands at the head of most answers. */
export function heading({ broker, clock }: Monitor): { server_id: string; now: number } {
  return { server_id: broker.identity.id, now: clock.now() };
}
