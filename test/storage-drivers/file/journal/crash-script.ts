/** A random script against a journal, and what each store may find after a power cut. */
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../../kernel/ports/fast-random.ts';
import type { Fate } from '../../../../kernel/ports/simulated-disk.ts';
import type { Journal } from '../../../../storage-drivers/file/journal/journal.ts';
import type { JournalOptions } from '../../../../storage-drivers/file/journal/journal-options.ts';
import type { JournalStore } from '../../../../storage-drivers/file/journal/journal-store.ts';
import { PowerCut } from '../../../kits/mortal-clock.ts';
import { JournalWorld, type OpenResult } from './journal-world.ts';

const STORES = [3, 5, 8];
const GROUP_TYPE = 2;
const GROUP_END_TYPE = 3;
const FATES: Fate[] = ['none', 'all', 'prefix', 'subset'];

/** What a store wrote: record `index` is told by its number alone. */
interface Promised {
  id: number;
  /** Records written, of which those below `durable` may not be lost, and those below `released` need not be kept. */
  written: number;
  durable: number;
  released: number;
  /** Which record each ticket ends with, by the journal's present tickets. */
  ends: number[];
  types: number[];
  /** A write failed: as long as nothing came after it, a power cut may bring back what was not promised. */
  hasFailed: boolean;
  store: JournalStore | null;
}

export interface ScriptOutcome {
  crashes: number;
  reopened: number;
  records: number;
  cuts: number;
}

export interface ScriptOptions {
  rounds: number;
  options?: Partial<JournalOptions>;
  /** Called in each life before anything else happens. */
  spoil?: (world: JournalWorld, random: FastRandom) => void;
  /** What was acknowledged may be lost, though not in the middle. */
  isWeak?: boolean;
}

export async function runCrashScript(
  seed: number,
  { rounds, options, spoil, isWeak }: ScriptOptions,
): Promise<ScriptOutcome> {
  const random = FastRandom.fromSeed(seed);
  const script = new CrashScript(await JournalWorld.create(seed, options), random, isWeak ?? false);
  for (let round = 0; round < rounds; round++) {
    spoil?.(script.world, random);
    await script.live();
  }
  await script.verify();
  return script.outcome;
}

class CrashScript {
  readonly world: JournalWorld;
  readonly outcome: ScriptOutcome = { crashes: 0, reopened: 0, records: 0, cuts: 0 };
  private readonly random: FastRandom;
  private readonly isWeak: boolean;
  private readonly promised: Promised[] = STORES.map((id) => ({
    id,
    written: 0,
    durable: 0,
    released: 0,
    ends: [0],
    types: [],
    hasFailed: false,
    store: null,
  }));

  constructor(world: JournalWorld, random: FastRandom, isWeak: boolean) {
    this.world = world;
    this.random = random;
    this.isWeak = isWeak;
  }

  /** From one opening to the next crash or clean end. */
  async live(): Promise<void> {
    const { disk } = this.world;
    // Half of the lives end at a step of the disk, the others at a moment, or well.
    disk.stepsLeft = this.random.below(2) === 0 ? this.random.below(120) : Infinity;
    try {
      const journal = this.take(await this.world.open());
      await this.world.until(journal.start());
      const actions = this.random.below(60);
      for (let action = 0; action < actions; action++) await this.act(journal);
      if (this.random.below(4) === 0) {
        await this.world.until(journal.close());
        this.outcome.reopened++;
        return;
      }
    } catch (error) {
      // A disk that fails while the journal is opened ends a life as well.
      if (!(error instanceof PowerCut) && (error as { code?: string }).code !== 'EIO') throw error;
    }
    this.outcome.crashes++;
    this.world.crash(FATES[this.random.below(FATES.length)]!);
  }

  async verify(): Promise<void> {
    this.world.disk.stepsLeft = Infinity;
    this.world.disk.faults.stop();
    this.take(await this.world.open());
  }

  /** Compares what is there with what was promised, and goes on from there. */
  private take({ journal, records, holes, report }: OpenResult): Journal {
    assert.equal(holes, [], 'a power cut is no damage');
    assert.equal(report.strangers, []);
    if (report.cut !== null) this.outcome.cuts++;
    this.outcome.records += records.length;
    for (const promised of this.promised) {
      const own = records.filter(({ store }) => store === promised.id);
      this.compare(promised, own);
      this.adopt(promised, journal, own);
    }
    return journal;
  }

