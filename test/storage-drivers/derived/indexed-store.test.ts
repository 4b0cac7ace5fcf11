/** Everything that is derived, against a list that is searched from end to end. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { FastRandom } from '../../../kernel/ports/fast-random.ts';
import { matchesLiteral } from '../../../kernel/routing/subject.ts';
import { bytesOf, sample } from '../../../storage-drivers/conformance/sample-message.ts';
import { memorySize } from '../../../storage-drivers/derived/accounting.ts';
import { restoreIndex, saveIndex } from '../../../storage-drivers/derived/checkpoint.ts';
import { FilterSet } from '../../../storage-drivers/derived/filter-set.ts';
import { IndexedStore } from '../../../storage-drivers/derived/indexed-store.ts';
import { MemoryDriver } from '../../../storage-drivers/memory/memory-driver.ts';
import { withSeed } from '../../kernel/ports/seed.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';

interface Entry {
  seq: number;
  subject: string;
  size: number;
  seconds: number;
  nanos: number;
}

/** The store, and the list that it must agree with. */
class Pair {
  readonly records: IndexedStore;
  readonly ports = createFakePorts();
  list: Entry[] = [];
  last = 0;
  seconds = 1000;
  nanos = 0;
  private before: { list: Entry[]; last: number } | null = null;
  private staged: (() => void)[] = [];

  constructor(records: IndexedStore) {
    this.records = records;
  }

  static async open(): Promise<Pair> {
    const ports = createFakePorts();
    const options = { sizeOf: memorySize, clock: ports.clock };
    return new Pair((await IndexedStore.open(new MemoryDriver(ports), 's', options)).records);
  }

  append(subject: string, gap: number, step: number, bodyLength: number): void {
    const seq = this.last + 1 + gap;
    this.nanos += step;
    this.seconds += Math.floor(this.nanos / 1e9);
    this.nanos %= 1e9;
    const given = sample({ subject, bodyLength, seconds: this.seconds, nanos: this.nanos });
    this.records.append(seq, this.seconds, this.nanos, 0, bytesOf(given));
    this.last = seq;
    const size = subject.length + bodyLength + 16;
    this.list.push({ seq, subject, size, seconds: this.seconds, nanos: this.nanos });
  }

  remove(from: number, to: number): void {
    this.records.remove(from, to);
    this.later(() => {
      this.list = this.list.filter(({ seq }) => seq < from || seq > to);
    });
  }

  drop(before: number): void {
    this.records.dropBefore(before);
    this.later(() => {
      this.list = this.list.filter(({ seq }) => seq >= before);
      this.last = Math.max(this.last, before - 1);
    });
  }

  begin(): void {
    if (this.before !== null) return;
    this.before = { list: [...this.list], last: this.last };
    this.records.begin();
  }

  end(isAborted: boolean): void {
    if (this.before === null) return;
    if (isAborted) {
      this.records.abort();
      ({ list: this.list, last: this.last } = this.before);
    } else {
      this.records.commit();
      for (const each of this.staged) each();
    }
    this.before = null;
    this.staged = [];
  }

  get isInUnit(): boolean {
    return this.before !== null;
  }

  private later(change: () => void): void {
    if (this.before === null) change();
    else this.staged.push(change);
  }
}

const TOKENS = ['a', 'b', 'c', 'dd', 'e-e'];
const PATTERNS = [
  '>',
  '*',
  'a',
  'a.>',
  'a.*',
  '*.b',
  'a.b',
  'a.b.*',
  '*.*',
  '*.*.c',
  'b.>',
  'dd.e-e',
  'x',
  'x.>',
  'a.*.c',
];

function randomSubject(random: FastRandom, spread: number): string {
  if (random.below(10) < spread) return `a.k${random.below(3000)}`;
  return Array.from({ length: 1 + random.below(3) }, () => TOKENS[random.below(TOKENS.length)]).join('.');
}

function act(pair: Pair, random: FastRandom, spread: number): void {
  const dice = random.below(100);
  const first = pair.list[0]?.seq ?? 1;
  const at = (): number => first + random.below(Math.max(1, pair.last - first + 2));
  if (dice < 20) for (let count = random.below(400); count > 0; count--) one(pair, random, spread);
  else if (dice < 60) one(pair, random, spread);
  else if (dice < 66) pair.remove(first, first);
  else if (dice < 70) pair.remove(pair.last, pair.last);
  else if (dice < 82) pair.remove(at(), at());
  else if (dice < 84) pair.drop(first + random.below(1 + Math.floor((pair.last - first) / 3)));
  else if (dice < 90) pair.begin();
  else pair.end(random.below(2) === 0);
}

function one(pair: Pair, random: FastRandom, spread: number): void {
  const gap = random.below(200) === 0 ? random.below(6000) : 0;
  pair.append(randomSubject(random, spread), gap, random.below(3) * random.below(10), random.below(60));
}

