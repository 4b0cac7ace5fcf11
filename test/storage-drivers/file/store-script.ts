/** Random calls against stores on a machine whose power fails, and what must be there afterwards. */
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';
import type { Fate } from '../../../kernel/ports/simulated-disk.ts';
import {
  Read,
  type RecordStore,
  Scan,
  type StoreCompression,
  type StoredRecord,
} from '../../../storage-drivers/contract.ts';
import type { FileDriverOptions } from '../../../storage-drivers/file/driver-options.ts';
import type { FileDriver } from '../../../storage-drivers/file/file-driver.ts';
import { PowerCut } from '../../kits/mortal-clock.ts';
import { DriverWorld } from './driver-world.ts';

const FATES: Fate[] = ['none', 'all', 'prefix', 'subset'];
const IDS = ['orders', 'events', 'log'];

/** What a store holds after some operation. */
interface Moment {
  readonly records: ReadonlyMap<number, string>;
  readonly cells: ReadonlyMap<string, string>;
  readonly last: number;
}

interface Tracked {
  readonly id: string;
  store: RecordStore | null;
  /** By ticket, from the newest durable one on: one of these is what a crash leaves. */
  moments: Map<number, Moment>;
  now: Moment;
  durable: number;
  /** What was erased, by the ticket that says when it is nowhere any more. */
  erasing: { readonly ticket: number; readonly needles: readonly string[] }[];
}

const EMPTY: Moment = { records: new Map(), cells: new Map(), last: 0 };

export interface StoreScriptOptions {
  readonly lives: number;
  readonly options?: Partial<FileDriverOptions>;
  /** Nothing is compressed or encrypted: what was erased can be looked for. */
  readonly isPlain?: boolean;
  /** Much is removed, here and there. */
  readonly isSparse?: boolean;
  /** Tickets say nothing about power cuts, though what is left is as it was at some moment. */
  readonly isLazy?: boolean;
  /** The same, since syncs are not waited for. */
  readonly isSyncedLater?: boolean;
  /** What becomes of what was not synced; anything, where nothing is said. */
  readonly fates?: readonly Fate[];
  /** Each store is compressed or not, as chance says. */
  readonly isCompressible?: boolean;
  /** Called at the start of each life. */
  readonly spoil?: (world: DriverWorld, random: FastRandom) => void;
}

export async function runStoreScript(
  seed: number,
  script: StoreScriptOptions,
): Promise<{ crashes: number; checks: number }> {
  const run = new StoreScript(new DriverWorld(seed, script.options), FastRandom.fromSeed(seed), script);
  for (let life = 0; life < script.lives; life++) await run.live(script.spoil);
  await run.end();
  return { crashes: run.crashes, checks: run.checks };
}

class StoreScript {
  crashes = 0;
  checks = 0;
  private readonly world: DriverWorld;
  private readonly random: FastRandom;
  private readonly tracked: Tracked[] = IDS.map((id) => ({
    id,
    store: null,
    moments: new Map([[0, EMPTY]]),
    now: EMPTY,
    durable: 0,
    erasing: [],
  }));
  private readonly script: StoreScriptOptions;
  private readonly destroyed: string[] = [];

  constructor(world: DriverWorld, random: FastRandom, script: StoreScriptOptions) {
    this.world = world;
    this.random = random;
    this.script = script;
  }

  async live(spoil?: (world: DriverWorld, random: FastRandom) => void): Promise<void> {
    const { disk } = this.world;
    disk.stepsLeft = this.random.below(2) === 0 ? this.random.below(250) : Infinity;
    spoil?.(this.world, this.random);
    try {
      const driver = await this.world.open();
      assert.equal(driver.report!.setAside, [], 'a power cut leaves nothing that is not known');
      for (const tracked of this.tracked) await this.take(driver, tracked);
      for (let action = this.random.below(80); action > 0; action--) await this.act(driver);
      if (this.random.below(4) === 0) {
        await this.world.until(driver.close());
        for (const tracked of this.tracked) this.settle(tracked, tracked.store!.durableTicket);
        return;
      }
    } catch (error) {
      if (!isEndOfLife(error as Error & { code?: string })) throw error;
    }
    this.crashes++;
    const { fates = FATES } = this.script;
    this.world.crash(fates[this.random.below(fates.length)]!);
  }

  async end(): Promise<void> {
    this.world.disk.stepsLeft = Infinity;
    this.world.disk.faults.stop();
    this.world.disk.capacityBytes = Number.POSITIVE_INFINITY;
    this.world.crash(this.script.fates?.[0] ?? 'none');
    const driver = await this.world.open();
    for (const tracked of this.tracked) await this.take(driver, tracked);
    await this.world.until(driver.close());
    this.expectDestroyed();
  }

  /** What was erased, and told so, is in no file. */
  private expectDestroyed(): void {
    if (this.script.isPlain !== true || this.destroyed.length === 0) return;
    for (const [path, bytes] of this.world.disk.image()) {
      const text = Buffer.from(bytes);
      for (const needle of this.destroyed) assert.not.ok(text.includes(needle), `'${needle}' is still in ${path}`);
    }
  }

