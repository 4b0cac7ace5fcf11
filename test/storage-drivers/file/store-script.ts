/** Random calls against stores on a machine whose power fails, and what must be there afterwards. */
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';
import type { Fate } from '../../../kernel/ports/simulated-disk.ts';
import type { RecordStore, StoreCompression } from '../../../storage-drivers/contract.ts';
import type { FileDriverOptions } from '../../../storage-drivers/file/driver-options.ts';
import type { FileDriver } from '../../../storage-drivers/file/file-driver.ts';
import { PowerCut } from '../../kits/mortal-clock.ts';
import { DriverWorld } from './driver-world.ts';
import { Changes } from './store-changes.ts';
import { EMPTY, explain, isSame, type Moment, momentOf } from './store-moment.ts';

const FATES: Fate[] = ['none', 'all', 'prefix', 'subset'];
const IDS = ['orders', 'events', 'log'];

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
  /** Files that came before what speaks of them may be left where that could not be written, and are set aside. */
  readonly mayLeaveFiles?: boolean;
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
  private readonly changes: Changes;
  private readonly until = <T>(promise: Promise<T>): Promise<T> => this.world.until(promise);
  private readonly destroyed: string[] = [];

  constructor(world: DriverWorld, random: FastRandom, script: StoreScriptOptions) {
    this.world = world;
    this.random = random;
    this.script = script;
    this.changes = new Changes(random, script.isSparse === true);
  }

  async live(spoil?: (world: DriverWorld, random: FastRandom) => void): Promise<void> {
    const { disk } = this.world;
    disk.stepsLeft = this.random.below(2) === 0 ? this.random.below(250) : Infinity;
    spoil?.(this.world, this.random);
    try {
      const driver = await this.world.open();
      if (this.script.mayLeaveFiles !== true) {
        assert.equal(driver.report!.setAside, [], 'a power cut leaves nothing that is not known');
      }
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
    const found = await momentOf(store, this.until);
    const match = [...tracked.moments.entries()].find(([, moment]) => isSame(moment, found));
    assert.ok(match, `${tracked.id}: ${explain(found, tracked.moments, tracked.durable)}`);
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
    else if (what === 10) await momentOf(tracked.store!, this.until);
    else await this.world.pass(200);
  }

  /** Any single write. */
  private write(tracked: Tracked): void {
    const { now } = tracked;
    const change = this.changes.of(tracked.id, now);
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
      const change = this.random.below(2) === 0 ? this.changes.appendTo(moment) : this.changes.cellOf();
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
}

/** The power failed, or the disk did while something was opened. */
function isEndOfLife(error: Error & { code?: string }): boolean {
  if (error instanceof PowerCut || error.code === 'EIO' || error.code === 'ENOSPC') return true;
  return error.message.endsWith('nothing can be written now');
}
