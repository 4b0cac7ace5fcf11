/** What can go wrong with a simulated disk, and how often it does. */

export interface Dice {
  below(bound: number): number;
  fraction(): number;
}

/** Chances between 0 and 1, each per operation. */
export interface DiskFaultRates {
  readError: number;
  writeError: number;
  /** What was written before looks safe afterwards, and is not. */
  syncError: number;
  /** A read that returns less than there is. */
  shortRead: number;
  /** A write of which only the beginning is done, and that fails. */
  shortWrite: number;
  /** A write that is never done although it succeeds. */
  lostWrite: number;
  /** A write of which some sectors keep what was there. */
  staleSector: number;
  /** A write that ends up some sectors away. */
  misdirectedWrite: number;
  /** A sync that does nothing and succeeds. */
  lyingSync: number;
  /** An operation that takes up to ten seconds. */
  slow: number;
}

export type DiskFault = keyof DiskFaultRates;

/** What a program asks of a disk; each can be made to fail. */
export type DiskOperation =
  | 'open'
  | 'read'
  | 'write'
  | 'datasync'
  | 'truncate'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'makeDirectory'
  | 'list';

const NEVER: DiskFaultRates = {
  readError: 0,
  writeError: 0,
  syncError: 0,
  shortRead: 0,
  shortWrite: 0,
  lostWrite: 0,
  staleSector: 0,
  misdirectedWrite: 0,
  lyingSync: 0,
  slow: 0,
};

interface Ordered {
  readonly operation: DiskOperation;
  readonly code: string;
  readonly matches: (path: string) => boolean;
}

export class DiskFaults {
  readonly rates: DiskFaultRates = { ...NEVER };
  /** How many of each kind happened. */
  readonly happened: Record<DiskFault, number> = { ...NEVER };
  /** Files it may happen to. */
  concerns: (path: string) => boolean = () => true;
  /** Asked before each operation: the code of the error it is to fail with, or null. */
  verdict: (operation: DiskOperation, path: string, isChange: boolean) => string | null = () => null;
  private readonly dice: Dice;
  private ordered: Ordered[] = [];

  constructor(dice: Dice) {
    this.dice = dice;
  }

  /** The next operation of the kind, on a file the test cares about, fails with a system's error code. */
  failNext(operation: DiskOperation, code: string, matches: (path: string) => boolean = () => true): void {
    this.ordered.push({ operation, code, matches });
  }

  stop(): void {
    Object.assign(this.rates, NEVER);
    this.ordered = [];
    this.verdict = () => null;
  }

  /** The code of the error that the operation is to fail with, or null. */
  takeOrdered(operation: DiskOperation, path: string, isChange: boolean): string | null {
    const index = this.ordered.findIndex((fault) => fault.operation === operation && fault.matches(path));
    return index < 0 ? this.verdict(operation, path, isChange) : this.ordered.splice(index, 1)[0]!.code;
  }

  /** Whether it happens now. A rate of 0 rolls no die, so that a run without faults is not changed by their existence. */
  strikes(fault: DiskFault, path: string): boolean {
    const rate = this.rates[fault];
    if (rate === 0 || !this.concerns(path) || this.dice.fraction() >= rate) return false;
    this.happened[fault]++;
    return true;
  }
}
