import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Level } from 'level';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sample } from '../../../storage-drivers/conformance/sample-message.ts';
import {
  expectRecord,
  put,
  readWarm,
  sequences,
  untilDurable,
} from '../../../storage-drivers/conformance/store-driving.ts';
import { Read } from '../../../storage-drivers/contract.ts';
import { ALL_BATCHES, cellKey, recordKey } from '../../../storage-drivers/level/keys.ts';
import { LevelDriver } from '../../../storage-drivers/level/level-driver.ts';
import { createFakePorts, settle } from '../../kits/fake-ports.ts';

type Database = Level<Uint8Array, Uint8Array>;

/** Ten records in a database, then the damage, then the driver upon it. */
async function damaged(
  damage: (database: Database) => Promise<void>,
  check: (driver: LevelDriver) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'gnatlet-level-'));
  try {
    const driver = await LevelDriver.open(createFakePorts(), { directory });
    const { store } = await driver.open('s');
    const running = { driver, turn: settle, restart: async () => running, end: async () => undefined };
    for (let seq = 1; seq <= 10; seq++) await untilDurable(running, store, put(store, seq, sample({ salt: seq })));
    await untilDurable(running, store, store.cells.put('c', Uint8Array.of(1, 2, 3)));
    await driver.close();
    const database: Database = new Level(directory, { keyEncoding: 'view', valueEncoding: 'view' });
    await damage(database);
    await database.close();
    const again = await LevelDriver.open(createFakePorts(), { directory });
    await check(again);
    await again.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function flip(database: Database, key: Uint8Array): Promise<void> {
  const value = (await database.get(key))!.slice();
  value[value.length - 2]! ^= 4;
  await database.put(key, value);
}

test('S-16: a record with a flipped bit is a hole, and the others are served', () =>
  damaged(
    (database) => flip(database, recordKey(1, 4)),
    async (driver) => {
      const { store, report } = await driver.open('s');
      assert.equal(report.holes, [{ from: 4, to: 4 }]);
      assert.is(await readWarm(store, 4), Read.hole);
      assert.equal(await sequences(store, 1, 10), [1, 2, 3, 5, 6, 7, 8, 9, 10]);
      await expectRecord(store, 5, sample({ salt: 5 }));
      const gaps: number[] = [];
      store.gaps(1, 10, (from) => gaps.push(from));
      assert.equal(gaps, []);
      store.remove(4, 4);
      assert.is(store.read(4), Read.gone);
    },
  ));

test('a record under the key of another is a hole', () =>
  damaged(
    async (database) => database.put(recordKey(1, 2), (await database.get(recordKey(1, 3)))!),
    async (driver) => assert.equal((await driver.open('s')).report.holes, [{ from: 2, to: 2 }]),
  ));

test('a record that vanished makes the store say that it has forgotten something', () =>
  damaged(
    (database) => database.del(recordKey(1, 4)),
    async (driver) => assert.is((await driver.open('s')).report.isAmnesiac, true),
  ));

test('S-16: a batch that vanished makes every store say so', () =>
  damaged(
    async (database) => {
      const keys = await database.keys(ALL_BATCHES).all();
      await database.del(keys[keys.length - 2]!);
    },
    async (driver) => assert.is((await driver.open('s')).report.isAmnesiac, true),
  ));

test('a damaged cell rejects instead of answering', () =>
  damaged(
    (database) => flip(database, cellKey(1, 'c', 0)),
    async (driver) => {
      const { store, report } = await driver.open('s');
      assert.is(report.isAmnesiac, false);
      const text = await store.cells.get('c').then(String, (error: Error) => error.message);
      assert.is(text, "piece 0 of the cell 'c' is damaged");
    },
  ));

test('what was durable is there after the writer was killed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'gnatlet-level-'));
  const script = fileURLToPath(new URL('./killed-writer.js', import.meta.url));
  const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  let durable = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    durable = Number(line);
    if (durable > 2000) break;
  }
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const driver = await LevelDriver.open(createFakePorts(), { directory });
  const { store, report } = await driver.open('s');
  assert.is(report.isAmnesiac, false);
  assert.ok(store.last >= durable, `${store.last} of ${durable} durable records`);
  for (const seq of [1, 1000, durable, store.last]) await expectRecord(store, seq, sample({ salt: seq }));
  await driver.close();
  rmSync(directory, { recursive: true, force: true });
});

test('a damaged record that is removed is not missed any more, after a restart too, wherever it stood', async () => {
  for (const [seq, from, to] of [
    [4, 4, 4],
    [1, 1, 1],
    [1, 0, 3],
    [10, 10, 10],
    [10, 1, 10_000],
  ] as const) {
    const directory = mkdtempSync(join(tmpdir(), 'gnatlet-level-'));
    try {
      const open = () => LevelDriver.open(createFakePorts(), { directory });
      const driver = await open();
      const { store } = await driver.open('s');
      const running = { driver, turn: settle, restart: async () => running, end: async () => undefined };
      for (let each = 1; each <= 10; each++)
        await untilDurable(running, store, put(store, each, sample({ salt: each })));
      await driver.close();
      const database: Database = new Level(directory, { keyEncoding: 'view', valueEncoding: 'view' });
      await flip(database, recordKey(1, seq));
      await database.close();
      const hurt = await open();
      const { store: lacking } = await hurt.open('s');
      assert.equal(lacking.holes().ranges, [{ from: seq, to: seq }]);
      assert.ok(lacking.remove(from, to) > 0);
      await hurt.close();
      const again = await open();
      const { store: same, report } = await again.open('s');
      assert.equal([same.holes().records, report.isAmnesiac], [0, false], `${from} to ${to}`);
      assert.is(same.count, 10 - sequencesWithin(from, to));
      await again.close();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
});

/** How many of the ten there were. */
const sequencesWithin = (from: number, to: number): number => Math.min(10, to) - Math.max(1, from) + 1;

test.run();