function agree(pair: Pair, random: FastRandom): void {
  const { records, list } = pair;
  assert.is(records.count, list.length);
  assert.is(
    records.bytes,
    list.reduce((sum, { size }) => sum + size, 0),
  );
  assert.is(records.subjectCount, new Set(list.map(({ subject }) => subject)).size);
  const newest = list[list.length - 1]?.seq ?? 0;
  assert.is(records.deletedCount, list.length === 0 ? 0 : newest - list[0]!.seq + 1 - list.length);
  for (let question = 0; question < 12; question++) ask(pair, random);
}

function ask(pair: Pair, random: FastRandom): void {
  const { records, list } = pair;
  const filters = Array.from({ length: 1 + random.below(3) }, () => randomFilter(pair, random));
  const set = new FilterSet(filters);
  const matching = list.filter(({ subject }) => filters.some((filter) => matchesLiteral(subject, filter)));
  const from = random.below(4) === 0 ? 0 : random.below(pair.last + 3);
  const told = `${filters} from ${from}`;
  assert.is(records.next(set, from), matching.find(({ seq }) => seq >= from)?.seq ?? Infinity, `next ${told}`);
  assert.is(records.previous(set, from), matching.findLast(({ seq }) => seq <= from)?.seq ?? 0, `previous ${told}`);
  assert.is(records.countMatches(set, from), matching.filter(({ seq }) => seq >= from).length, `count ${told}`);
  const lasts = new Map(matching.map(({ subject, seq }) => [subject, seq]));
  const lastCount = [...lasts.values()].filter((seq) => seq >= from).length;
  assert.is(records.countLastMatches(set, from), lastCount, `last per subject ${told}`);
  const found: string[] = [];
  records.visitSubjects(set, (node) => found.push(records.subjectOf(node)) > 0);
  assert.equal(found.sort(), [...lasts.keys()].sort(), `subjects of ${told}`);
  askSubject(pair, random);
  askTime(pair, random);
}

function randomFilter(pair: Pair, random: FastRandom): string {
  if (random.below(3) > 0 || pair.list.length === 0) return PATTERNS[random.below(PATTERNS.length)]!;
  return pair.list[random.below(pair.list.length)]!.subject;
}

function askSubject(pair: Pair, random: FastRandom): void {
  const { list } = pair;
  const subject = list.length === 0 ? 'a' : list[random.below(list.length)]!.subject;
  const mine = list.filter((entry) => entry.subject === subject);
  const expected = { count: mine.length, first: mine[0]?.seq ?? 0, last: mine[mine.length - 1]?.seq ?? 0 };
  assert.equal(pair.records.subjectState(subject), expected, subject);
}

function askTime(pair: Pair, random: FastRandom): void {
  const { list } = pair;
  const near = list[random.below(Math.max(1, list.length))] ?? { seconds: 1000, nanos: 0 };
  const nanos = Math.max(0, near.nanos + random.below(3) - 1);
  const expected = list.find(
    (each) => each.seconds > near.seconds || (each.seconds === near.seconds && each.nanos >= nanos),
  );
  assert.is(pair.records.findTime(near.seconds, nanos), expected?.seq ?? Infinity);
}

for (const [spread, name] of [
  [0, 'few subjects'],
  [5, 'many subjects'],
  [10, 'almost only new subjects'],
] as const) {
  test(`S-18 S-19 S-20 S-21 S-23 S-25: all that is derived agrees with a recount after every change, with ${name}`, () =>
    withSeed(async (random) => {
      for (let run = 0; run < 2; run++) {
        const pair = await Pair.open();
        for (let step = 0; step < 90; step++) {
          act(pair, random, spread);
          if (!pair.isInUnit && step % 3 === 0) agree(pair, random);
        }
        pair.end(false);
        agree(pair, random);
      }
    }));
}

test('D-14: an index from a checkpoint answers as the one it was made from, also when records went and came since', () =>
  withSeed(async (random) => {
    for (let run = 0; run < 4; run++) {
      const pair = await Pair.open();
      const steps = (count: number): void => {
        for (let step = 0; step < count; step++) act(pair, random, run);
        pair.end(false);
      };
      steps(100);
      const { store, index } = pair.records;
      await saveIndex(store, index, pair.ports.clock);
      steps(run * 20);
      const restored = await restoreIndex(store, pair.ports.clock);
      const known = pair.list.filter(({ seq }) => restored.has(seq));
      assert.is(restored.count, known.length);
      assert.is(
        restored.bytes,
        known.reduce((sum, { size }) => sum + size, 0),
      );
      for (const { seq, subject } of known) assert.is(restored.subjects.subjectOf(restored.subjectAt(seq)), subject);
    }
  }));

test.run();
