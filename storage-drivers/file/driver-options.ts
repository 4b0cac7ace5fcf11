import type { StoreCompression } from '../contract.ts';
import type { CipherName } from './frame-cipher.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

export interface FileDriverOptions {
  readonly directory: string;
  /** Whose directory it is: another server's is refused. Empty: anybody's. */
  readonly serverName: string;
  /** What a full block holds, and a frame of it. */
  readonly blockBytes: number;
  readonly blockFrameBytes: number;
  readonly blockSlotsMax: number;
  /** So much of a store in memory only, and it is written to its blocks; and so much of all stores together. */
  readonly dirtyBytesPerStore: number;
  readonly dirtyBytesMax: number;
  /**
   * With a sync interval, messages of at least so many bytes are written to their block at once, and the journal only speaks of them; and of
   * so many bytes of a store, and of all stores together, no checkpoint may know yet.
   */
  readonly placedBytesMin: number;
  readonly placedBytesPerStore: number;
  readonly placedBytesMax: number;
  /** At a clean end, stores with less than that in memory only are left to the journal. */
  readonly dirtyBytesAtClose: number;
  /** Of what is on disk, so much is kept in memory because it was looked at. */
  readonly cacheBytes: number;
  readonly openFilesMax: number;
  /** What writing blocks anew may take of the disk, in the long run. */
  readonly tidyBytesPerSecond: number;
  /** What one `load` brings in. */
  readonly loadBytes: number;
  /** How soon everything is read again to see whether it is whole, how long after opening that begins, and how fast; 0: never. */
  readonly scrubIntervalMs: number;
  readonly scrubDelayMs: number;
  readonly scrubBytesPerSecond: number;
  /** How long what was set aside is kept; 0: for ever. */
  readonly quarantineKeepMs: number;
  readonly key: Uint8Array | null;
  readonly previousKey: Uint8Array | null;
  readonly cipher: CipherName;
  /**
   * Of the journal, and of blocks of stores that say nothing of it. What is written from now on; what was compressed is read in any case.
   */
  readonly compression: StoreCompression;
  /** 0: what is acknowledged is synced. */
  readonly syncIntervalMs: number;
  readonly segmentBytes: number;
  readonly firstSegmentBytes: number;
  readonly journalBytesMax: number;
  /** What all stores together may take: the journal takes a tenth of it at most, if four small segments fit in that. */
  readonly bytesMax: number;
  readonly reserveBytes: number;
  readonly queueBytesMax: number;
  readonly frameBytes: number;
  readonly commitBytes: number;
  readonly fairBytes: number;
  readonly tailMarkDistanceBytes: number;
}

export const FILE_DRIVER_DEFAULTS: Omit<FileDriverOptions, 'directory'> = {
  serverName: '',
  blockBytes: 8 * MIB,
  blockFrameBytes: 64 * KIB,
  blockSlotsMax: 65_536,
  dirtyBytesPerStore: 8 * MIB,
  dirtyBytesMax: 256 * MIB,
  placedBytesMin: 8 * KIB,
  placedBytesPerStore: 64 * MIB,
  placedBytesMax: 2048 * MIB,
  dirtyBytesAtClose: 256 * KIB,
  cacheBytes: 64 * MIB,
  openFilesMax: 512,
  tidyBytesPerSecond: 16 * MIB,
  scrubIntervalMs: 24 * 60 * 60 * 1000,
  scrubDelayMs: 60_000,
  scrubBytesPerSecond: 4 * MIB,
  loadBytes: MIB,
  quarantineKeepMs: 0,
  key: null,
  previousKey: null,
  cipher: 'chacha',
  compression: 'none',
  syncIntervalMs: 0,
  segmentBytes: 64 * MIB,
  firstSegmentBytes: 4 * MIB,
  journalBytesMax: 2048 * MIB,
  bytesMax: Number.POSITIVE_INFINITY,
  reserveBytes: 16 * MIB,
  queueBytesMax: 64 * MIB,
  frameBytes: 128 * KIB,
  commitBytes: 4 * MIB,
  fairBytes: 512 * KIB,
  tailMarkDistanceBytes: MIB,
};

const JOURNAL_SHARE = 0.1;
const SEGMENTS_MIN = 4;
const SEGMENT_BYTES_MIN = 4 * MIB;

/** How large the journal and its files may become in a directory of that size. */
export function journalSizes({ bytesMax, journalBytesMax, segmentBytes }: FileDriverOptions) {
  const share = Math.floor(bytesMax * JOURNAL_SHARE);
  const segment = Math.min(segmentBytes, Math.max(SEGMENT_BYTES_MIN, Math.floor(share / SEGMENTS_MIN)));
  return {
    segmentBytes: segment,
    journalBytesMax: Math.min(journalBytesMax, Math.max(share, SEGMENTS_MIN * segment)),
  };
}
