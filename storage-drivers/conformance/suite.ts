/**
 * The proof that a driver keeps the contract: `testStorageDriver(test, { name, start })` under any test runner. What
 * the driver says it does not support is skipped.
 */
import { testCells } from './cells.ts';
import { testCompression } from './compression.ts';
import { testManyStores } from './many-stores.ts';
import { testRandomCalls } from './random-calls.ts';
import { testReading, testWalking } from './reading.ts';
import { testMuchRemoving, testRemoving } from './removing.ts';
import { testRestarts } from './restarts.ts';
import { testSnapshots } from './snapshots.ts';
import { testStores } from './stores.ts';
import type { DriverUnderTest, RunningDriver, TestFunction } from './subject.ts';
import { testUnits } from './units.ts';
import { testAppending, testTickets } from './writing.ts';

/** A test with a driver of its own, which is ended afterwards. */
export type DriverTest = (name: string, run: (running: RunningDriver) => Promise<void>) => void;

export function testStorageDriver(test: TestFunction, subject: DriverUnderTest): void {
  const withDriver: DriverTest = (name, run) => {
    test(`${subject.name}: ${name}`, async () => {
      const running = await subject.start();
      try {
        await run(running);
      } finally {
        await running.end();
      }
    });
  };
  const parts = [
    testStores,
    testCompression,
    testAppending,
    testTickets,
    testReading,
    testWalking,
    testRemoving,
    testMuchRemoving,
    testUnits,
    testCells,
    testSnapshots,
    testRestarts,
  ];
  for (const part of parts) part(withDriver);
  testManyStores(withDriver, subject.manyStores ?? 1000);
  testRandomCalls(test, subject);
}
