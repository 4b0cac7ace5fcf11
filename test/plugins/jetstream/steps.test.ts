/** What is done to a stream in steps, while it goes on getting messages. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type MachineBench, machineBench } from './machine-bench.ts';

const COUNT = 6_000;

async function filled(settings: object, subjectOf: (at: number) => string): Promise<MachineBench> {
  const bench = await machineBench(settings);
  for (let at = 1; at <= COUNT; at++) bench.publish(at, subjectOf(at), 'x');
  return bench;
}

function sequences({ machine: { log } }: MachineBench): number[] {
  const found: number[] = [];
  for (let seq = log.firstFrom(0); seq !== Number.POSITIVE_INFINITY; seq = log.firstFrom(seq + 1)) found.push(seq);
  return found;
}

for (const extent of ['sub', 'all']) {
  test(`a message that rolls up (${extent}) while the one before it is not done takes its place`, async () => {
    const bench = await filled({ allow_rollup_hdrs: true }, () => 's.1');
    const { machine } = bench;
    bench.publish(9_000, 's.1', 'one', { 'Nats-Rollup': extent });
    bench.publish(9_000, 's.1', 'two');
    assert.is(machine.rollups.isPending, true);
    assert.ok(machine.log.count > 1_000, 'some go at once, and not all');
    bench.publish(9_000, 's.1', 'three', { 'Nats-Rollup': extent });
    bench.publish(9_000, 's.1', 'four');
    while (!machine.rollUpMore(7));
    assert.equal(sequences(bench), [COUNT + 3, COUNT + 4]);
    assert.is(machine.rollups.isPending, false);
  });
}

test('of what is rolled up in steps, other subjects lose nothing', async () => {
  const bench = await filled({ allow_rollup_hdrs: true }, (at) => `s.${at % 2}`);
  bench.publish(9_000, 's.1', 'one', { 'Nats-Rollup': 'sub' });
  while (!bench.machine.rollUpMore(7));
  assert.is(bench.machine.log.count, COUNT / 2 + 1);
});

test('a stream whose limits were lowered is within them in the end, and loses what comes as little as what was there', async () => {
  const bench = await filled({}, (at) => `s.${at % 5}`);
  const { machine } = bench;
  machine.update({ ...machine.config, maxMsgs: 20n, maxMsgsPerSubject: 10n });
  assert.is(machine.trimming.isPending, true);
  const before = machine.log.count;
  for (let at = 0; at < 5; at++) bench.publish(9_000, `s.${at}`, 'x');
  assert.ok(machine.log.count < before && machine.log.count > 1_000, 'a few go with each message');
  while (!machine.trimMore(7));
  assert.equal(
    sequences(bench),
    Array.from({ length: 20 }, (_, at) => COUNT + 5 - 19 + at),
  );
});

test('lowered limits of subjects leave the newest of each', async () => {
  const bench = await filled({}, (at) => `s.${at % 5}`);
  const { machine } = bench;
  machine.update({ ...machine.config, maxMsgsPerSubject: 2n });
  while (!machine.trimMore(7));
  assert.equal(
    sequences(bench),
    Array.from({ length: 10 }, (_, at) => COUNT - 9 + at),
  );
});

test('all before a sequence goes in steps, over gaps of any width', async () => {
  const bench = await filled({}, (at) => `s.${at}`);
  const { machine } = bench;
  machine.log.spend(1e9, 9_000, 0);
  for (let at = 0; at < 5; at++) bench.publish(9_001, 's.new', 'x');
  const purge = machine.beginPurge({ before: 1e9 + 3, filter: '', keep: 0 });
  for (let steps = 1; !machine.stepPurge(purge, 1); steps++)
    assert.ok(steps < 10, 'it takes as long as there are messages');
  assert.equal([purge.removed, machine.log.first, machine.log.count], [COUNT + 2, 1e9 + 3, 3]);
});

test.run();
