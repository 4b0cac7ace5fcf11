/** What takes long to find out among very many messages is found out in pieces: everybody else has a turn in between. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../../../kernel/ports/system-clock.ts';
import { ConsumerMachine } from '../../../plugins/jetstream/consumer/consumer-machine.ts';
import { findLast } from '../../../plugins/jetstream/consumer/find-last.ts';
import type { ConsumerConfig } from '../../../protocols/jetstream/consumer-config.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import { judgeConsumerCreate } from '../../protocols/jetstream/judge.ts';
import { type MachineBench, machineBench } from './machine-bench.ts';

const MESSAGES = 1_000_000;
const PARTS = 100;
const ROUNDS = 8;
/** Of subjects that nothing comes of any more. */
const OLD = 5_000;

let filled: Promise<MachineBench> | null = null;

/** Each message has a subject of its own; the first of them are of a kind that does not come later. */
function bench(): Promise<MachineBench> {
  filled ??= machineBench().then((made) => {
    for (let at = 0; at < MESSAGES; at++) made.publish(100, at < OLD ? `s.old.${at}` : `s.${at % PARTS}.${at}`);
    return made;
  });
  return filled;
}

/** The longest turn as a part of all the time that something takes; the best of some rounds, since others use the machine too. */
async function longestTurn(work: () => unknown): Promise<number> {
  let best = 1;
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    let [turnAt, longest, isOver] = [begun, 0, false];
    const turn = (): void => {
      const now = performance.now();
      longest = Math.max(longest, now - turnAt);
      turnAt = now;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    await work();
    isOver = true;
    turn();
    best = Math.min(best, longest / (performance.now() - begun));
  }
  return best;
}

test('the last message of some subjects is looked for in pieces, however far back it is', async () => {
  const { machine } = await bench();
  const filters = new FilterSet(['s.old.*']);
  assert.is(await findLast(machine.log, filters, systemClock()), OLD);
  const part = await longestTurn(() => findLast(machine.log, filters, systemClock()));
  assert.ok(part < 1 / 2, `the longest turn took ${part} of the time`);
});

test('the last message is found without a wait where it is near, or the subjects are few', async () => {
  const { machine } = await bench();
  const find = (...filters: string[]): unknown => findLast(machine.log, new FilterSet(filters), systemClock());
  assert.is(find('s.*.*'), MESSAGES);
  assert.is(find('s.7.*'), MESSAGES - PARTS + 8);
  assert.is(find('s.none.*'), 0);
  assert.is(find('s.old.0', 's.old.1'), 2);
  assert.is(find('s.*.7', 's.*.5'), 8);
  assert.is(find('s.old.5'), 6);
});

test('the last messages of each subject are counted anew in pieces', async () => {
  const { machine } = await bench();
  const body = { stream_name: 'S', config: { name: 'C', deliver_policy: 'last_per_subject', filter_subject: 's.*.*' } };
  const config = judgeConsumerCreate(machine.config, JSON.stringify(body)) as ConsumerConfig;
  const consumer = new ConsumerMachine(config, machine.log, 1, true);
  while (!consumer.prepare());
  const recounted = async (): Promise<void> => {
    consumer.recount();
    while (!consumer.prepare()) await new Promise((resolve) => setImmediate(resolve));
    assert.is(consumer.pendingCount, MESSAGES);
  };
  const part = await longestTurn(recounted);
  assert.ok(part < 1 / 2, `the longest turn took ${part} of the time`);
});

test.run();
