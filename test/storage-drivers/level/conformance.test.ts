import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import type { RunningDriver } from '../../../storage-drivers/conformance/subject.ts';
import { testStorageDriver } from '../../../storage-drivers/conformance/suite.ts';
import { LevelDriver } from '../../../storage-drivers/level/level-driver.ts';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { createFakePorts, settle } from '../../kits/fake-ports.ts';

const start = async (): Promise<RunningDriver> => startIn(mkdtempSync(join(tmpdir(), 'gnatlet-level-')));

async function startIn(directory: string): Promise<RunningDriver> {
  const driver = await LevelDriver.open(createFakePorts(), { directory });
  return {
    driver,
    turn: settle,
    restart: () => startIn(directory),
    end: async () => {
      await driver.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

testStorageDriver(test, { name: 'level', start, seed: chooseSeed(), runs: 10 });

test.run();
