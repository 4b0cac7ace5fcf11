/** A broker on the workbench: fake time, and clients whose wires the test holds in its hands. */
import { Broker } from '../../kernel/broker.ts';
import { type BrokerOptions, DEFAULT_BROKER_OPTIONS } from '../../kernel/broker-options.ts';
import { createHooks } from '../../kernel/hooks/hooks.ts';
import { type Log, SILENT_LOG } from '../../kernel/log.ts';
import type { Receiver, Transport } from '../../kernel/ports/transport.ts';
import { createFakePorts } from './fake-ports.ts';

/** A wire with a tap: while it is stuck nothing that is written gets through. */
export class TestWire implements Transport {
  readonly kind = 'tcp';
  readonly remote = { host: '127.0.0.1', port: 50_000 };
  readonly local = { host: '127.0.0.1', port: 4222 };
  readonly tls = null;
  isStuck = false;
  isPaused = false;
  isEnded = false;
  isDestroyed = false;
  /** What has come out at the other end. */
  readonly received: Buffer[] = [];
  private held: Uint8Array[] = [];
  receiver: Receiver | null = null;

  get unsentBytes(): number {
    return this.held.reduce((sum, piece) => sum + piece.length, 0);
  }

  get text(): string {
    return Buffer.concat(this.received).toString('latin1');
  }

  /** Forgets what has come out so far. */
  clear(): void {
    this.received.length = 0;
  }

  /** Bytes from the client. */
  input(bytes: string | Uint8Array): void {
    this.receiver?.onBytes(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** What was stuck gets through. */
  drain(): void {
    const pieces = this.held;
    this.held = [];
    for (const piece of pieces) this.received.push(Buffer.from(piece));
    if (pieces.length > 0) this.receiver?.onWritten();
  }

  start(receiver: Receiver): void {
    this.receiver = receiver;
  }

  write(bytes: Uint8Array): boolean {
    return this.writeAll([bytes]);
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    if (this.held.length > 0) throw new Error('written to while busy');
    if (this.isStuck) this.held = [...pieces];
    else for (const piece of pieces) this.received.push(Buffer.from(piece));
    return !this.isStuck;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.isEnded = true;
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  peek(): Promise<Uint8Array> {
    throw new Error('nothing here peeks');
  }

  discard(): void {}

  duplex(): never {
    throw new Error('nothing here takes the wire');
  }
}

/** A wire that reads straight into the arena, as TCP does, and forgets what is written to it. */
export class FastWire extends TestWire {
  written = 0;

  override write(bytes: Uint8Array): boolean {
    this.written += bytes.length;
    return true;
  }
}

export const QUIET = 'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"protocol":1}\r\n';

export class BrokerBench {
  readonly ports = createFakePorts();
  readonly broker: Broker;

  /** `tapThrew` is told what plugins throw; unless given, nothing may. */
  constructor(
    options: Partial<BrokerOptions> = {},
    tapThrew: (error: unknown) => void = assertNever,
    log: Log = SILENT_LOG,
  ) {
    const hooks = createHooks({ tapThrew: (_hook, _plugin, error) => tapThrew(error) });
    this.broker = new Broker({
      options: { ...DEFAULT_BROKER_OPTIONS, ...options },
      ports: this.ports,
      hooks,
      log,
    });
  }

  /** A client that has said what it has to say, and got its INFO. */
  async client(input = QUIET): Promise<TestWire> {
    const wire = new TestWire();
    this.broker.listener.accept(wire);
    wire.input(input);
    await this.turn();
    wire.clear();
    return wire;
  }

  /** Lets this turn's output leave. */
  async turn(): Promise<void> {
    for (let round = 0; round < 4; round++) await new Promise((resolve) => setImmediate(resolve));
  }
}

function assertNever(error: unknown): never {
  throw error;
}
