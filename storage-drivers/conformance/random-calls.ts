/** Random calls against the model; when they differ, the calls are made fewer until each is needed, and printed. */
import assert from 'node:assert/strict';
import type { RecordStore, StoreSnapshot } from '../contract.ts';
import { difference, type Sample, sample } from './sample-message.ts';
import { SeededRandom } from './seeded-random.ts';
import { gapsOf, put, scanWarm, untilDurable } from './store-driving.ts';
import { StoreModel } from './store-model.ts';
import type { DriverUnderTest, RunningDriver, TestFunction } from './subject.ts';

/** A call as data. Where it strikes is a part of what there is, so that it means something among fewer calls too. */
export type Call =
  | { readonly kind: 'append'; readonly gap: number; readonly given: Sample }
  | { readonly kind: 'remove' | 'erase' | 'drop'; readonly at: number; readonly span: number }
  | { readonly kind: 'advance'; readonly by: number }
  | { readonly kind: 'put' | 'extend' | 'delete'; readonly name: string; readonly value: readonly number[] }
  | { readonly kind: 'begin' | 'commit' | 'abort' | 'snapshot' | 'release' | 'restart' | 'check' };

const CALLS = 400;
const RUNS = 30;
const SHRINK_RUNS_MAX = 500;

export function testRandomCalls(test: TestFunction, subject: DriverUnderTest): void {
  test(`${subject.name}: random calls do what the model does`, async () => {
    for (let run = 0; run < (subject.runs ?? RUNS); run++) {
      const seed = (subject.seed ?? 1) + run;
      const calls = randomCalls(new SeededRandom(seed), CALLS);
      const problem = await problemOf(subject, calls);
      if (problem !== null) throw await smallest(subject, calls, seed);
    }
  });
}

async function smallest(subject: DriverUnderTest, calls: readonly Call[], seed: number): Promise<Error> {
  const kept = await shrink(calls, async (fewer) => (await problemOf(subject, fewer)) !== null);
  const problem = await problemOf(subject, kept);
  const listed = kept.map((call) => `  ${JSON.stringify(call)}`).join('\n');
  return new Error(`${problem?.message ?? 'it does not fail any more'}\nseed ${seed}, calls:\n${listed}`, {
    cause: problem,
  });
}

/** Leaves calls out, in ever smaller pieces, as long as the rest still fails. */
export async function shrink<T>(calls: readonly T[], fails: (fewer: readonly T[]) => Promise<boolean>): Promise<T[]> {
  let kept = [...calls];
  let runs = 0;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < kept.length && runs < SHRINK_RUNS_MAX; runs++) {
      const fewer = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (await fails(fewer)) kept = fewer;
      else from += size;
    }
  }
  return kept;
}

export function randomCalls(random: SeededRandom, count: number): Call[] {
  return Array.from({ length: count }, () => randomCall(random));
}

function randomCall(random: SeededRandom): Call {
  const dice = random.below(100);
  if (dice < 55)
    return { kind: 'append', gap: random.below(40) === 0 ? random.below(20_000) : 0, given: given(random) };
  if (dice < 70) return randomRemoval(random);
  if (dice < 73) return { kind: 'advance', by: random.below(50) };
  if (dice < 83) return randomCell(random);
  return {
    kind: random.oneOf(['begin', 'begin', 'commit', 'commit', 'abort', 'snapshot', 'release', 'restart', 'check']),
  };
}

function given(random: SeededRandom): Sample {
  return sample({
    subject: `a.${random.below(20)}${'.x'.repeat(random.below(3))}`,
    headerLength: random.below(3) === 0 ? random.below(100) : 0,
    bodyLength: random.below(30) === 0 ? random.below(20_000) : random.below(200),
    salt: random.below(256),
    seconds: 1_700_000_000 + random.below(1000),
    nanos: random.below(1_000_000_000),
    flags: random.below(65_536),
  });
}

function randomRemoval(random: SeededRandom): Call {
  const kind = random.oneOf(['remove', 'remove', 'remove', 'erase', 'drop'] as const);
  const span = random.below(4) === 0 ? random.below(60) : 0;
  // Ends are where mistakes are: the first and the last are struck often.
  const at = random.oneOf([0, 1, random.below(1000) / 1000, random.below(1000) / 1000]);
  return { kind, at: kind === 'drop' ? at / 4 : at, span };
}

function randomCell(random: SeededRandom): Call {
  const kind = random.oneOf(['put', 'extend', 'extend', 'delete'] as const);
  const value = Array.from({ length: random.below(30) }, () => random.below(256));
  return { kind, name: `cell ${random.below(5)}`, value };
}

/** Null when store and model agree all the way. */
async function problemOf(subject: DriverUnderTest, calls: readonly Call[]): Promise<Error | null> {
  const run = new CallRun(await subject.start());
  try {
    await run.open();
    for (const call of calls) await run.call(call);
    await run.finish();
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    await run.running.end();
  }
}

class CallRun {
  running: RunningDriver;
  private store!: RecordStore;
  private model = new StoreModel();
  private isInUnit = false;
  private ticket = 0;
  private readonly snapshots: { snapshot: StoreSnapshot; model: StoreModel }[] = [];

  constructor(running: RunningDriver) {
    this.running = running;
  }

