import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import { systemPorts } from '../../../kernel/ports/system-ports.ts';
import type { RunningDriver } from '../../../storage-drivers/conformance/subject.ts';
import { testStorageDriver } from '../../../storage-drivers/conformance/suite.ts';
import { openFileDriver } from '../../../storage-drivers/file/file-driver.ts';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { DriverWorld, SMALL } from './driver-world.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function startOnDisk(folder = mkdtempSync(join(tmpdir(), 'gnatlet-store-'))): Promise<RunningDriver> {
  const driver = await openFileDriver(systemPorts(), { ...SMALL, directory: folder });
  return {
    driver,
    turn,
    restart: () => startOnDisk(folder),
    stored: async () => filesIn(folder).map((path) => readFileSync(path)),
    end: async () => {
      await driver.close().catch(() => {});
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

/** A simulated machine whose time passes by itself, and which can be killed. */
async function startSimulated(world = new DriverWorld(1)): Promise<RunningDriver> {
  const driver = await world.open();
  let isOver = false;
  let isDead = false;
  const run = async () => {
    while (!isOver) {
      await world.sim.run(world.sim.clock.monotonic() + 1);
      await turn();
    }
  };
  const running = run();
  const stop = () => {
    isOver = true;
    return running;
  };
  const next = async () => {
    await stop();
    return startSimulated(world);
  };
  return {
    driver,
    turn,
    restart: next,
    stored: async () => [...world.disk.image().values()],
    kill: async () => {
      await stop();
      isDead = true;
      // What the process had written is there, synced or not.
      world.crash('all');
      return startSimulated(world);
    },
    end: async () => {
      if (!isDead && !isOver) await driver.close().catch(() => {});
      await stop();
    },
  };
}

testStorageDriver(test, { name: 'file', start: () => startOnDisk(), seed: chooseSeed(), manyStores: 200, runs: 3 });
testStorageDriver(test, {
  name: 'file, simulated',
  start: () => startSimulated(),
  seed: chooseSeed(),
  manyStores: 200,
  runs: 3,
});

test.run();
