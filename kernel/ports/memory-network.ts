import type { Duplex } from 'node:stream';
import { type MemoryLine, promptLine } from './memory-line.ts';
import { type MemoryEndOptions, MemoryTransport } from './memory-transport.ts';
import { NetworkError } from './network-error.ts';
import type { Clock, ConnectOptions, Listener, ListenOptions, Network } from './ports.ts';
import { bareHost, hostAndPort } from './socket-address.ts';
import { systemClock } from './system-clock.ts';
import { type Address, IN_PROCESS, type Transport } from './transport.ts';

type PairClock = Pick<Clock, 'after' | 'soon'>;

export interface MemoryPairOptions {
  clock?: PairClock;
  /** What one end may have sent that the other has not read, before `write` answers false. */
  capacityBytes?: number;
  /** Where the second end's reads land, as if the network had placed them. */
  readBuffer?: Uint8Array;
}

/** Two connected transports within this process. */
export function createMemoryPair(options: MemoryPairOptions = {}): [MemoryTransport, MemoryTransport] {
  const clock = options.clock ?? systemClock();
  const [local, remote] = [
    { host: IN_PROCESS, port: 1 },
    { host: IN_PROCESS, port: 2 },
  ];
  const end = (from: Address, to: Address): MemoryEndOptions => ({
    local: from,
    remote: to,
    line: promptLine(clock),
    clock,
    readBuffer: null,
    capacityBytes: options.capacityBytes,
  });
  const far = { ...end(remote, local), readBuffer: options.readBuffer ?? null };
  return MemoryTransport.pair(end(local, remote), far);
}

/** One end of a memory pair as a Node stream, so that ordinary Node code can talk through it. */
export function memoryDuplex(transport: Transport): Duplex {
  return transport.duplex();
}

const LOOPBACK = '127.0.0.1';
const FIRST_FREE_PORT = 49_152;

interface OpenListener {
  options: ListenOptions;
  accept: (transport: Transport) => void;
}

export interface MemoryNetworkOptions {
  clock?: PairClock;
  /** The way from one end to the other; prompt unless told. */
  line?: (from: Address, to: Address) => MemoryLine;
  capacityBytes?: number;
}

/** Listeners and connections by host and port, all within this process. */
export class MemoryNetwork implements Network {
  private readonly clock: PairClock;
  private readonly line: (from: Address, to: Address) => MemoryLine;
  private readonly capacityBytes: number | undefined;
  private readonly listeners = new Map<string, OpenListener>();
  private nextPort = FIRST_FREE_PORT;

  constructor(options: MemoryNetworkOptions = {}) {
    const clock = options.clock ?? systemClock();
    this.clock = clock;
    this.line = options.line ?? (() => promptLine(clock));
    this.capacityBytes = options.capacityBytes;
  }

  async listen(options: ListenOptions, accept: (transport: Transport) => void): Promise<Listener> {
    const host = bareHost(options.host);
    const port = options.port > 0 ? options.port : this.freePort();
    const key = keyOf(host, port);
    if (this.find(host, port) !== undefined) throw new NetworkError('listen', host, port, systemError('EADDRINUSE'));
    this.listeners.set(key, { options, accept });
    const close = async () => {
      this.listeners.delete(key);
    };
    return { host, port, close };
  }

  async connect(options: ConnectOptions): Promise<MemoryTransport> {
    const host = bareHost(options.host);
    return this.connectFrom({ host: LOOPBACK, port: this.freePort() }, { host, port: options.port }, options);
  }

  /** Connects with a client address of the caller's choice. */
  async connectFrom(from: Address, to: Address, options: Partial<ConnectOptions> = {}): Promise<MemoryTransport> {
    const listener = this.find(to.host, to.port);
    if (listener === undefined) throw new NetworkError('connect', to.host, to.port, systemError('ECONNREFUSED'));
    const end = { clock: this.clock, capacityBytes: this.capacityBytes };
    const [near, far] = MemoryTransport.pair(
      { ...end, local: from, remote: to, line: this.line(from, to), readBuffer: options.readBuffer ?? null },
      { ...end, local: to, remote: from, line: this.line(to, from), readBuffer: listener.options.readBuffer ?? null },
    );
    await new Promise<void>((resolve) => this.clock.soon(resolve));
    listener.accept(far);
    return near;
  }

  interfaceAddresses(): string[] {
    return [];
  }

  private find(host: string, port: number): OpenListener | undefined {
    return this.listeners.get(keyOf(host, port)) ?? this.listeners.get(keyOf('0.0.0.0', port));
  }

  private freePort(): number {
    return this.nextPort++;
  }
}

function keyOf(host: string, port: number): string {
  const canonical = host === 'localhost' || host === '::1' ? LOOPBACK : host === '::' || host === '' ? '0.0.0.0' : host;
  return hostAndPort(canonical, port);
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
