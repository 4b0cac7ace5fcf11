/** What streams and consumers become by their commands alone. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ConsumerMachine } from '../../../plugins/jetstream/consumer/consumer-machine.ts';
import { Markers } from '../../../plugins/jetstream/stream/marker.ts';
import type { ConsumerConfig } from '../../../protocols/jetstream/consumer-config.ts';
import { Refused } from '../../../storage-drivers/contract.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';
import { judgeConsumerCreate } from '../../protocols/jetstream/judge.ts';
import { type MachineBench, machineBench } from './machine-bench.ts';

const nobody = (): void => {};
const markers = new Markers(nobody);

/** One command, drawn by chance. */
function command(chance: Seeded, at: number): (bench: MachineBench) => void {
  const subject = `s.${chance.below(5)}`;
  const id = chance.once(3) ? { 'Nats-Msg-Id': `id${chance.below(8)}` } : {};
  const ttl = chance.once(5) ? { 'Nats-TTL': `${1 + chance.below(9)}s` } : {};
  const rollup = chance.once(12) ? { 'Nats-Rollup': chance.pick(['sub', 'all']) } : {};
  const expected = chance.once(6) ? { 'Nats-Expected-Last-Sequence': String(chance.below(40)) } : {};
  const body = 'x'.repeat(chance.below(60));
  const target = 1 + chance.below(60);
  switch (chance.below(8)) {
    case 0:
      return ({ machine }) => void machine.expire(at, 0, markers);
    case 1:
      return ({ machine }) => void machine.remove(target, false);
    case 2:
      return ({ machine }) =>
        void machine.purge({ before: chance.seed % 2 === 0 ? target : 0, filter: subject, keep: target % 3 });
    default:
      return (bench) => void bench.publish(at, subject, body, Object.assign({}, id, ttl, rollup, expected));
  }
}

test('the same commands make the same stream, message by message', async () => {
  const seed = chosenSeed();
  const chance = new Seeded(seed);
  const settings = {
    max_msgs: 30,
    max_bytes: 2_000,
    max_msgs_per_subject: 12,
    max_age: 20e9,
    duplicate_window: 5e9,
    allow_msg_ttl: true,
    allow_rollup_hdrs: true,
    subject_delete_marker_ttl: 3e9,
  };
  const [one, other] = [await machineBench(settings), await machineBench(settings)];
  const commands = Array.from({ length: 400 }, (_, at) => command(chance, 1_000 + at));
  for (const run of commands) run(one);
  for (const run of commands) run(other);
  assert.equal(one.dump(), other.dump(), `seed ${seed}`);
  assert.ok(one.machine.log.count <= 30);
  assert.ok(one.machine.log.bytes <= 2_000);
});

test('an id is known for as long as the window is open, by the time in the commands', async () => {
  const bench = await machineBench({ duplicate_window: 10e9 });
  const publish = (seconds: number): number => {
    bench.publish(seconds, 's.1', 'x', { 'Nats-Msg-Id': 'a' });
    return bench.verdict.kind;
  };
  assert.is(publish(100), 0);
  assert.is(publish(105), 1);
  bench.machine.expire(109, 999_999_999, markers);
  assert.is(publish(109), 1);
  bench.machine.expire(110, 0, markers);
  assert.is(publish(110), 0);
});

test('a message goes when its own time is up or the age of the stream is reached, whichever is first', async () => {
  const bench = await machineBench({ max_age: 10e9, allow_msg_ttl: true, duplicate_window: 5e9 });
  bench.publish(100, 's.1', 'ttl', { 'Nats-TTL': '2s' });
  bench.publish(100, 's.2', 'age');
  bench.publish(100, 's.3', 'stays', { 'Nats-TTL': 'never' });
  bench.publish(100, 's.4', 'age', { 'Nats-TTL': '1h' });
  bench.machine.expire(101, 999_999_999, markers);
  assert.is(bench.machine.log.count, 4);
  bench.machine.expire(102, 0, markers);
  assert.is(bench.machine.log.count, 3);
  assert.is(bench.machine.nextDue, 110_000);
  bench.machine.expire(110, 0, markers);
  assert.equal(bench.dump().slice(1), ['3 100 s.3 NATS/1.0|Nats-TTL: never||stays']);
});

test('the last message of a subject leaves a marker, and the marker leaves nothing', async () => {
  const bench = await machineBench({ max_age: 10e9, subject_delete_marker_ttl: 5e9, duplicate_window: 5e9 });
  bench.publish(100, 's.1', 'old');
  bench.publish(105, 's.1', 'new');
  bench.machine.expire(110, 0, markers);
  assert.equal(bench.dump().slice(1), ['2 105 s.1 new']);
  bench.machine.expire(115, 0, markers);
  assert.equal(bench.dump().slice(1), [
    '3 115 s.1 NATS/1.0|Nats-Marker-Reason: MaxAge|Nats-TTL: 5s|Nats-Rollup: sub||',
  ]);
  bench.machine.expire(120, 0, markers);
  assert.equal(bench.dump(), ['4-3 0 0']);
});

test('a stream that is full takes nothing, or lets go of its oldest', async () => {
  const [old, fresh] = [await machineBench({ max_msgs: 2 }), await machineBench({ max_msgs: 2, discard: 'new' })];
  for (const bench of [old, fresh]) for (let count = 1; count <= 3; count++) bench.publish(100, `s.${count}`);
  assert.is(old.dump()[0], '2-3 2 40');
  assert.is(fresh.dump()[0], '1-2 2 40');
  assert.is(fresh.verdict.error?.number, 10077);
});

