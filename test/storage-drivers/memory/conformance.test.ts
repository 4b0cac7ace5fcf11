import { test } from 'uvu';
import type { RunningDriver } from '../../../storage-drivers/conformance/subject.ts';
import { testStorageDriver } from '../../../storage-drivers/conformance/suite.ts';
import { MemoryDriver } from '../../../storage-drivers/memory/memory-driver.ts';
import { chooseSeed } from '../../kernel/ports/seed.ts';
import { createFakePorts } from '../../kits/fake-ports.ts';

async function start(): Promise<RunningDriver> {
  const driver = new MemoryDriver(createFakePorts());
  return {
    driver,
    turn: async () => undefined,
    restart: start,
    end: () => driver.close(),
  };
}

testStorageDriver(test, { name: 'memory', start, seed: chooseSeed() });

test.run();
