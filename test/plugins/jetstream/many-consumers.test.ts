/** What messages cost where consumers are very many, and consumers where messages are: counted in steps, not by a clock. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LOOK_ON } from '../../../plugins/jetstream/consumer/backlog.ts';
import { Consumer } from '../../../plugins/jetstream/consumer/consumer.ts';
import { ConsumerMachine } from '../../../plugins/jetstream/consumer/consumer-machine.ts';
import type { ConsumerConfig } from '../../../protocols/jetstream/consumer-config.ts';
import { IndexSegment } from '../../../storage-drivers/derived/index-segment.ts';
import { judgeConsumerCreate } from '../../protocols/jetstream/judge.ts';
import { type ClockedStreams, clocked } from './clocked-streams.ts';
import { machineBench } from './machine-bench.ts';

/** How often a method is called, of any object of its class, while something happens. */
async function callsOf<Name extends string>(
  owner: { prototype: Record<Name, (...args: never[]) => unknown> },
  name: Name,
  happens: () => unknown,
): Promise<number> {
  const { prototype } = owner;
  const method = prototype[name];
  let calls = 0;
  prototype[name] = function (this: unknown, ...args: never[]): unknown {
    calls++;
    return method.apply(this, args);
  };
  try {
    await happens();
  } finally {
    prototype[name] = method;
  }
  return calls;
}

const MANY = 1000;

async function consumers(streams: ClockedStreams, kind: string, config: (at: number) => object): Promise<void> {
  for (let at = 0; at < MANY; at++) {
    const name = `${kind}${at}`;
    const body = { stream_name: 'S', config: { name, durable_name: name, ack_policy: 'explicit', ...config(at) } };
    await streams.ask(`CONSUMER.CREATE.S.${name}`, body);
  }
}

const pendingOf = async (streams: ClockedStreams, name: string): Promise<number> =>
  (await streams.ask(`CONSUMER.INFO.S.${name}`)).num_pending;

test('a message is offered to those who want it and have had all before, and to each of them once', () =>
  clocked(async (streams) => {
    await streams.stream({ max_consumers: 3 * MANY });
    await consumers(streams, 'all', () => ({}));
    await consumers(streams, 'one', (at) => ({ filter_subject: `s.${at}` }));
    await consumers(streams, 'two', (at) => ({ filter_subjects: [`s.a.${at}`, `s.*.${at}.x`] }));
    const client = await streams.client('in');
    for (let at = 0; at < 2 * MANY; at++) {
      const name = at < MANY ? `one${at}` : `all${at - MANY}`;
      await client.publish(`$JS.API.CONSUMER.MSG.NEXT.S.${name}`, '1', 'in');
    }
    const storing = (subject: string): Promise<number> =>
      callsOf(Consumer, 'run', async () => {
        for (let count = 0; count < 100; count++) await streams.store(subject, 'x');
      });
    // The first message sets a thousand going, and those who want it in particular; each got the one it asked for.
    const first = await storing('s.5');
    assert.ok(first >= MANY + 1 && first <= 3 * MANY + 3, String(first));
    assert.is(client.heard().split('$JS.ACK').length - 1, MANY + 1);
    assert.is(await storing('s.5'), 0);
    const other = await storing('s.7');
    assert.ok(other >= 1 && other <= 4, String(other));
    assert.ok((await storing('s.a.3')) <= 4);
    assert.is(await storing('s.b.3.x'), 0);
    assert.is(await pendingOf(streams, 'all9'), 499);
    assert.is(await pendingOf(streams, 'one7'), 99);
    assert.is(await pendingOf(streams, 'one8'), 0);
    assert.is(await pendingOf(streams, 'two3'), 200);
  }));

test('what goes from the front of a full stream is told to nobody who does not hold on to it', () =>
  clocked(async (streams) => {
    await streams.stream({ max_msgs: 10 });
    await consumers(streams, 'all', () => ({ ack_policy: 'none' }));
    for (let count = 0; count < 10; count++) await streams.store('s.1', 'x');
    const storing = async (): Promise<void> => {
      for (let count = 0; count < 100; count++) await streams.store('s.1', 'x');
    };
    assert.is(await callsOf(ConsumerMachine, 'missed', storing), 0);
    assert.is(await callsOf(ConsumerMachine, 'removed', storing), 0);
    assert.is(await pendingOf(streams, 'all3'), 10);
  }));

test('S-19: a consumer of a hundredth of a stream looks at that, and not at the stream', async () => {
  const bench = await machineBench();
  const messages = 200_000;
  const part = messages / 100;
  for (let at = 0; at < messages; at++) bench.publish(100, `s.${at % 100}.${at % 5000}`);
  const { log } = bench.machine;
  const numbers = { deliveries: 0, consumerSequence: 0, pending: 0 };
  const read = (filters: readonly string[]): number => {
    const config = { name: 'C', ack_policy: 'none', filter_subjects: filters };
    const body = JSON.stringify({ stream_name: 'S', config });
    const judged = judgeConsumerCreate(bench.machine.config, body) as ConsumerConfig;
    const machine = new ConsumerMachine(judged, log, 1);
    while (!machine.prepare());
    let count = 0;
    for (let seq = machine.next(() => {}); seq !== 0; seq = machine.next(() => {})) {
      if (seq === LOOK_ON) continue;
      machine.deliver(seq, 0, numbers);
      count++;
      assert.is(numbers.pending, filters.length * part - count);
    }
    return count;
  };
  // One kind of subject; several; subjects with all their tokens.
  const ways: readonly (readonly string[])[] = [['s.7.*'], ['s.7.*', 's.8.>'], ['s.9.>']];
  for (const filters of ways) {
    let count = 0;
    const looks = await callsOf(IndexSegment, 'nodeAt', () => {
      count = read(filters);
    });
    assert.is(count, filters.length * part);
    assert.ok(looks < 2 * count, `${looks} looks for ${count} messages`);
  }
});

test.run();
