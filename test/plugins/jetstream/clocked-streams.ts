/** Streams and consumers in a world whose time moves when it is told, and clients whose every byte is seen. */
import { plugin } from '../../../plugins/jetstream/index.ts';
import type { StorageDriver } from '../../../storage-drivers/contract.ts';
import { MemoryDriver } from '../../../storage-drivers/memory/memory-driver.ts';
import { QUIET, TestWire } from '../../kits/broker-bench.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';
import { type PluginBench, startPlugin } from '../../kits/plugin-kit.ts';

type FilesOf = (driver: MemoryDriver) => StorageDriver;

export class ClockedStreams {
  readonly driver: StorageDriver;
  private readonly bench: PluginBench;
  private readonly manager: TestWire;

  private constructor(bench: PluginBench, manager: TestWire, driver: StorageDriver) {
    this.bench = bench;
    this.manager = manager;
    this.driver = driver;
  }

  /** `files`: what keeps streams that want to be in files, made of what keeps all others. */
  static async open(files: FilesOf = (driver) => driver): Promise<ClockedStreams> {
    const ports = createFakePorts();
    const driver = new MemoryDriver(ports);
    const capabilities = { 'storage.driver': { memory: driver, file: files(driver) } };
    const bench = await startPlugin(plugin, { ports, capabilities, block: {} });
    const manager = new TestWire();
    const streams = new ClockedStreams(bench, manager, driver);
    await streams.accept(manager);
    manager.input('SUB _R 1\r\n');
    return streams;
  }

  async client(...subjects: string[]): Promise<ClockedClient> {
    const wire = new TestWire();
    await this.accept(wire);
    wire.input(subjects.map((subject, at) => `SUB ${subject} ${at + 1}\r\n`).join(''));
    await this.turn();
    wire.clear();
    return new ClockedClient(this, wire);
  }

  /** What the API answers, read as JSON: whatever a test wants to know of it. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of all kinds
  async ask(endpoint: string, request: object | string = ''): Promise<any> {
    const body = typeof request === 'string' ? request : JSON.stringify(request);
    this.manager.clear();
    this.manager.input(`PUB $JS.API.${endpoint} _R ${body.length}\r\n${body}\r\n`);
    await this.turn();
    const { text } = this.manager;
    const answer = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
    if (answer.error !== undefined) throw new Error(answer.error.description);
    return answer;
  }

  async stream(settings: object = {}): Promise<void> {
    await this.ask('STREAM.CREATE.S', { name: 'S', subjects: ['s.>'], storage: 'memory', ...settings });
  }

  consumer(config: object): ReturnType<ClockedStreams['ask']> {
    return this.ask('CONSUMER.CREATE.S.C', {
      stream_name: 'S',
      config: { name: 'C', durable_name: 'C', ack_policy: 'explicit', ...config },
    });
  }

  info(): ReturnType<ClockedStreams['ask']> {
    return this.ask('CONSUMER.INFO.S.C');
  }

  async store(subject: string, body: string): Promise<void> {
    this.manager.input(`PUB ${subject} ${body.length}\r\n${body}\r\n`);
    await this.turn();
  }

  async advance(milliseconds: number): Promise<void> {
    await this.bench.ports.clock.advance(milliseconds);
    await this.turn();
  }

  /** The clock of the machine is set. */
  jump(milliseconds: number): void {
    this.bench.ports.clock.jump(milliseconds);
  }

  /** Lines of the log that speak of something. */
  told(word: string): string[] {
    return this.bench.log.filter((line) => line.includes(word));
  }

  /** Lets everything happen that need not wait for the clock. */
  async turn(): Promise<void> {
    for (let round = 0; round < 12; round++) await new Promise((resolve) => setImmediate(resolve));
  }

  async close(): Promise<void> {
    await this.bench.close();
  }

  private async accept(wire: TestWire): Promise<void> {
    this.bench.broker.listener.accept(wire);
    wire.input(QUIET);
    await this.turn();
    wire.clear();
  }
}

export class ClockedClient {
  private readonly streams: ClockedStreams;
  private readonly wire: TestWire;

  constructor(streams: ClockedStreams, wire: TestWire) {
    this.streams = streams;
    this.wire = wire;
  }

  async publish(subject: string, body: string, reply = ''): Promise<void> {
    this.wire.input(`PUB ${subject} ${reply === '' ? '' : `${reply} `}${body.length}\r\n${body}\r\n`);
    await this.streams.turn();
  }

  pull(request: object | string, inbox = 'in'): Promise<void> {
    const body = typeof request === 'string' ? request : JSON.stringify(request);
    return this.publish('$JS.API.CONSUMER.MSG.NEXT.S.C', body, inbox);
  }

  send(bytes: string): Promise<void> {
    this.wire.input(bytes);
    return this.streams.turn();
  }

  /** What came since this was last asked, byte for byte. */
  heard(): string {
    const { text } = this.wire;
    this.wire.clear();
    return text;
  }
}

/** Plays something in a world of its own. */
export async function clocked(play: (streams: ClockedStreams) => Promise<void>, files?: FilesOf): Promise<void> {
  const streams = await ClockedStreams.open(files);
  try {
    await play(streams);
  } finally {
    await streams.close();
  }
}