async function consumerOf(bench: MachineBench, config: object): Promise<ConsumerMachine> {
  const body = JSON.stringify({ stream_name: 'S', config: { name: 'C', ack_policy: 'explicit', ...config } });
  return new ConsumerMachine(judgeConsumerCreate(bench.machine.config, body) as ConsumerConfig, bench.machine.log, 1);
}

const numbers = { deliveries: 0, consumerSequence: 0, pending: 0 };

test('the floor of a consumer follows what is acknowledged, whatever the order', async () => {
  const bench = await machineBench();
  for (let count = 1; count <= 5; count++) bench.publish(100, 's.1');
  const consumer = await consumerOf(bench, {});
  for (let seq = 1; seq <= 4; seq++) {
    assert.is(consumer.next(nobody), seq);
    consumer.deliver(seq, 0, numbers);
    assert.is(numbers.pending, 5 - seq);
  }
  consumer.ack(2, nobody);
  assert.is(consumer.floorStream, 0);
  consumer.ack(1, nobody);
  assert.equal([consumer.floorStream, consumer.floorConsumer], [2, 2]);
  consumer.ack(4, nobody);
  consumer.ack(3, nobody);
  assert.equal([consumer.floorStream, consumer.floorConsumer], [4, 4]);
  assert.is(consumer.ack(5, nobody), 'unknown');
});

test('what is overdue is sent again before anything new, and at last given up', async () => {
  const bench = await machineBench();
  bench.publish(100, 's.1');
  bench.publish(100, 's.1');
  const consumer = await consumerOf(bench, { ack_wait: 1e9, max_deliver: 2 });
  const given: number[] = [];
  const exhausted = (seq: number, deliveries: number): void => void given.push(seq, deliveries);
  consumer.deliver(consumer.next(exhausted), 0, numbers);
  assert.is(consumer.nextDeadline, 1_000);
  consumer.expire(999, exhausted);
  assert.is(consumer.next(exhausted), 2);
  consumer.expire(1_000, exhausted);
  assert.is(consumer.next(exhausted), 1);
  consumer.deliver(1, 1_000, numbers);
  assert.is(numbers.deliveries, 2);
  consumer.expire(2_000, exhausted);
  assert.equal(given, [1, 2]);
  assert.is(consumer.pending.size, 0);
  assert.is(consumer.needs(1), true);
});

test('a delay is asked for message by message, and waits grow as they are told to', async () => {
  const bench = await machineBench();
  bench.publish(100, 's.1');
  const consumer = await consumerOf(bench, { backoff: [1e9, 5e9] });
  consumer.deliver(consumer.next(nobody), 0, numbers);
  consumer.expire(1_000, nobody);
  consumer.deliver(consumer.next(nobody), 1_000, numbers);
  consumer.expire(5_999, nobody);
  assert.is(consumer.next(nobody), 0);
  consumer.nak(1, 5_999, 10_000);
  consumer.expire(15_998, nobody);
  assert.is(consumer.next(nobody), 0);
  consumer.expire(15_999, nobody);
  assert.is(consumer.next(nobody), 1);
});

test('no more is sent than may be unacknowledged, but what is sent again is', async () => {
  const bench = await machineBench();
  for (let count = 1; count <= 3; count++) bench.publish(100, 's.1');
  const consumer = await consumerOf(bench, { max_ack_pending: 2 });
  consumer.deliver(consumer.next(nobody), 0, numbers);
  consumer.deliver(consumer.next(nobody), 0, numbers);
  assert.is(consumer.next(nobody), 0);
  consumer.nak(2, 0, 0);
  assert.is(consumer.next(nobody), 2);
  consumer.ack(1, nobody);
  consumer.ack(2, nobody);
  assert.is(consumer.next(nobody), 3);
});

test('where a consumer stands is the same after it was written down and read', async () => {
  const bench = await machineBench();
  for (let count = 1; count <= 6; count++) bench.publish(100, `s.${count % 2}`);
  const consumer = await consumerOf(bench, { filter_subject: 's.1' });
  for (let count = 0; count < 2; count++) consumer.deliver(consumer.next(nobody), count, numbers);
  consumer.ack(1, nobody);
  const again = await consumerOf(bench, { filter_subject: 's.1' });
  again.restore(JSON.parse(JSON.stringify(consumer.state())));
  assert.equal(again.state(), consumer.state());
  assert.is(again.pendingCount, consumer.pendingCount);
  assert.is(again.next(nobody), consumer.next(nobody));
});

test('a purge that a store takes only a part of counts that part, and says that it was cut', async () => {
  const { machine, publish } = await machineBench();
  for (const token of [1, 1, 1, 2, 1, 1]) publish(100, `s.${token}`);
  const { records } = machine.log;
  const remove = records.remove.bind(records);
  let isFull = false;
  records.remove = (from, to) => {
    const ticket = isFull ? Refused.full : remove(from, to);
    isFull = true;
    return ticket;
  };
  const purge = machine.beginPurge({ before: 0, filter: 's.1', keep: 0 });
  while (!machine.stepPurge(purge, 2));
  assert.equal([purge.removed, purge.isCut, machine.log.count], [2, true, 4]);
  records.dropBefore = () => Refused.full;
  const whole = machine.beginPurge({ before: 0, filter: '', keep: 0 });
  while (!machine.stepPurge(whole, 2));
  assert.equal([whole.removed, whole.isCut, machine.log.count], [0, true, 4]);
});

test.run();
