/** LevelDB on a disk that fails: whoever waits is told, whoever comes later too, and stores that are opened again go on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FastRandom } from '../../../kernel/ports/fast-random.ts';
import type { RecordStore } from '../../../storage-drivers/contract.ts';
import { LevelDriver } from '../../../storage-drivers/level/level-driver.ts';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';
import { smallMount } from '../../kits/small-mount.ts';
import { until } from '../../kits/until.ts';
import { skip } from '../../runner/skip.ts';
import { Changes } from '../file/store-changes.ts';
import { EMPTY, explain, isSame, type Moment, momentOf } from '../file/store-moment.ts';

const COUNT = Number(process.env.GNATLET_SEEDS ?? 3);
const IDS = ['orders', 'events'];
const ACTIONS = 10;
const FAILURE = 'EIO: simulated';

interface Tracked {
  readonly id: string;
  store: RecordStore;
  moments: Map<number, Moment>;
  now: Moment;
  hasFailed: boolean;
}

type Batch = (...words: unknown[]) => Promise<void>;

class FailingBatches {
  readonly directory = mkdtempSync(join(tmpdir(), 'gnatlet-level-'));
  hasFailed = false;
  private isFailing = true;
  private readonly random: FastRandom;
  private readonly changes: Changes;
  private readonly tracked = new Map<string, Tracked>();
  private driver!: LevelDriver;

  constructor(seed: number) {
    this.random = FastRandom.fromSeed(seed);
    this.changes = new Changes(this.random, true);
  }

  /** Which batch fails, and how many after it. */
  async run(after: number, count: number): Promise<void> {
    await this.open();
    this.arm(after, count);
    for (let action = 0; action < ACTIONS; action++) {
      this.write();
      if (this.random.below(3) > 0) await this.settle();
      await this.mend();
    }
    this.isFailing = false;
    await this.settle();
    await this.mend();
    for (const tracked of this.tracked.values()) this.put(tracked);
    await this.settle();
    for (const { id, hasFailed } of this.tracked.values()) assert.not(hasFailed, `'${id}' can be written again`);
    await this.driver.close();
    await this.open();
    await this.driver.close();
  }

  private async open(): Promise<void> {
    this.driver = await LevelDriver.open(createFakePorts(), { directory: this.directory });
    for (const id of IDS) await this.take(id);
  }

  private arm(after: number, count: number): void {
    const database = this.driver.database as unknown as { batch: Batch };
    const real = database.batch.bind(database);
    let left = after;
    database.batch = async (...words) => {
      if (!this.isFailing || left-- > 0 || left < -count) return real(...words);
      this.hasFailed = true;
      throw Object.assign(new Error(FAILURE), { code: 'EIO' });
    };
  }

  private async take(id: string): Promise<void> {
    const { store, report } = await this.driver.open(id);
    const before = this.tracked.get(id)?.moments ?? new Map([[0, EMPTY]]);
    assert.equal([report.holes, report.isAmnesiac], [[], false], 'nothing is damaged');
    const found = await momentOf(store, (promise) => promise);
    assert.ok(
      [...before.values()].some((moment) => isSame(moment, found)),
      `${id}: ${explain(found, before, -1)}`,
    );
    const tracked: Tracked = {
      id,
      store,
      moments: new Map([[store.durableTicket, found]]),
      now: found,
      hasFailed: false,
    };
    this.tracked.set(id, tracked);
    store.onDurable({
      durable: (ticket) => {
        for (const each of tracked.moments.keys()) if (each < ticket) tracked.moments.delete(each);
      },
      failed: () => {
        assert.ok(this.hasFailed);
        tracked.hasFailed = true;
      },
    });
  }

  private write(): void {
    const tracked = this.tracked.get(IDS[this.random.below(IDS.length)]!)!;
    for (let count = this.random.below(6); count >= 0; count--) {
      if (tracked.hasFailed) return;
      const change = this.changes.of(tracked.id, tracked.now);
      const ticket = change.write(tracked.store);
      assert.ok(ticket > 0, 'nothing is refused without a reason');
      tracked.now = change.apply(tracked.now);
      tracked.moments.set(ticket, tracked.now);
    }
  }

  private put(tracked: Tracked): void {
    const change = this.changes.appendTo(tracked.now);
    const ticket = change.write(tracked.store);
    assert.ok(ticket > 0, `'${tracked.id}' takes something again`);
    tracked.now = change.apply(tracked.now);
    tracked.moments.set(ticket, tracked.now);
  }

  /** Until everybody has been told what became of what they wrote. */
  private settle(): Promise<void> {
    const isTold = ({ hasFailed, store, moments }: Tracked): boolean =>
      hasFailed || store.durableTicket >= Math.max(...moments.keys());
    return until(() => [...this.tracked.values()].every(isTold));
  }

  private async mend(): Promise<void> {
    for (const { id, store, hasFailed } of this.tracked.values()) {
      if (!hasFailed) continue;
      await store.close();
      await this.take(id).catch((error: Error) => assert.is(error.message, FAILURE));
    }
  }
}

