import type { FastRandom } from './fast-random.ts';
import type { MemoryLine } from './memory-line.ts';
import { MemoryNetwork } from './memory-network.ts';
import { connectionReset, type MemoryTransport } from './memory-transport.ts';
import { NetworkError } from './network-error.ts';
import type { ConnectOptions, Listener, ListenOptions, Network } from './ports.ts';
import type { SimulatedClock } from './simulated-clock.ts';
import { bareHost } from './socket-address.ts';
import type { Transport } from './transport.ts';

export interface NetworkTemper {
  /** How long bytes are under way, at least and at most. */
  latencyMs: [least: number, most: number];
  /** How likely it is that a new connection is cut some time, and the latest moment of its life it happens. */
  cutChance: number;
  cutWithinMs: number;
  capacityBytes: number;
}

const CALM: NetworkTemper = { latencyMs: [0.05, 2], cutChance: 0, cutWithinMs: 10_000, capacityBytes: 64 * 1024 };
const CONNECT_TIMEOUT_MS = 10_000;
const LOOPBACKS = new Set(['localhost', '127.0.0.1', '::1', '0.0.0.0', '::', '']);

interface Connection {
  near: MemoryTransport;
  machines: [string, string];
}

/** The wires between simulated machines: slow, choppy, and cut or split at will. */
export class SimulatedNetwork {
  private readonly clock: SimulatedClock;
  private readonly random: FastRandom;
  private readonly temper: NetworkTemper;
  private readonly wires: MemoryNetwork;
  private readonly splits = new Set<string>();
  private connections: Connection[] = [];
  private stalled: SimulatedLine[] = [];
  private nextPort = 20_000;

  constructor(clock: SimulatedClock, random: FastRandom, temper: Partial<NetworkTemper>) {
    this.clock = clock;
    this.random = random;
    this.temper = { ...CALM, ...temper };
    this.wires = new MemoryNetwork({
      clock,
      capacityBytes: this.temper.capacityBytes,
      line: (from, to) => new SimulatedLine(this, clock, random, [from.host, to.host]),
    });
  }

  /** The network as one machine sees it. */
  at(machine: string): Network {
    return {
      listen: (options, accept) => this.listen(machine, options, accept),
      connect: (options) => this.connect(machine, options),
      interfaceAddresses: () => [machine],
    };
  }

  /** Resets every connection between two machines; new ones can be made. */
  cut(one: string, other: string): void {
    for (const { near, machines } of this.connections) {
      if (machines.includes(one) && machines.includes(other)) near.breakWire(connectionReset());
    }
  }

  /** Nothing passes between two machines until they are joined again. Their connections just fall silent. */
  split(one: string, other: string): void {
    this.splits.add(splitKey(one, other));
  }

  join(one: string, other: string): void {
    this.splits.delete(splitKey(one, other));
    const lines = this.stalled;
    this.stalled = [];
    for (const line of lines) line.retry();
  }

  isSplit(one: string, other: string): boolean {
    return this.splits.has(splitKey(one, other));
  }

  /** Keeps a line whose machines are split until they are joined. */
  stall(line: SimulatedLine): void {
    this.stalled.push(line);
  }

  latency(): number {
    const [least, most] = this.temper.latencyMs;
    return least + this.random.fraction() * (most - least);
  }

  private async listen(
    machine: string,
    options: ListenOptions,
    accept: (transport: Transport) => void,
  ): Promise<Listener> {
    const port = options.port > 0 ? options.port : this.nextPort++;
    const listener = await this.wires.listen({ ...options, host: machine, port }, accept);
    return { ...listener, host: bareHost(options.host) };
  }

  private async connect(machine: string, options: ConnectOptions): Promise<Transport> {
    const wanted = bareHost(options.host);
    const target = LOOPBACKS.has(wanted) ? machine : wanted;
    await this.pass(this.latency());
    if (this.isSplit(machine, target)) {
      await this.pass(options.timeoutMs ?? CONNECT_TIMEOUT_MS);
      throw new NetworkError('connect', target, options.port, timedOut());
    }
    const from = { host: machine, port: this.nextPort++ };
    const near = await this.wires.connectFrom(from, { host: target, port: options.port }, options);
    this.remember({ near, machines: [machine, target] });
    return near;
  }

  private remember(connection: Connection): void {
    this.connections = this.connections.filter(({ near }) => !near.isOver);
    this.connections.push(connection);
    const { cutChance, cutWithinMs } = this.temper;
    if (this.random.fraction() >= cutChance) return;
    const time = this.clock.monotonic() + this.random.fraction() * cutWithinMs;
    this.clock.at(time, () => connection.near.breakWire(connectionReset()));
  }

  private pass(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.clock.at(this.clock.monotonic() + milliseconds, resolve));
  }
}

/** One direction of one connection. */
class SimulatedLine implements MemoryLine {
  readonly spoilsReads = true;
  private readonly network: SimulatedNetwork;
  private readonly clock: SimulatedClock;
  private readonly random: FastRandom;
  private readonly machines: [string, string];
  private readonly underWay: (() => void)[] = [];
  private latest = 0;
  private stalledCount = 0;

  constructor(network: SimulatedNetwork, clock: SimulatedClock, random: FastRandom, machines: [string, string]) {
    this.network = network;
    this.clock = clock;
    this.random = random;
    this.machines = machines;
  }

  carry(arrive: () => void): void {
    this.underWay.push(arrive);
    this.schedule();
  }

  soon(run: () => void): void {
    this.clock.soon(run);
  }

  /** Often all there is, sometimes any part of it, sometimes a few bytes. */
  cut(available: number): number {
    const mood = this.random.below(8);
    if (mood === 0) return 1 + this.random.below(Math.min(available, 8));
    if (mood < 3) return 1 + this.random.below(available);
    return available;
  }

  retry(): void {
    const count = this.stalledCount;
    this.stalledCount = 0;
    for (let index = 0; index < count; index++) this.schedule();
  }

  private schedule(): void {
    this.latest = Math.max(this.latest, this.clock.monotonic() + this.network.latency());
    this.clock.at(this.latest, () => this.arriveNext());
  }

  /** Which of several arrivals at one moment comes first is chance, but what arrives is always the eldest. */
  private arriveNext(): void {
    if (!this.network.isSplit(...this.machines)) this.underWay.shift()!();
    else if (this.stalledCount++ === 0) this.network.stall(this);
  }
}

function splitKey(one: string, other: string): string {
  return [one, other].sort().join(' | ');
}

function timedOut(): Error {
  return Object.assign(new Error('no answer came in time'), { code: 'ETIMEDOUT' });
}
