/** What a stream in files makes on the heap for each message: nothing that the garbage collector would have to look for. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemPorts } from '../../../kernel/ports/system-ports.ts';
import { plugin } from '../../../plugins/jetstream/index.ts';
import { openFileDriver } from '../../../storage-drivers/file/file-driver.ts';
import { MemoryDriver } from '../../../storage-drivers/memory/memory-driver.ts';
import { FastWire, QUIET } from '../../kits/broker-bench.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';
import { type PluginBench, startPlugin } from '../../kits/plugin-kit.ts';
import { until } from '../../kits/until.ts';

const READ = 65_536;
const ATTEMPTS = 8;
const ROUNDS = 40;
const TURNS = 12;
/** One that is handed on takes sixteen bytes, and what is laid down for many adds to it. */
const A_NUMBER = 24;

class Filled {
  private readonly bench: PluginBench;
  private readonly wire = new FastWire();

  constructor(bench: PluginBench) {
    this.bench = bench;
    bench.broker.listener.accept(this.wire);
    this.wire.receiver?.onBytes(Buffer.from(`${QUIET}SUB _R 1\r\nSUB in 2\r\n`));
  }

  async ask(endpoint: string, request: object): Promise<void> {
    const body = JSON.stringify(request);
    await this.written(0);
    this.say(`PUB $JS.API.${endpoint} _R ${body.length}\r\n${body}\r\n`);
    await this.written(1);
  }

  say(text: string): void {
    this.read(Buffer.from(text));
  }

  /** The way of the wire: into the arena. */
  read(input: Buffer): void {
    this.bench.broker.arena.readBuffer.set(input);
    this.wire.receiver?.onRead(input.length);
  }

  /** Waits for so many more bytes of output, and for what else is on its way. */
  async written(bytes: number): Promise<void> {
    await until(() => this.wire.written >= bytes);
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
    this.wire.written = 0;
  }
}

async function withFiles(play: (filled: Filled) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'gnatlet-allocation-'));
  const ports = createFakePorts();
  const file = await openFileDriver(systemPorts(), { directory, scrubIntervalMs: 0 });
  const capabilities = { 'storage.driver': { memory: new MemoryDriver(ports), file } };
  const bench = await startPlugin(plugin, { ports, capabilities, block: {} });
  try {
    await play(new Filled(bench));
  } finally {
    await bench.close();
    await file.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Heap bytes that something takes, or Infinity where the collector came in between. */
function grownBy(work: () => void): number {
  const before = process.memoryUsage().heapUsed;
  work();
  const grown = process.memoryUsage().heapUsed - before;
  return grown >= 0 ? grown : Number.POSITIVE_INFINITY;
}

test('storing a message makes nothing', () =>
  withFiles(async (filled) => {
    await filled.ask('STREAM.CREATE.S', { name: 'S', subjects: ['s.>'], storage: 'file' });
    const frame = `PUB s.a in 128\r\n${'x'.repeat(128)}\r\n`;
    const count = Math.floor(READ / frame.length);
    const input = Buffer.from(frame.repeat(count));
    let least = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const grown = grownBy(() => {
        for (let round = 0; round < ROUNDS; round++) filled.read(input);
      });
      least = Math.min(least, grown / (ROUNDS * count));
      await filled.written(ROUNDS * count * 'MSG in 2 27\r\n'.length);
    }
    assert.ok(least < A_NUMBER / 2, `${least.toFixed(1)} bytes a message`);
  }));

test('sending a message to a consumer makes no more than a number, nor does its acknowledgement', () =>
  withFiles(async (filled) => {
    await filled.ask('STREAM.CREATE.S', { name: 'S', subjects: ['s.>'], storage: 'file' });
    const batch = 4000;
    const frame = 'PUB s.a in 8\r\nabcdefgh\r\n';
    for (let stored = 0; stored < ATTEMPTS * batch; stored += 1000) {
      filled.read(Buffer.from(frame.repeat(1000)));
      await filled.written(1000 * 'MSG in 2 27\r\n'.length);
    }
    const config = { durable_name: 'C', ack_policy: 'explicit', max_ack_pending: -1 };
    await filled.ask('CONSUMER.DURABLE.CREATE.S.C', { stream_name: 'S', config });
    const request = `{"batch":${batch}}`;
    const pull = Buffer.from(`PUB $JS.API.CONSUMER.MSG.NEXT.S.C in ${request.length}\r\n${request}\r\n`);
    let [sent, acked] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      sent = Math.min(sent, grownBy(() => filled.read(pull)) / batch);
      await filled.written(batch * frame.length);
      const acks = acksFrom(attempt * batch + 1, batch);
      acked = Math.min(
        acked,
        grownBy(() => {
          for (const input of acks) filled.read(input);
        }) / batch,
      );
    }
    assert.ok(sent < A_NUMBER, `${sent.toFixed(1)} bytes a message`);
    assert.ok(acked < A_NUMBER, `${acked.toFixed(1)} bytes an acknowledgement`);
  }));

/** As they are read, so many messages from a sequence on. */
function acksFrom(from: number, count: number): Buffer[] {
  const inputs: Buffer[] = [];
  for (let seq = from; seq < from + count; seq += 500) {
    const one = (_: unknown, at: number): string => `PUB $JS.ACK.S.C.1.${seq + at}.${seq + at}.1.0 4\r\n+ACK\r\n`;
    inputs.push(Buffer.from(Array.from({ length: 500 }, one).join('')));
  }
  return inputs;
}

test.run();