  /** Opens the store, and finds one of the moments in it that may be there. */
  private async take(driver: FileDriver, tracked: Tracked): Promise<void> {
    const { isLazy = false } = this.script;
    const options = { isLazy, ...(this.script.isCompressible === true ? { compression: this.drawCompression() } : {}) };
    const { store, report } = await this.world.until(driver.open(tracked.id, options));
    this.expectDestroyed();
    assert.equal(report.holes, [], 'a power cut is no damage');
    assert.is(report.isAmnesiac, false);
    const found = await this.momentOf(store);
    const match = [...tracked.moments.entries()].find(([, moment]) => isSame(moment, found));
    assert.ok(match, `${tracked.id}: ${explain(found, tracked)}`);
    this.checks++;
    tracked.store = store;
    tracked.now = found;
    tracked.moments = new Map([[store.durableTicket, found]]);
    tracked.durable = store.durableTicket;
    tracked.erasing = [];
    store.onDurable({ durable: (ticket) => this.settle(tracked, ticket), failed: () => {} });
  }

  private drawCompression(): StoreCompression {
    return this.random.below(2) === 0 ? 's2' : 'none';
  }

  private settle(tracked: Tracked, ticket: number): void {
    tracked.durable = ticket;
    const tickets = [...tracked.moments.keys()].filter((each) => each <= ticket);
    if (this.script.isLazy === true || this.script.isSyncedLater === true) return;
    const newest = Math.max(...tickets);
    for (const each of tickets) if (each < newest) tracked.moments.delete(each);
    const done = tracked.erasing.filter((each) => each.ticket <= ticket);
    tracked.erasing = tracked.erasing.filter((each) => each.ticket > ticket);
    this.destroyed.push(...done.flatMap(({ needles }) => needles));
  }

  private async act(driver: FileDriver): Promise<void> {
    const { random } = this;
    const tracked = this.tracked[random.below(this.tracked.length)]!;
    const what = random.below(12);
    if (what < 6) for (let count = random.below(12); count >= 0; count--) this.write(tracked);
    else if (what === 6) this.unit(tracked);
    else if (what === 7 && this.script.isCompressible === true && this.random.below(2) === 0)
      tracked.store!.compression = this.drawCompression();
    else if (what === 7) void driver.checkpoint(tracked.store as never).catch(() => {});
    else if (what < 10) await this.world.pass(random.fraction() * 20);
    else if (what === 10) await this.momentOf(tracked.store!);
    else await this.world.pass(200);
  }

  /** Any single write. */
  private write(tracked: Tracked): void {
    const { now } = tracked;
    const change = this.choose(tracked);
    const ticket = change.write(tracked.store!);
    if (ticket < 0) return;
    tracked.now = change.apply(now);
    tracked.moments.set(ticket, tracked.now);
    if (!change.isErasure) return;
    const gone = [...now.records].filter(([seq]) => !tracked.now.records.has(seq));
    tracked.erasing.push({ ticket, needles: gone.map(([, text]) => text.slice(text.indexOf(' ') + 1, 24)) });
  }

  private unit(tracked: Tracked): void {
    const store = tracked.store!;
    store.begin();
    let moment = tracked.now;
    const later: ((from: Moment) => Moment)[] = [];
    for (let count = this.random.below(6); count >= 0; count--) {
      const change = this.random.below(2) === 0 ? this.appendTo(moment) : this.cellOf();
      if (change.write(store) < 0) continue;
      if (change.isAppend) moment = change.apply(moment);
      else later.push(change.apply);
    }
    if (this.random.below(4) === 0) {
      store.abort();
      return;
    }
    const ticket = store.commit();
    if (ticket < 0) return;
    tracked.now = later.reduce((before, apply) => apply(before), moment);
    tracked.moments.set(ticket, tracked.now);
  }

  private choose(tracked: Tracked): Change {
    const { random } = this;
    const what = random.below(20);
    if (what < 13 && !(this.script.isSparse === true && what < 4)) return this.appendTo(tracked.now);
    if (what < 4) return this.removalOf(tracked, 15 + random.below(3));
    if (what < 15) return this.cellOf();
    return this.removalOf(tracked, what);
  }

  private appendTo(moment: Moment): Change {
    const { random } = this;
    const seq = moment.last + 1 + (random.below(15) === 0 ? random.below(100) : 0);
    const length = random.below(25) === 0 ? 6000 : random.below(300);
    const body = `${seq} ${random.below(1e9)} ${random.below(1e9)} ${'m'.repeat(length)}`;
    const subject = `s.${seq % 7}`;
    return {
      isAppend: true,
      write: (store) => store.append(seq, 1_700_000_000 + seq, seq % 1000, seq & 0xffff, messageOf(subject, body)),
      apply: ({ records, cells }) => ({ records: new Map(records).set(seq, `${subject} ${body}`), cells, last: seq }),
    };
  }

