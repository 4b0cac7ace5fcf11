/** What consumers have before them, compared with a list that is looked through from its beginning each time. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LOOK_ON } from '../../../plugins/jetstream/consumer/backlog.ts';
import { ConsumerMachine } from '../../../plugins/jetstream/consumer/consumer-machine.ts';
import type { ConsumerConfig } from '../../../protocols/jetstream/consumer-config.ts';
import { chosenSeed, Seeded } from '../../fuzz/seeded.ts';
import { judgeConsumerCreate } from '../../protocols/jetstream/judge.ts';
import { type MachineBench, machineBench } from './machine-bench.ts';

const nobody = (): void => {};
const numbers = { deliveries: 0, consumerSequence: 0, pending: 0 };

/** Filters of each kind: everything, one subject, wildcards in both places, several. */
const FILTERS: readonly (readonly string[])[] = [
  [],
  ['s.3.x'],
  ['s.7.*'],
  ['s.*.y'],
  ['s.1.>', 's.*.z', 's.5.x'],
  ['s.2.x', 's.4.x'],
  ['s.none.*'],
];

interface Reader {
  readonly machine: ConsumerMachine;
  readonly matches: (subject: string) => boolean;
}

/** Readers that hear what consumers hear: of all that goes but from the front, unless they need to know of that too. */
class Readers {
  readonly all: Reader[] = [];
  readonly stored = new Map<number, string>();
  readonly bench: MachineBench;

  constructor(bench: MachineBench) {
    this.bench = bench;
    const { log } = bench.machine;
    log.listener = {
      mayDrop: false,
      removedBefore: () => {},
      removed: (seq, node) => {
        this.stored.delete(seq);
        const isFirst = seq === log.first;
        for (const { machine } of this.all) {
          if (!isFirst || machine.backlog.isParticular || machine.isHolding) machine.removed(seq, node, nobody);
        }
      },
    };
  }

  add(filters: readonly string[], settings: object, start: number): void {
    const { config, log } = this.bench.machine;
    const body = JSON.stringify({ stream_name: 'S', config: { name: 'C', filter_subjects: filters, ...settings } });
    const judged = judgeConsumerCreate(config, body) as ConsumerConfig;
    const machine = new ConsumerMachine(judged, log, start, judged.deliverPolicy === 'last_per_subject');
    const patterns = filters.map((filter) => patternOf(filter));
    const matches = (subject: string): boolean => patterns.length === 0 || patterns.some((one) => one.test(subject));
    this.all.push({ machine, matches });
  }

  publish(seconds: number, subject: string): void {
    const { machine, verdict } = this.bench;
    this.bench.publish(seconds, subject);
    this.stored.set(verdict.sequence, subject);
    for (const reader of this.all) reader.machine.backlog.added(machine.log.nodeAt(verdict.sequence));
  }

  /** Sequences that a reader has before it. */
  ahead({ machine, matches }: Reader): number[] {
    const found: number[] = [];
    for (const [seq, subject] of this.stored) if (seq >= machine.streamSequence && matches(subject)) found.push(seq);
    return found;
  }
}

function patternOf(filter: string): RegExp {
  const text = filter.replaceAll('.', '\\.').replaceAll('*', '[^.]+').replace('>', '.+');
  return new RegExp(`^${text}$`);
}

function nextOf({ machine }: Reader): number {
  for (;;) {
    const seq = machine.next(nobody);
    if (seq !== LOOK_ON) return seq;
  }
}

test('S-19 S-20: what comes next, and how much there is, is what looking through all messages finds', async () => {
  const seed = chosenSeed();
  const chance = new Seeded(seed);
  const readers = new Readers(await machineBench());
  const subject = (): string => `s.${chance.below(40)}.${chance.pick(['x', 'y', 'z', `w${chance.below(3000)}`])}`;
  for (let count = 0; count < 12_000; count++) readers.publish(100, subject());
  for (const filters of FILTERS) {
    readers.add(filters, {}, 1);
    readers.add(filters, { ack_policy: 'none' }, 1 + chance.below(12_000));
  }
  for (let round = 0; round < 120; round++) {
    const { log } = readers.bench.machine;
    for (let count = chance.below(chance.once(20) ? 6000 : 4); count > 0; count--) readers.publish(100, subject());
    for (let count = chance.below(3); count > 0; count--) log.remove(log.first);
    for (let count = chance.below(3); count > 0; count--) log.remove(1 + chance.below(log.last));
    const reader = chance.pick(readers.all);
    for (let sent = chance.below(30); sent > 0; sent--) {
      const ahead = readers.ahead(reader);
      const seq = nextOf(reader);
      assert.is(seq, ahead[0] ?? 0, `seed ${seed}`);
      if (seq === 0) break;
      reader.machine.deliver(seq, 0, numbers);
      assert.is(numbers.pending, ahead.length - 1, `seed ${seed}`);
      if (chance.once(2)) reader.machine.ack(seq, nobody);
    }
    assert.is(reader.machine.pendingCount, readers.ahead(reader).length, `seed ${seed}`);
  }
});