  async open(): Promise<void> {
    this.store = (await this.running.driver.open('random')).store;
    this.ticket = this.store.durableTicket;
  }

  async call(call: Call): Promise<void> {
    if (call.kind === 'append') this.append(call.gap, call.given);
    else if ('at' in call) this.removal(call.kind, call.at, call.span);
    else if (call.kind === 'advance') this.advance(call.by);
    else if ('name' in call) this.cell(call.kind, call.name, call.value);
    else await this.control(call.kind);
    if (!this.isInUnit) assert.deepEqual(summaryOf(this.store), this.model.summary());
  }

  async finish(): Promise<void> {
    if (this.isInUnit) await this.control('commit');
    await this.control('check');
    for (const { snapshot } of this.snapshots) snapshot.release();
    await untilDurable(this.running, this.store, this.ticket);
  }

  private append(gap: number, message: Sample): void {
    const seq = this.model.last + 1 + gap;
    this.wrote(put(this.store, seq, message));
    this.model.append(seq, message);
  }

  private removal(kind: 'remove' | 'erase' | 'drop', at: number, span: number): void {
    const { first, last } = this.model.summary();
    const from = first + Math.floor(at * (last - first));
    const to = from + span;
    if (kind === 'drop') this.wrote(this.store.dropBefore(from));
    else this.wrote(kind === 'erase' ? this.store.erase(from, to) : this.store.remove(from, to));
    if (kind === 'drop') this.model.dropBefore(from);
    else this.model.remove(from, to);
  }

  private advance(by: number): void {
    const last = this.model.last + by;
    this.wrote(this.store.advance(last));
    this.model.advance(last);
  }

  private cell(kind: 'put' | 'extend' | 'delete', name: string, value: readonly number[]): void {
    const { cells } = this.store;
    if (kind === 'put') this.wrote(cells.put(name, Uint8Array.from(value)));
    else if (kind === 'extend') this.wrote(cells.extend(name, Uint8Array.from(value)));
    else this.wrote(cells.delete(name));
    this.model[kind](name, value);
  }

  private async control(
    kind: 'begin' | 'commit' | 'abort' | 'snapshot' | 'release' | 'restart' | 'check',
  ): Promise<void> {
    if (kind === 'begin') this.begin();
    else if (kind === 'commit' || kind === 'abort') this.end(kind);
    else if (this.isInUnit) return;
    else if (kind === 'snapshot') this.snapshots.push({ snapshot: this.store.snapshot(), model: this.model.copy() });
    else if (kind === 'release') this.snapshots.shift()?.snapshot.release();
    else if (kind === 'restart') await this.restart();
    else await this.check();
  }

  private begin(): void {
    if (this.isInUnit) return;
    this.isInUnit = true;
    this.store.begin();
    this.model.begin();
  }

  private end(kind: 'commit' | 'abort'): void {
    if (!this.isInUnit) return;
    this.isInUnit = false;
    if (kind === 'commit') this.wrote(this.store.commit());
    else this.store.abort();
    this.model[kind]();
  }

  private async restart(): Promise<void> {
    if (this.running.driver.supports.durable === 'none') return;
    for (const { snapshot } of this.snapshots.splice(0)) snapshot.release();
    await this.running.driver.close();
    this.running = await this.running.restart();
    await this.open();
    await this.check();
  }

  private async check(): Promise<void> {
    assert.deepEqual(summaryOf(this.store), this.model.summary());
    await expectRecords(this.store, this.model);
    await expectCells(this.store, this.model);
    for (const { snapshot, model } of this.snapshots) await expectRecords(snapshot, model);
    expectGaps(this.store, this.model);
  }

  private wrote(ticket: number): void {
    if (this.isInUnit) assert.equal(ticket, 0);
    else {
      assert.ok(ticket > this.ticket, `ticket ${ticket} after ${this.ticket}`);
      this.ticket = ticket;
    }
  }
}

function summaryOf(store: RecordStore): object {
  const { first, last, lastSeconds, lastNanos, count, contentBytes } = store;
  return { first, last, lastSeconds, lastNanos, count, contentBytes };
}

async function expectRecords(source: RecordStore | StoreSnapshot, model: StoreModel): Promise<void> {
  const up = model.sequences;
  const top = model.last + 100;
  for (const [from, to, expected] of [
    [1, top, up],
    [top, 1, [...up].reverse()],
  ] as const) {
    let visited = 0;
    await scanWarm(source, from, to, (record) => {
      const seq = expected[visited++];
      assert.equal(record.seq, seq);
      assert.equal(difference(record, record.seq, model.records.get(record.seq)!), null);
      return true;
    });
    assert.equal(visited, expected.length);
  }
}

async function expectCells(store: RecordStore, model: StoreModel): Promise<void> {
  assert.deepEqual(await store.cells.list(''), [...model.cells.keys()].sort());
  for (const [name, value] of model.cells) assert.deepEqual([...((await store.cells.get(name)) ?? [])], value);
}

function expectGaps(store: RecordStore, model: StoreModel): void {
  const expected: [number, number][] = [];
  let next = store.first;
  for (const seq of [...model.sequences, store.last + 1]) {
    if (seq > next) expected.push([next, seq - 1]);
    next = seq + 1;
  }
  assert.deepEqual(gapsOf(store, store.first, store.last), expected);
}
