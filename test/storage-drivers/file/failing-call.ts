/**
 * A driver on a disk of which one call fails, the first, the second, and so on: once, or from then on until somebody sees to it. Whoever
 * wrote hears whether it is durable; what was durable is there at once, and after a power cut; and it goes on when the disk does.
 */
import * as assert from 'uvu/assert';
import type { DiskOperation } from '../../../kernel/ports/disk-faults.ts';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';
import type { Fate } from '../../../kernel/ports/simulated-disk.ts';
import type { RecordStore } from '../../../storage-drivers/contract.ts';
import type { FileDriverOptions } from '../../../storage-drivers/file/driver-options.ts';
import type { FileDriver } from '../../../storage-drivers/file/file-driver.ts';
import { DriverWorld } from './driver-world.ts';
import { Changes } from './store-changes.ts';
import { EMPTY, explain, isSame, type Moment, momentOf } from './store-moment.ts';

const FATES: Fate[] = ['none', 'all', 'prefix', 'subset'];
const IDS = ['orders', 'log'];
const ACTIONS = 14;
/** Until then everything has to work again. */
const PATIENCE_MS = 60_000;

export interface Failure {
  readonly code: 'EIO' | 'ENOSPC';
  /** The calls before it that succeed. */
  readonly after: number;
  /** All changes fail from then on, until the disk is seen to; where it began with a look, all calls. */
  readonly isLasting: boolean;
  /** Calls that look, instead of those that change something. */
  readonly isReading: boolean;
}

export interface FailedCall {
  readonly operation: DiskOperation;
  readonly path: string;
}

interface Tracked {
  readonly id: string;
  store: RecordStore | null;
  /** By ticket, from the newest durable one on: one of these is what is there after a failure. */
  moments: Map<number, Moment>;
  now: Moment;
  durable: number;
  hasFailed: boolean;
}

/** The call that failed; null where there are not so many. */
export async function runFailingCall(
  seed: number,
  failure: Failure,
  options: Partial<FileDriverOptions> = {},
): Promise<FailedCall | null> {
  const run = new FailingCall(new DriverWorld(seed, options), FastRandom.fromSeed(seed), failure);
  await run.fill();
  return failure.isReading ? run.look() : run.write();
}

class FailingCall {
  private readonly world: DriverWorld;
  private readonly random: FastRandom;
  private readonly failure: Failure;
  private readonly changes: Changes;
  private readonly tracked: Tracked[];
  private failed: FailedCall | null = null;
  private driver!: FileDriver;
  private readonly until = <T>(promise: Promise<T>): Promise<T> => this.world.until(promise);

  constructor(world: DriverWorld, random: FastRandom, failure: Failure) {
    this.world = world;
    this.random = random;
    this.failure = failure;
    this.changes = new Changes(random, true);
    this.tracked = IDS.map((id) => ({
      id,
      store: null,
      moments: new Map([[0, EMPTY]]),
      now: EMPTY,
      durable: 0,
      hasFailed: false,
    }));
  }

  /** Something to lose. */
  async fill(): Promise<void> {
    await this.begin();
    for (let action = 0; action < ACTIONS; action++) await this.act();
    await this.end();
  }

  /** In a life with the failure in it. */
  async write(): Promise<FailedCall | null> {
    this.arm();
    const healed = this.random.below(ACTIONS);
    await this.beginSomehow();
    for (let action = 0; action < ACTIONS; action++) {
      if (action === healed) this.heal();
      await this.act();
      await this.mend();
    }
    this.heal();
    await this.expectWritable();
    await this.end();
    await this.begin();
    return this.failed;
  }

  /** A place that can not be read once is read again later: nothing is given up for it. */
  async look(): Promise<FailedCall | null> {
    this.arm();
    const driver = await this.world.open().catch(() => null);
    for (const { id } of driver === null ? [] : this.tracked) {
      const opened = await this.until(driver!.open(id)).catch(() => null);
      if (opened !== null) await momentOf(opened.store, this.until).catch(() => null);
    }
    this.heal();
    this.world.crash(this.random.below(2) === 0 ? 'none' : 'all');
    await this.begin();
    return this.failed;
  }

  private arm(): void {
    const { code, after, isLasting, isReading } = this.failure;
    let left = after;
    this.world.disk.faults.verdict = (operation, path, isChange) => {
      if (this.failed !== null) return isLasting && (isReading || isChange) ? code : null;
      if (isChange === isReading || left-- > 0) return null;
      this.failed ??= { operation, path };
      return code;
    };
  }