  private compare(promised: Promised, own: OpenResult['records']): void {
    const { id, durable, released, written } = promised;
    const indexes = own.map(({ data }) => Number.parseInt(data, 10));
    for (const [at, { data, type }] of own.entries()) {
      const index = indexes[at]!;
      assert.is(data, dataOf(id, index));
      if (!promised.hasFailed) assert.is(type, promised.types[index], `the type of ${id}/${index}`);
      if (at > 0) assert.is(index, indexes[at - 1]! + 1, `store ${id} has all between its records`);
    }
    const first = indexes[0] ?? written;
    const after = own.length === 0 ? released : indexes.at(-1)! + 1;
    assert.ok(own.length === 0 || first <= released, `store ${id} has its records from ${released} on, not ${first}`);
    assert.ok(
      this.isWeak || after >= Math.max(durable, released),
      `store ${id} has ${after} records of ${durable} durable ones`,
    );
    assert.ok(promised.hasFailed || after <= written);
    if (own.length > 0) assert.is.not(own.at(-1)!.type, GROUP_TYPE, 'a group is whole');
  }

  private adopt(promised: Promised, journal: Journal, own: OpenResult['records']): void {
    const count = own.length === 0 ? promised.released : Number.parseInt(own.at(-1)!.data, 10) + 1;
    promised.written = count;
    promised.durable = count;
    // In the weaker mode more may have been let go of than survived.
    promised.released = Math.min(promised.released, count);
    promised.types.length = count;
    for (const { data, type } of own) promised.types[Number.parseInt(data, 10)] = type;
    promised.hasFailed = false;
    promised.ends = [count];
    const pinned = own.find(({ data }) => Number.parseInt(data, 10) >= promised.released);
    promised.store = journal.addStore(
      promised.id,
      {
        durable: (ticket) => {
          promised.durable = promised.ends[ticket]!;
        },
        // As if it were opened again: what was not durable never was.
        failed: () => {
          promised.store!.resume();
          promised.hasFailed = true;
          promised.written = promised.durable;
          promised.types.length = promised.durable;
        },
        pressed: () => this.release(journal, promised),
      },
      { pin: pinned?.generation ?? Infinity },
    );
  }

  private async act(journal: Journal): Promise<void> {
    const { random } = this;
    const promised = this.promised[random.below(STORES.length)]!;
    const what = random.below(10);
    if (what < 5) this.burst(journal, promised);
    else if (what === 5) this.group(journal, promised);
    else if (what === 6) this.release(journal, promised);
    else if (what < 9) await this.world.pass(random.fraction() * 12);
    else await this.world.until(journal.idle());
  }

  private burst(journal: Journal, promised: Promised): void {
    for (let count = this.random.below(8); count >= 0; count--) this.write(journal, promised, 1);
  }

  private group(journal: Journal, promised: Promised): void {
    const store = promised.store!;
    const { written } = promised;
    journal.beginGroup(store);
    const members = 1 + this.random.below(6);
    for (let member = 1; member <= members; member++) {
      if (this.put(journal, promised, member === members ? GROUP_END_TYPE : GROUP_TYPE) < 0) {
        journal.abortGroup(store);
        promised.written = written;
        promised.types.length = written;
        return;
      }
    }
    if (this.random.below(4) === 0) {
      journal.abortGroup(store);
      promised.written = written;
      promised.types.length = written;
    } else promised.ends[journal.endGroup(store)] = promised.written;
  }

  private write(journal: Journal, promised: Promised, type: number): void {
    const ticket = this.put(journal, promised, type);
    if (ticket > 0) promised.ends[ticket] = promised.written;
  }

  private put(journal: Journal, promised: Promised, type: number): number {
    const data = Buffer.from(dataOf(promised.id, promised.written));
    const at = journal.begin(promised.store!, type, data.length);
    if (at < 0) return -1;
    journal.bytes.set(data, at);
    promised.types[promised.written++] = type;
    return journal.end();
  }

  /** What is durable has been written elsewhere. */
  private release(journal: Journal, promised: Promised): void {
    promised.released = promised.durable;
    journal.release(promised.store!, promised.store!.durable);
  }
}

/** Known from its number: mostly short, sometimes longer than a frame. */
function dataOf(store: number, index: number): string {
  const length = (index * 7919 + store * 31) % 13 === 0 ? 5000 : (index * 104_729) % 700;
  return `${index} of ${store} ${String.fromCharCode(97 + (index % 26)).repeat(length)}`;
}
