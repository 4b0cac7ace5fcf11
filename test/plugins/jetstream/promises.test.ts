/** What an answer of a stream promises: nothing is said, and nothing is shown, before it is as durable as it gets. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PendingMessages } from '../../../plugins/jetstream/consumer/pending-messages.ts';
import { plugin } from '../../../plugins/jetstream/index.ts';
import type { DurabilityListener, OpenedStore, OpenOptions } from '../../../storage-drivers/contract.ts';
import { MemoryDriver } from '../../../storage-drivers/memory/memory-driver.ts';
import { QUIET, TestWire } from '../../kits/broker-bench.ts';
import { createFakePorts, type FakePorts } from '../../kits/fake-ports.ts';
import { type PluginBench, startPlugin } from '../../kits/plugin-kit.ts';
import { clocked } from './clocked-streams.ts';

const { supports: MEMORY } = new MemoryDriver(createFakePorts());

/** Keeps everything, and calls it durable when it is told to. */
class SlowDriver extends MemoryDriver {
  override readonly supports = { ...MEMORY, durable: 'power' } as const;
  private readonly settling: (() => void)[] = [];
  isSlow = false;

  override async open(id: string, options?: OpenOptions): Promise<OpenedStore> {
    const opened = await super.open(id, options);
    return { ...opened, store: this.slowed(opened.store) };
  }

  settle(): void {
    for (const settled of this.settling) settled();
  }

