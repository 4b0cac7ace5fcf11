/** What all parts of the plugin draw from. */
import { type Account, type Broker, type Clock, type Log, type Random, wireJson } from '../../kernel/plugin-api.ts';
import type { MonitorEndpoints } from '../monitoring/contract.ts';
import type { ServerCluster, ServerPeers } from '../route/contract.ts';
import type { EventQueue } from './events/event-queue.ts';
import type { RemoteServers } from './events/remote-servers.ts';
import { Watchers } from './events/watchers.ts';
import type { ServerStamp } from './server-stamp.ts';

export interface SurroundingParts {
  readonly broker: Broker;
  readonly system: Account;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly stamp: ServerStamp;
  readonly monitor: MonitorEndpoints;
  readonly queue: EventQueue;
}

export class Surroundings {
  readonly broker: Broker;
  readonly system: Account;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly stamp: ServerStamp;
  readonly monitor: MonitorEndpoints;
  readonly queue: EventQueue;
  readonly watchers: Watchers;
  /** Null where no plugin connects servers. */
  remotes: RemoteServers | null = null;
  peers: ServerPeers | null = null;
  cluster: ServerCluster | null = null;
  /** In lame duck mode, and afterwards, the server says no more. */
  isSilent = false;

  constructor({ broker, system, clock, random, log, stamp, monitor, queue }: SurroundingParts) {
    this.broker = broker;
    this.system = system;
    this.clock = clock;
    this.random = random;
    this.log = log;
    this.stamp = stamp;
    this.monitor = monitor;
    this.queue = queue;
    this.watchers = new Watchers(system);
  }

  publish(account: Account, subject: string, body: object | string, header?: Uint8Array): void {
    if (this.isSilent) return;
    this.publishBytes(account, subject, Buffer.from(typeof body === 'string' ? body : wireJson(body)), header);
  }

  publishBytes(account: Account, subject: string, body: Uint8Array, header?: Uint8Array): void {
    if (!this.isSilent) this.broker.publisher.publish(account, { subject, body, header });
  }
}