  private cellOf(): Change {
    const { random } = this;
    const name = `c${random.below(3)}`;
    const value = String(random.below(1e6));
    const kind = random.below(4);
    const bytes = Buffer.from(value);
    return {
      isAppend: false,
      write: ({ cells }) =>
        kind === 0 ? cells.delete(name) : kind === 1 ? cells.extend(name, bytes) : cells.put(name, bytes),
      apply: ({ records, cells, last }) => {
        const next = new Map(cells);
        if (kind === 0) next.delete(name);
        else next.set(name, kind === 1 ? (cells.get(name) ?? '') + value : value);
        return { records, cells: next, last };
      },
    };
  }

  private removalOf({ now: moment, id }: Tracked, what: number): Change {
    const { random } = this;
    // A log gives sequences out again, and a stream erases.
    const isLog = id === 'log';
    const from = 1 + random.below(moment.last + 1);
    const to = from + random.below(what === 15 ? 1 : 40);
    const without = (is: (seq: number) => boolean, last: number) => (before: Moment) => ({
      records: new Map([...before.records].filter(([seq]) => !is(seq))),
      cells: before.cells,
      last,
    });
    if (isLog && what === 19 && random.below(3) === 0) {
      const cut = Math.max(0, moment.last - random.below(20));
      return { isAppend: false, write: (s) => s.cutAfter(cut), apply: without((seq) => seq > cut, cut) };
    }
    if (what === 18) {
      const last = Math.max(moment.last, from - 1);
      return { isAppend: false, write: (s) => s.dropBefore(from), apply: without((seq) => seq < from, last) };
    }
    if (!isLog && what === 17) {
      return {
        isAppend: false,
        isErasure: true,
        write: (s) => s.erase(from, from + (to % 3)),
        apply: without((seq) => seq >= from && seq <= from + (to % 3), moment.last),
      };
    }
    return {
      isAppend: false,
      write: (s) => s.remove(from, to),
      apply: without((seq) => seq >= from && seq <= to, moment.last),
    };
  }

  private async momentOf(store: RecordStore): Promise<Moment> {
    const records = new Map<number, string>();
    for (let next = 1; ; ) {
      const end = store.scan(next, Number.MAX_SAFE_INTEGER, (record) => {
        records.set(record.seq, textOf(record));
        next = record.seq + 1;
        return true;
      });
      if (end !== Scan.cold) break;
      next = store.coldSequence;
      await this.world.until(
        new Promise<void>((resolve, reject) => {
          store.load(next, Number.MAX_SAFE_INTEGER, (error) => (error === null ? resolve() : reject(error)));
        }),
      );
    }
    assert.is(store.count, records.size);
    assert.is(store.first, records.size === 0 ? store.last + 1 : records.keys().next().value);
    assert.is(store.read(store.last + 1), Read.gone);
    const cells = new Map<string, string>();
    for (const name of await store.cells.list(''))
      cells.set(name, Buffer.from((await store.cells.get(name))!).toString());
    return { records, cells, last: store.last };
  }
}

/** The power failed, or the disk did while something was opened. */
function isEndOfLife(error: Error & { code?: string }): boolean {
  if (error instanceof PowerCut || error.code === 'EIO' || error.code === 'ENOSPC') return true;
  return error.message.endsWith('nothing can be written now');
}

interface Change {
  readonly isAppend: boolean;
  readonly isErasure?: boolean;
  write(store: RecordStore): number;
  apply(before: Moment): Moment;
}

function messageOf(subject: string, body: string) {
  const subjectBytes = Buffer.from(subject);
  const bytes = Buffer.from(body);
  return {
    subjectBytes,
    subjectStart: 0,
    subjectEnd: subjectBytes.length,
    bytes,
    headerStart: 0,
    bodyStart: 0,
    bodyEnd: bytes.length,
  };
}

function textOf(record: StoredRecord): string {
  const subject = Buffer.from(record.subjectBytes.subarray(record.subjectStart, record.subjectEnd)).toString();
  const body = Buffer.from(record.bytes.subarray(record.bodyStart, record.bodyEnd)).toString();
  assert.equal([record.seconds, record.nanos], [1_700_000_000 + record.seq, record.seq % 1000]);
  assert.is(record.flags, record.seq & 0xffff);
  return `${subject} ${body}`;
}

function isSame(one: Moment, other: Moment): boolean {
  return one.last === other.last && isSameMap(one.records, other.records) && isSameMap(one.cells, other.cells);
}

function isSameMap<K>(one: ReadonlyMap<K, string>, other: ReadonlyMap<K, string>): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}

/** In a few words how what was found differs from the newest moment it should be. */
function explain(found: Moment, { moments, durable }: Tracked): string {
  const [ticket, nearest] = [...moments].sort(
    (a, b) => Math.abs(a[1].last - found.last) - Math.abs(b[1].last - found.last),
  )[0]!;
  const missing = [...nearest.records.keys()].filter((seq) => found.records.get(seq) !== nearest.records.get(seq));
  const extra = [...found.records.keys()].filter((seq) => !nearest.records.has(seq));
  const cells = `${JSON.stringify([...found.cells])} for ${JSON.stringify([...nearest.cells])}`;
  return `last ${found.last}, ${found.records.size} records; ticket ${ticket} (durable ${durable}, ${moments.size} moments) has last ${nearest.last}; missing ${missing}, too many ${extra}, cells ${cells}`;
}
