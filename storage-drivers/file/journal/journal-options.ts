import type { Clock, Disk, FileDone } from '../../../kernel/plugin-api.ts';
import type { StoreKeys } from '../frame-cipher.ts';
import type { Compression } from './seal-frame.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

export interface JournalOptions {
  directory: string;
  uuid: Uint8Array;
  incarnation: number;
  keys: StoreKeys | null;
  compression: Compression | null;
  /** What an ordinary frame holds. */
  frameBytes: number;
  /** What one commit writes at most, unless one frame is larger. */
  commitBytes: number;
  /** What a store may have waiting before others go first. */
  fairBytes: number;
  /** What may wait in all; beyond it nothing is taken. */
  queueBytesMax: number;
  /** The size segments grow to, and the one they begin with. */
  segmentBytes: number;
  firstSegmentBytes: number;
  /** What all segments together may take before the journal waits for stores to let go of the oldest. */
  journalBytesMax: number;
  /** Kept aside for the day the disk is full. */
  reserveBytes: number;
  /** 0: what is acknowledged is synced. Otherwise so much may be lost in a power cut. */
  syncIntervalMs: number;
  /** How soon after the last commit it is noted down that it was synced. */
  tailMarkDelayMs: number;
  /** How far the two places of that note are apart, and away from other files. */
  tailMarkDistanceBytes: number;
  /** Null where no record speaks of anything else. */
  forerunner: Forerunner | null;
}

/** What records speak of that is in other files: it is written before they are, and synced before them. */
export interface Forerunner {
  readonly isWaiting: boolean;
  /** May call back before it returns. */
  write(done: FileDone): void;
  sync(done: FileDone): void;
  /** What waits is never written. */
  drop(): void;
}

export const JOURNAL_DEFAULTS = {
  keys: null,
  compression: null,
  frameBytes: 128 * KIB,
  commitBytes: 4 * MIB,
  fairBytes: 512 * KIB,
  queueBytesMax: 64 * MIB,
  segmentBytes: 64 * MIB,
  firstSegmentBytes: 4 * MIB,
  journalBytesMax: 2048 * MIB,
  reserveBytes: 16 * MIB,
  syncIntervalMs: 0,
  tailMarkDelayMs: 3,
  tailMarkDistanceBytes: MIB,
  forerunner: null,
} as const;

export interface JournalWorld {
  readonly disk: Disk;
  readonly clock: Clock;
}