for (const [what, count] of [
  ['alone', 1],
  ['and the two after it', 3],
] as const) {
  test(`a batch that can not be written, ${what}, is told to all who wait, and what was durable is there`, async () => {
    const first = chooseSeed();
    for (let seed = first; seed < first + COUNT; seed++) {
      for (let after = 0, isThere = true; isThere; after++) {
        const run = new FailingBatches(seed);
        try {
          await run.run(after, count);
          isThere = run.hasFailed;
        } catch (error) {
          console.error(`failed with GNATLET_SEED=${seed}: batch ${after}`);
          throw error;
        } finally {
          rmSync(run.directory, { recursive: true, force: true });
        }
      }
    }
  });
}

const MIB = 2 ** 20;

test('D-20: on a full disk writes fail, what is stored is read, and when there is room again all goes on', async () => {
  const mount = smallMount(16 * MIB);
  if (mount === null) {
    skip('this user may not mount a file system');
    return;
  }
  try {
    const ports = createFakePorts();
    const directory = join(mount.path, 'level');
    const driver = await LevelDriver.open(ports, { directory, sync: true });
    const { store } = await driver.open('s');
    const ballast = join(mount.path, 'ballast');
    await writeFile(ballast, new Uint8Array(8 * MIB));
    const random = FastRandom.fromSeed(chooseSeed());
    let failure: Error | null = null;
    let kept = 0;
    store.onDurable({
      durable: () => {
        kept = store.last;
      },
      failed: (error) => {
        failure = error;
      },
    });
    while (failure === null) {
      const body = random.bytes(MIB / 4);
      const range = { subjectStart: 0, subjectEnd: 1, headerStart: 0, bodyStart: 0, bodyEnd: body.length };
      const ticket = store.append(store.last + 1, 1, 0, 0, { subjectBytes: Buffer.from('s'), bytes: body, ...range });
      await until(() => failure !== null || (ticket > 0 && store.durableTicket >= ticket));
    }
    assert.match((failure as Error).message, /no space|ENOSPC|IO error/i);
    assert.ok(kept > 0);
    const more = join(mount.path, 'more');
    await writeFile(more, new Uint8Array(16 * MIB)).catch(() => {});
    await store.close();
    const refusal = await driver.open('s').then(
      () => null,
      (error: Error) => error,
    );
    assert.match(`${refusal} ${refusal?.cause}`, /no space/i);
    await new Promise<void>((resolve, reject) => {
      store.load(1, kept, (error) => (error === null ? resolve() : reject(error)));
    });
    for (const path of [ballast, more]) await rm(path);
    const { store: again, report } = await driver.open('s');
    assert.equal([report.holes, report.isAmnesiac], [[], false]);
    assert.ok(again.last >= kept);
    const { last } = again;
    const one = { subjectStart: 0, subjectEnd: 1, headerStart: 0, bodyStart: 0, bodyEnd: 1 };
    const bytes = Buffer.from('s');
    const ticket = again.append(last + 1, 1, 0, 0, { subjectBytes: bytes, bytes, ...one });
    await until(() => again.durableTicket >= ticket);
    assert.not((await readdir(directory)).includes('probe'));
    await driver.close();
    const third = await LevelDriver.open(ports, { directory });
    assert.is((await third.open('s')).store.last, last + 1);
    await third.close();
  } finally {
    mount.end();
  }
});

test.run();
