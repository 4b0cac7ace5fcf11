/** The proof of a storage driver, for yours: `testStorageDriver(test, { name, start })`, under any test runner. */
export {
  type Call,
  randomCalls,
} from '../storage-drivers/conformance/random-calls.ts';
export type { DriverUnderTest, RunningDriver, TestFunction } from '../storage-drivers/conformance/subject.ts';
export { testStorageDriver } from '../storage-drivers/conformance/suite.ts';
