/** What the suite is told about the driver it proves. */
import type { DriverPorts, StorageDriver } from '../contract.ts';

export interface DriverUnderTest {
  /** Stands in the names of the tests. */
  readonly name: string;
  /** A driver upon an empty place of its own. */
  start(): Promise<RunningDriver>;
  /** Where random tests begin; they say it when they fail. Default 1. */
  readonly seed?: number;
  /** How many random runs. Default 30. */
  readonly runs?: number;
  /** How many stores are open at once in the test of many. Default 1000. */
  readonly manyStores?: number;
}

export interface RunningDriver {
  readonly driver: StorageDriver;
  /** Lets work that is under way go on a little: a turn of the event loop, or of a simulated clock. */
  turn(): Promise<void>;
  /** After `driver.close()`: another driver upon the same place. Not asked of drivers that keep nothing. */
  restart(): Promise<RunningDriver>;
  /** Without `close`: as after the end of the process, another driver upon the same place. Left out: not tested. */
  kill?(): Promise<RunningDriver>;
  /** All that the driver has stored, file by file, for drivers that erase. Left out: not looked at. */
  stored?(): Promise<readonly Uint8Array[]>;
  /** Ends it, also if the driver was closed already, and leaves nothing behind. */
  end(): Promise<void>;
}

export type { DriverPorts };

/** Of uvu, of `node:test`, of most others. */
export type TestFunction = (name: string, run: () => Promise<void>) => unknown;
