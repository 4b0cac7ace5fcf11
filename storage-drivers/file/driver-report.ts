/** What a driver says of itself: once, of what it found when it was opened, and whenever somebody asks. */
import type { JournalStats } from './journal/journal.ts';
import type { JournalReport } from './journal/open-journal.ts';
import type { SetAside } from './quarantine.ts';

export interface DriverReport {
  readonly journal: JournalReport;
  readonly incarnation: number;
  /** Folders that the disk refuses to read. They are left alone. */
  readonly unreadable: readonly string[];
  /** What was found and belongs to nothing that is known. */
  readonly setAside: readonly SetAside[];
  /** How much lies in the quarantine, of now and before. */
  readonly quarantined: number;
  /** Operations of stores that nothing else is known of. */
  readonly orphanedOperations: number;
  readonly phasesMs: Readonly<Record<string, number>>;
}

export interface PlacedFigures {
  readonly records: number;
  readonly bytes: number;
  readonly unsavedBytes: number;
  readonly refusals: number;
}

export interface DriverStats {
  readonly journal: JournalStats;
  readonly checkpoints: number;
  readonly checkpointFailures: number;
  /** Messages that were written to their blocks at once, their bytes, what no checkpoint knows of yet, and refusals. */
  readonly placed: PlacedFigures;
  /** Blocks that were written anew, and what they took. */
  readonly rewrittenBlocks: number;
  readonly rewrittenBytes: number;
  /** Files that are still under an older key. */
  readonly filesToRotate: number;
  readonly cacheBytes: number;
  readonly openFiles: number;
  readonly stores: number;
}