  private slowed(store: OpenedStore['store']): OpenedStore['store'] {
    let durable = store.durableTicket;
    let listener: DurabilityListener | null = null;
    const settled = (): void => {
      durable = store.durableTicket;
      listener?.durable(durable);
    };
    this.settling.push(settled);
    return new Proxy(store, {
      get: (target, name) => {
        if (name === 'durableTicket') return this.isSlow ? durable : target.durableTicket;
        if (name === 'onDurable') {
          return (given: DurabilityListener | null) => {
            listener = given;
          };
        }
        const value = Reflect.get(target, name, target) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}

interface Played {
  readonly driver: SlowDriver;
  readonly wire: TestWire;
  turn(): Promise<void>;
  send(subject: string, body: string): Promise<string>;
}

async function played(play: (world: Played) => Promise<void>): Promise<void> {
  const ports: FakePorts = createFakePorts();
  const driver = new SlowDriver(ports);
  const bench: PluginBench = await startPlugin(plugin, {
    ports,
    capabilities: { 'storage.driver': { memory: driver, file: driver } },
    block: {},
  });
  const turn = async (): Promise<void> => {
    for (let round = 0; round < 12; round++) await new Promise((resolve) => setImmediate(resolve));
  };
  const wire = new TestWire();
  bench.broker.listener.accept(wire);
  wire.input(`${QUIET}SUB r 1\r\nSUB to 2\r\n`);
  await turn();
  wire.clear();
  const send = async (subject: string, body: string): Promise<string> => {
    wire.clear();
    wire.input(`PUB ${subject} r ${body.length}\r\n${body}\r\n`);
    await turn();
    return wire.text;
  };
  try {
    await play({ driver, wire, turn, send });
  } finally {
    driver.settle();
    await turn();
    await bench.close();
  }
}

const api = (call: string): string => `$JS.API.${call}`;
const STREAM = JSON.stringify({ name: 'S', subjects: ['s.>'], storage: 'memory', allow_direct: true });

test('D-1 D-4: acknowledgements, purges, deletes, updates and consumers are answered once they are durable, and not before', () =>
  played(async ({ driver, wire, turn, send }) => {
    assert.match(await send(api('STREAM.CREATE.S'), STREAM), 'did_create');
    for (const body of ['1', '2', '3']) await send('s.a', body);
    driver.settle();
    await turn();
    driver.isSlow = true;
    const durable = JSON.stringify({ stream_name: 'S', config: { durable_name: 'C', ack_policy: 'explicit' } });
    const calls: [subject: string, body: string, answer: string][] = [
      ['s.a', '4', '"seq":4'],
      [api('STREAM.MSG.DELETE.S'), '{"seq":2}', '"success":true'],
      [api('STREAM.PURGE.S'), '{"seq":2}', '"success":true'],
      [api('STREAM.UPDATE.S'), STREAM.replace('s.>', 's.*'), 'stream_update_response'],
      [api('CONSUMER.DURABLE.CREATE.S.C'), durable, 'consumer_create_response'],
      [api('CONSUMER.PAUSE.S.C'), '{"pause_until":"2021-01-01T00:00:00Z"}', '"paused":true'],
      [api('CONSUMER.DELETE.S.C'), '', '"success":true'],
    ];
    for (const [subject, body, answer] of calls) {
      const early = await send(subject, body);
      assert.not.match(early, answer, `${subject} was answered too early`);
      driver.settle();
      await turn();
      assert.match(wire.text, answer, subject);
    }
    driver.isSlow = false;
  }));

test('D-8: what is not durable yet is shown to no consumer and to nobody who asks for it', () =>
  played(async ({ driver, wire, turn, send }) => {
    await send(api('STREAM.CREATE.S'), STREAM);
    const push = { stream_name: 'S', config: { durable_name: 'C', deliver_subject: 'to', ack_policy: 'none' } };
    assert.match(await send(api('CONSUMER.DURABLE.CREATE.S.C'), JSON.stringify(push)), 'consumer_create_response');
    driver.settle();
    await turn();
    driver.isSlow = true;
    wire.clear();
    wire.input('PUB s.a r 5\r\nfirst\r\n');
    await turn();
    assert.not.match(wire.text, 'first');
    assert.not.match(await send(api('DIRECT.GET.S'), '{"seq":1}'), 'first');
    assert.not.match(await send(api('STREAM.MSG.GET.S'), '{"seq":1}'), Buffer.from('first').toString('base64'));
    driver.settle();
    await turn();
    assert.match(wire.text, 'first');
    assert.match(await send(api('DIRECT.GET.S'), '{"seq":1}'), 'first');
    driver.isSlow = false;
  }));

test('D-6: a stream in memory is acknowledged when it is applied, and gone with the server', async () => {
  await clocked(async (streams) => {
    await streams.stream();
    const client = await streams.client('acks');
    await client.publish('s.a', 'x', 'acks');
    assert.match(client.heard(), '"seq":1');
  });
  await clocked(async (streams) => {
    assert.is((await streams.ask('INFO')).streams, 0, 'another server has none of it');
    await streams.stream();
    assert.is((await streams.ask('STREAM.INFO.S')).state.last_seq, 0);
  });
});

test('S-40: a backup is of one moment, whatever is written and removed while it is sent', () =>
  clocked(async (streams) => {
    await streams.stream();
    for (let count = 1; count <= 40; count++)
      await streams.store(`s.${count}`, `${Math.sqrt(count)} ${Math.tan(count)} ${Math.cos(count)}`.repeat(3));
    const client = await streams.client('to');
    const answer = await streams.ask('STREAM.SNAPSHOT.S', {
      deliver_subject: 'to',
      chunk_size: 1024,
      window_size: 1024,
    });
    await streams.advance(1);
    let chunks = 0;
    for (let round = 0; round < 200; round++) {
      const text = client.heard();
      if (text.includes('NATS/1.0 204')) break;
      const reply = /\$JS\.SNAPSHOT\.ACK\.S\.\S+/.exec(text)?.[0];
      if (reply === undefined) await streams.advance(1);
      else {
        chunks++;
        assert.is(text.split('$JS.SNAPSHOT.ACK').length - 1, 1, 'no more is under way than the window allows');
        if (chunks === 1) {
          await streams.ask('STREAM.PURGE.S');
          await streams.store('s.a', 'after');
        }
        await client.publish(reply, '');
        await streams.advance(1);
      }
    }
    assert.is(answer.state.messages, 40);
    assert.ok(chunks > 1, `${chunks} chunks`);
    assert.is((await streams.ask('STREAM.INFO.S')).state.messages, 1);
  }));

test('S-40: a receiver of a backup that stands still is left within thirty seconds, and the stream goes on meanwhile', () =>
  clocked(async (streams) => {
    await streams.stream();
    for (let count = 1; count <= 40; count++) await streams.store(`s.${count}`, `${Math.sqrt(count)}`.repeat(60));
    const client = await streams.client('to', 'acks');
    await streams.ask('STREAM.SNAPSHOT.S', { deliver_subject: 'to', chunk_size: 1024, window_size: 1024 });
    await streams.advance(100);
    assert.match(client.heard(), '$JS.SNAPSHOT.ACK.S');
    await client.publish('s.a', 'x', 'acks');
    assert.match(client.heard(), '"seq":41');
    await streams.advance(30_000);
    assert.match(client.heard(), 'NATS/1.0 408');
    await streams.ask('STREAM.PURGE.S');
    assert.is((await streams.ask('STREAM.INFO.S')).state.messages, 0);
  }));

test('S-27: a hundred thousand messages that are not acknowledged take less than 8 MiB', () => {
  const pending = new PendingMessages();
  const before = process.memoryUsage().arrayBuffers;
  for (let seq = 1; seq <= 100_000; seq++) pending.add(seq * 3, seq, 1_700_000_000_000 + seq, 1_700_000_030_000 + seq);
  const taken = process.memoryUsage().arrayBuffers - before;
  assert.is(pending.size, 100_000);
  assert.ok(taken < 8 * 1024 * 1024, `${taken} bytes`);
});

test.run();