test('what is found out in pieces is right, whatever comes and goes meanwhile', async () => {
  const seed = chosenSeed();
  const chance = new Seeded(seed);
  const readers = new Readers(await machineBench());
  const subject = (): string => `s.${chance.below(9)}.w${chance.below(30_000)}`;
  for (let count = 0; count < 40_000; count++) readers.publish(100, subject());
  for (const start of [1, 1, 9000, 31_000]) {
    readers.add(['s.*.*'], {}, start);
    readers.add(['s.3.*', 's.*.w7'], {}, start);
  }
  for (const { machine } of readers.all) {
    let pieces = 0;
    while (!machine.prepare()) {
      pieces++;
      for (let count = chance.below(60); count > 0; count--) readers.publish(100, subject());
      const { log } = readers.bench.machine;
      for (let count = chance.below(60); count > 0; count--) log.remove(1 + chance.below(log.last));
      if (chance.once(4)) log.remove(log.first);
    }
    assert.is(
      machine.pendingCount,
      readers.ahead(readers.all.find((one) => one.machine === machine)!).length,
      `seed ${seed}`,
    );
    if (machine.filters.filters.length === 1) assert.ok(pieces > 0, 'it was done in pieces');
  }
});

test('what went from the front is counted no more by who goes on behind it', async () => {
  const readers = new Readers(await machineBench());
  const { log } = readers.bench.machine;
  readers.publish(100, 's.1.x');
  for (let count = 0; count < 3000; count++) readers.publish(100, 's.0.x');
  readers.publish(100, 's.2.x');
  for (const filters of [['s.1.*', 's.2.*'], ['s.*.x']]) readers.add(filters, {}, 1);
  const [some, all] = readers.all as [Reader, Reader];
  assert.equal([some.machine.pendingCount, all.machine.pendingCount], [2, 3002]);
  log.remove(1);
  assert.is(nextOf(some), 3002, 'having passed what is not for it');
  all.machine.purged({ start: 2, isWider: true, isAnyGone: true, isHeldGone: false });
  assert.equal([some.machine.pendingCount, all.machine.pendingCount], [1, 3001]);
});

test('the last message of each of very many subjects comes first, and each counts once', async () => {
  const readers = new Readers(await machineBench());
  const subjects = 20_000;
  for (let count = 0; count < 2 * subjects; count++) readers.publish(100, `s.k.${count % subjects}`);
  readers.add(['s.k.*'], { deliver_policy: 'last_per_subject', ack_policy: 'none' }, 1);
  const [reader] = readers.all as [Reader];
  while (!reader.machine.prepare()) readers.publish(100, 's.other.1');
  assert.is(reader.machine.pendingCount, subjects);
  assert.is(reader.machine.floorStream, subjects);
  // One is written anew before it is sent, one goes: the one comes later once more, the other never.
  readers.publish(100, 's.k.5');
  readers.bench.machine.log.remove(subjects + 8);
  assert.is(reader.machine.pendingCount, subjects);
  const sent: number[] = [];
  for (let seq = nextOf(reader); seq !== 0; seq = nextOf(reader)) {
    reader.machine.deliver(seq, 0, numbers);
    sent.push(seq);
    if (sent.length < subjects) assert.ok(numbers.pending > 0);
  }
  assert.is(sent.length, subjects);
  assert.is(sent[0], subjects + 1);
  assert.ok(sent.includes(subjects + 6));
  assert.is(readers.stored.get(sent.at(-1)!), 's.k.5');
  assert.is(numbers.pending, 0);
});

test('the last of each subject are counted anew in pieces as they would be at once, whatever comes and goes meanwhile', async () => {
  const seed = chosenSeed();
  const chance = new Seeded(seed);
  const readers = new Readers(await machineBench());
  const subject = (): string => `s.${chance.below(9)}.w${chance.below(15_000)}`;
  for (let count = 0; count < 40_000; count++) readers.publish(100, subject());
  const { log } = readers.bench.machine;
  for (const filters of [['>'], ['s.*.*'], ['s.3.*', 's.*.w7'], ['s.4.>']]) {
    for (let twin = 0; twin < 2; twin++) readers.add(filters, { deliver_policy: 'last_per_subject' }, 1);
    const [atOnce, inPieces] = readers.all.splice(0).map(({ machine }) => machine) as [
      ConsumerMachine,
      ConsumerMachine,
    ];
    const both = [atOnce, inPieces];
    for (const machine of both) while (!machine.prepare());
    readers.all.push(...both.map((machine) => ({ machine, matches: () => true })));
    for (const machine of both) for (let sent = 0; sent < 50; sent++) machine.deliver(machine.next(nobody), 0, numbers);
    for (const machine of both) machine.recount();
    assert.ok(atOnce.pendingCount > 0);
    let pieces = 0;
    for (; !inPieces.prepare(); pieces++) {
      for (let count = chance.below(60); count > 0; count--) readers.publish(100, subject());
      for (let count = chance.below(60); count > 0; count--) log.remove(1 + chance.below(log.last));
    }
    assert.ok(pieces > 5, 'it was done in pieces');
    assert.is(inPieces.pendingCount, atOnce.pendingCount, `seed ${seed}`);
    readers.all.length = 0;
  }
});

test.run();