  private heal(): void {
    this.world.disk.faults.stop();
  }

  private async begin(): Promise<void> {
    this.driver = await this.world.open();
    assert.equal(this.driver.report!.setAside, [], 'nothing is there that is not known');
    for (const tracked of this.tracked) await this.take(tracked);
  }

  /** A driver that can not be opened says so, and can be when the disk is well. */
  private async beginSomehow(): Promise<void> {
    try {
      await this.begin();
    } catch (error) {
      this.expectFailure(error as Error);
      this.heal();
      if (this.world.driver === null) await this.begin();
      else for (const tracked of this.tracked) if (tracked.store === null) await this.take(tracked);
    }
  }

  private async end(): Promise<void> {
    this.world.crash(FATES[this.random.below(FATES.length)]!);
    for (const tracked of this.tracked) tracked.store = null;
  }

  private async take(tracked: Tracked): Promise<void> {
    const { store, report } = await this.until(this.driver.open(tracked.id));
    assert.equal([report.holes, report.isAmnesiac], [[], false], 'nothing is damaged');
    const found = await momentOf(store, this.until);
    const match = [...tracked.moments.values()].some((moment) => isSame(moment, found));
    assert.ok(match, `${tracked.id}: ${explain(found, tracked.moments, tracked.durable)}`);
    Object.assign(tracked, { store, now: found, hasFailed: false, durable: store.durableTicket });
    tracked.moments = new Map([[store.durableTicket, found]]);
    store.onDurable({
      durable: (ticket) => this.settle(tracked, ticket),
      failed: (error) => {
        this.expectFailure(error);
        tracked.hasFailed = true;
      },
    });
  }

  private settle(tracked: Tracked, ticket: number): void {
    assert.not(tracked.hasFailed, 'what failed does not become durable afterwards');
    tracked.durable = ticket;
    const newest = Math.max(...[...tracked.moments.keys()].filter((each) => each <= ticket));
    for (const each of tracked.moments.keys()) if (each < newest) tracked.moments.delete(each);
  }

  private async act(): Promise<void> {
    const { random } = this;
    const tracked = this.tracked[random.below(this.tracked.length)]!;
    const what = random.below(9);
    if (what < 5) for (let count = random.below(10); count >= 0; count--) this.change(tracked);
    else if (what === 5) await this.until(this.driver.checkpoint(tracked.store as never)).catch(this.expectFailure);
    else if (what < 8) await this.world.pass(random.fraction() * 20);
    else await this.world.pass(200);
  }

  private change(tracked: Tracked): void {
    const change = this.changes.of(tracked.id, tracked.now);
    const ticket = change.write(tracked.store!);
    if (ticket < 0) {
      assert.ok(this.failed !== null, 'nothing is refused without a reason');
      return;
    }
    tracked.now = change.apply(tracked.now);
    tracked.moments.set(ticket, tracked.now);
  }

  /** As whoever uses a driver does: what failed is opened again once the driver has no trouble. */
  private async mend(): Promise<void> {
    for (const tracked of this.tracked) {
      if (!tracked.hasFailed || this.driver.trouble !== null) continue;
      await this.until(tracked.store!.close()).catch(this.expectFailure);
      await this.take(tracked).catch(this.expectFailure);
    }
  }

  /** Whatever failed before, there is nothing that does not work again. */
  private async expectWritable(): Promise<void> {
    const begun = this.world.sim.clock.monotonic();
    for (const tracked of this.tracked) {
      let ticket = -1;
      while (ticket < 0 || tracked.durable < ticket) {
        const waited = this.world.sim.clock.monotonic() - begun;
        assert.ok(
          waited < PATIENCE_MS,
          `'${tracked.id}' can not be written again: ${this.driver.trouble?.error.message}`,
        );
        await this.mend();
        if (ticket < 0 || tracked.hasFailed) ticket = tracked.hasFailed ? -1 : this.put(tracked);
        await this.world.pass(100);
      }
    }
  }

  private put(tracked: Tracked): number {
    const change = this.changes.appendTo(tracked.now);
    const ticket = change.write(tracked.store!);
    if (ticket < 0) return ticket;
    tracked.now = change.apply(tracked.now);
    tracked.moments.set(ticket, tracked.now);
    return ticket;
  }

  /** Whoever is told of a failure is told of this one. */
  private readonly expectFailure = (error: Error & { code?: string }): void => {
    const isThisOne = error.code === this.failure.code || error.message.includes(this.failure.code);
    if (!isThisOne || this.failed === null) throw error;
  };
}
