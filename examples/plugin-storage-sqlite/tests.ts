import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakePorts, settle } from 'gnatlet/plugin-kit';
import { type RunningDriver, testStorageDriver } from 'gnatlet/storage-kit';
import { SqliteDriver } from './sqlite-driver.ts';
import { openDatabase } from './sqlite-module.ts';

const isInstalled = await openDatabase(':memory:').then(
  (database) => {
    database.close();
    return true;
  },
  () => false,
);

if (isInstalled) testStorageDriver((name, run) => test(name, run), { name: 'sqlite', start, runs: 5, manyStores: 100 });
else test('the driver keeps the contract', { skip: 'the package node-sqlite3-wasm is not installed' });

async function start(): Promise<RunningDriver> {
  return startIn(mkdtempSync(join(tmpdir(), 'gnatlet-sqlite-')));
}

async function startIn(folder: string): Promise<RunningDriver> {
  const driver = await SqliteDriver.open(createFakePorts(), join(folder, 'streams.sqlite'));
  return {
    driver,
    turn: settle,
    restart: () => startIn(folder),
    end: async () => {
      await driver.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
