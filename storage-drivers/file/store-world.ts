/** What all stores of a driver share. */
import type { DriverPorts } from '../contract.ts';
import type { FrameCache } from './blocks/frame-cache.ts';
import type { FrameWorld } from './blocks/load-frames.ts';
import type { DamageLog } from './damage-log.ts';
import type { FileDriverOptions } from './driver-options.ts';
import type { FileStore } from './file-store.ts';
import type { Journal } from './journal/journal.ts';
import type { PlacedWrites } from './placed-writes.ts';

export interface StoreWorld extends FrameWorld {
  readonly ports: DriverPorts;
  readonly options: FileDriverOptions;
  readonly journal: Journal;
  readonly cache: FrameCache;
  readonly damage: DamageLog;
  readonly placed: PlacedWrites;
  /** Messages of at least so many bytes are placed; Infinity where syncs are waited for. */
  readonly placedBytesMin: number;
  /** Where the stores have their folders. */
  readonly directory: string;
  /** What the driver does for its stores. */
  readonly keeper: StoreKeeper;
}

export interface StoreKeeper {
  /** The store has much in memory that is in the journal only. */
  wantsCheckpoint(store: FileStore): void;
  /** So much more is in memory only. */
  dirtied(bytes: number): void;
  checkpoint(store: FileStore): Promise<void>;
  /** Work on the store's blocks while nobody else touches them; it is not begun any more once the driver closes. */
  exclusively(store: FileStore, work: () => Promise<void>): Promise<void>;
  /** Resolves when nothing of the store is under way any more. */
  closed(store: FileStore): Promise<void>;
  /** Something was erased that may still stand in files. */
  wantsErasure(store: FileStore): void;
  publish(store: FileStore): Promise<void>;
  destroy(store: FileStore): Promise<void>;
}
