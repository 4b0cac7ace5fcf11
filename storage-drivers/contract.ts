/**
 * What a storage driver does: it keeps records, and small named values beside them. What records mean, and all that can
 * be derived from them, is built once above this (`derived/`), the same for every driver.
 *
 * Nothing is made per record: bytes go in as ranges of borrowed memory and come out as ranges of the driver's own. What
 * a call cannot do because of how things stand (it is gone, it is still on disk, there is no room) is a value; what the
 * caller may not do throws.
 */
import type { Clock, Disk, Random } from '../kernel/plugin-api.ts';

/** The capability that a driver's plugin provides; each provider is one `StorageDriver`. */
export const STORAGE_DRIVER = 'storage.driver';

/**
 * The capability of drivers that need to be told where to keep what they keep. Whoever has streams to store opens one, and
 * closes it.
 */
export const STORAGE_OPENER = 'storage.opener';

export interface StorageOpener {
  readonly name: string;
  /** Rejects, and leaves nothing open, where the directory cannot be used. */
  open(place: StoragePlace): Promise<StorageDriver>;
}

export interface StoragePlace {
  readonly directory: string;
  /** 0: a write is durable once it is synced. Otherwise it is synced that often, and a power cut may take what came last. */
  readonly syncIntervalMs: number;
  /** What all streams together may take; Infinity where nobody can say. What the driver has for itself is in proportion. */
  readonly bytesMax: number;
  /** Null: nothing new is encrypted. */
  readonly key: Uint8Array | null;
  /** What older files are encrypted under. */
  readonly previousKey: Uint8Array | null;
  readonly cipher: 'chacha' | 'aes';
  /** How long what was set aside, because it belongs to nothing that is known, is kept; 0 or absent: until somebody removes it. */
  readonly quarantineKeepMs?: number;
}

/** The driver is told what it may use of the world; it reaches for nothing else. */
export interface DriverPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
}

export interface StorageDriver {
  readonly name: string;
  readonly supports: DriverSupport;
  /** Opens what is there, or makes it. Ids are any text of 1 to 255 bytes. At most one handle per id. */
  open(id: string, options?: OpenOptions): Promise<OpenedStore>;
  /** The ids of all stores that exist, without staged ones. */
  list(): Promise<string[]>;
  /** Flushes and closes what is open. A second time does no harm. */
  close(): Promise<void>;
  /** What is known of damage, of all stores together. Only of drivers with `supports.repair`. */
  readonly care?: DriverCare;
  /** What keeps it from writing at present; null when nothing does. Absent where that is never known. */
  readonly trouble?: StorageTrouble | null;
  /** Who hears when that changes. One listener; it replaces the one before. */
  watchTrouble?(listener: ((trouble: StorageTrouble | null) => void) | null): void;
  /** So much waits to be written that whoever brings more does well to wait a little: beyond a limit it is refused. */
  readonly isBehind?: boolean;
}

export interface StorageTrouble {
  /** There is no room; or writing fails. */
  readonly kind: 'full' | 'failed';
  readonly error: Error;
}

/** What was damaged, and what is lost by it. */
export interface Damage {
  /** Whose it is; null when that is lost too, or when it concerns several. */
  readonly store: string | null;
  readonly part: 'journal' | 'block' | 'index' | 'checkpoint' | 'folder';
  readonly path: string;
  /** Which bytes of the file; both 0 when all of it is missing. */
  readonly from: number;
  readonly to: number;
  readonly cause: 'checksum' | 'missing' | 'unreadable';
  /** Exactly the records that are lost by it; none where nothing is. */
  readonly lost: readonly SequenceRange[];
  readonly records: number;
  readonly bytes: number;
  /** When it was found, in milliseconds since the Unix epoch. */
  readonly foundAt: number;
}

export interface CareListener {
  damaged(damage: Damage): void;
  /** All of a store's holes are closed, or what was in them was removed. */
  healed?(store: string): void;
}

/** Plain numbers, read whenever somebody looks. */
export interface CareFigures {
  /** Frames that did not pass their checks when they were read, and reads that the disk refused. */
  readonly damagedFrames: number;
  readonly readErrors: number;
  /** Passes over everything that the background made, what it has read, and what is left of the present one. */
  readonly passes: number;
  readonly verifiedBytes: number;
  readonly leftBytes: number;
  /** Holes that were filled. */
  readonly repaired: number;
}

export interface DriverCare {
  /** What was found since the driver was opened, at opening, by reading and in the background; the newest of it, when it is much. */
  readonly damage: readonly Damage[];
  readonly figures: CareFigures;
  /** One listener; it replaces the one before. What is in `damage` already is not told again. */
  listen(listener: CareListener | null): void;
  /** Reads and checks everything now, of all stores, open or not. */
  verify(): Promise<readonly Damage[]>;
  /**
   * Files that are damaged are written anew with what is left of them; the holes stay, until they are filled or removed. Answers how
   * many files were written.
   */
  repair(): Promise<number>;
}

/** Records that were there, and cannot be read any more: lost, and not removed. They are not in `count`. */
export interface Holes {
  readonly ranges: readonly SequenceRange[];
  readonly records: number;
  /** Their content, as far as it is known. */
  readonly bytes: number;
}

/** What may be asked of a driver. The suite skips what is not there; who needs more refuses the driver. */
export interface DriverSupport {
  /** What an acknowledged write survives: nothing, the end of the process, or a power cut. */
  readonly durable: 'none' | 'process' | 'power';
  /** Many writes become durable together, at the price of one. */
  readonly groupCommit: boolean;
  /** Damage is noticed: not at all, in each record, or also when whole records are missing. */
  readonly detectsCorruption: 'none' | 'record' | 'chain';
  /** `verify` and `repair` do something. */
  readonly repair: boolean;
  /** `cutAfter` works: the store can hold a log whose end may be taken back. */
  readonly log: boolean;
  /** Once the ticket of `erase` is durable, the bytes are nowhere any more. */
  readonly erase: boolean;
  readonly encryption: boolean;
  /** `compression` of a store means something; others do as they always do. */
  readonly compression: boolean;
  /** Snapshots can be read from any sequence on, also after a pause. */
  readonly exportResume: boolean;
  /** The longest subject, header and payload together. */
  readonly maxRecord: number;
  /** All stores of the driver become durable with one sync. */
  readonly sharedJournal: boolean;
}

export interface OpenOptions {
  /** The first sequence of a store that is made; default 1. */
  readonly firstSequence?: number;
  /** Made from scratch and seen by nobody before `publish`; what is left of an unfinished one is thrown away. */
  readonly isStaged?: boolean;
  /** Tickets are called durable once they are taken; a crash may lose what was written within the window that the driver documents. */
  readonly isLazy?: boolean;
  /** Small writes that others wait for, such as votes: they go before those of other stores. */
  readonly isUrgent?: boolean;
  /** How records are written from now on, where `supports.compression`; what was written stays as it is. Else as it was before. */
  readonly compression?: StoreCompression;
}

/** In memory, and for all who count bytes, nothing is compressed. */
export type StoreCompression = 'none' | 's2';

export interface OpenedStore {
  readonly store: RecordStore;
  readonly report: OpenReport;
}

export interface OpenReport {
  /** False when nothing was there. */
  readonly existed: boolean;
  /** Raised at each open of a store that lasts. */
  readonly incarnation: number;
  /** The store may have forgotten what it once promised to have: it is of an older day, or its end is damaged. */
  readonly isAmnesiac: boolean;
  /** Sequences whose records were damaged; they read as `hole` until they are repaired or removed. */
  readonly holes: readonly SequenceRange[];
  /** How long each step took, by its name. */
  readonly phasesMs: Readonly<Record<string, number>>;
}

export interface SequenceRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Subject, header and payload where they lie. The kernel's `Message` is one of these, and so is what `read` finds. The
 * header is `bytes[headerStart..bodyStart)`, empty when there is none, and the payload `bytes[bodyStart..bodyEnd)`.
 */
export interface MessageBytes {
  readonly subjectBytes: Uint8Array;
  readonly subjectStart: number;
  readonly subjectEnd: number;
  readonly bytes: Uint8Array;
  readonly headerStart: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
}

/** Borrowed: valid until the next call of the same store. `subjectBytes` and `bytes` are the same memory. */
export interface StoredRecord extends MessageBytes {
  readonly seq: number;
  /** When it was stored: whole seconds since the Unix epoch (0 to 2^33 - 1), and nanoseconds (0 to 999,999,999). */
  readonly seconds: number;
  readonly nanos: number;
  /** 16 bits that belong to whoever appended it. */
  readonly flags: number;
}

/** What `read` says. */
export const Read = {
  /** It is in `record`. */
  found: 0,
  /** It was removed, or never was. */
  gone: 1,
  /** It was there, and is damaged. */
  hole: 2,
  /** It is there and has to be brought in: `load`, then read again. */
  cold: 3,
} as const;
export type Read = (typeof Read)[keyof typeof Read];

/** How a `scan` ended. */
export const Scan = {
  /** All of the range was visited. */
  done: 0,
  /** The visitor had enough. */
  stopped: 1,
  /** The next record has to be brought in: `load` from `coldSequence` on, then scan on from there. */
  cold: 2,
} as const;
export type Scan = (typeof Scan)[keyof typeof Scan];

/** Instead of a ticket: why nothing was written. All are negative. */
export const Refused = {
  /** There is no room at present. */
  full: -1,
  /** A write failed; nothing is taken until the store is opened again. */
  failed: -2,
  /** Longer than `supports.maxRecord`. */
  tooLarge: -3,
} as const;
export type Refused = (typeof Refused)[keyof typeof Refused];

/** True goes on. The record is borrowed until the visitor returns; the visitor writes nothing to the store. */
export type Visit = (record: StoredRecord) => boolean;

/**
 * Tickets grow by the order of writing: when one is durable, so are all before it. A write outside of a unit is a unit
 * of its own.
 */
export interface DurabilityListener {
  /** All writes up to this ticket are as durable as the driver makes them. Never called within the call that wrote. */
  durable(ticket: number): void;
  /** All writes after the last durable ticket are lost; `Refused.failed` until the store is opened again. */
  failed(error: Error): void;
  /** Records turned out to be damaged: they read as `hole` from now on. Also within `read`, `scan` and `load`. */
  damaged?(from: number, to: number): void;
}

/** A place in the history of a store, to recognise it by: derived state that names another history is not believed. */
export interface Mark {
  readonly position: number;
  readonly check: number;
}

export interface RecordStore {
  readonly id: string;
  /** As `OpenOptions.isLazy`, for whoever learns only from the store what it should be. */
  isLazy?: boolean;
  /** As `OpenOptions.compression`. */
  compression?: StoreCompression | null;
  /** The first sequence that has a record; `last + 1` when there is none. */
  readonly first: number;
  /** The highest sequence ever appended, or one below the first there will be. Never goes back but by `cutAfter`. */
  readonly last: number;
  /** When the newest record was stored, also after it was removed; 0 and 0 when there never was one. */
  readonly lastSeconds: number;
  readonly lastNanos: number;
  readonly count: number;
  /** Subjects, headers and payloads of the records that are there, together. */
  readonly contentBytes: number;
  /** What `read` found. */
  readonly record: StoredRecord;
  /** Where a scan or a read last met what was not in memory. */
  readonly coldSequence: number;
  /** The newest ticket that is durable. With `durable: none` a ticket is durable when it is given. */
  readonly durableTicket: number;

  // --- Writing: each answers a ticket, or `Refused`. Within a unit they answer 0, and `commit` the ticket of all ---

  /**
   * The sequence is above `last`; what is left out never existed, and costs nothing. The bytes are copied before it
   * returns.
   */
  append(seq: number, seconds: number, nanos: number, flags: number, message: MessageBytes): number;
  /** Raises `last` without a record: the sequences up to it are spent. */
  advance(last: number): number;
  /** What is not there is passed over. */
  remove(from: number, to: number): number;
  /**
   * Removes, and destroys the bytes wherever they are but in snapshots, until those are released. The ticket is durable
   * when that is done.
   */
  erase(from: number, to: number): number;
  /** Removes all below, in the time of blocks, not of records. `last` stays, or becomes `seq - 1` if that is more. */
  dropBefore(seq: number): number;
  /** Logs only: takes back everything above, as if it had never been appended. */
  cutAfter(seq: number): number;
  readonly cells: Cells;

  /**
   * From here to `commit` or `abort`, in the same turn: all or nothing, in memory and after any crash. What is appended
   * is there at once; removals and cells are done with `commit`, after all appends of the unit. Units do not nest.
   */
  begin(): void;
  /** If one of the unit's writes was refused, so is all of it. */
  commit(): number;
  abort(): void;

  /** Who hears how far the store has got. One listener; it replaces the one before. */
  onDurable(listener: DurabilityListener | null): void;

  // --- Reading ---

  read(seq: number): Read;
  /**
   * From `from` to `to`, both included; downwards when `to` is smaller. Holes are passed over, and so is what is not
   * there.
   */
  scan(from: number, to: number, visit: Visit): Scan;
  /**
   * Brings in what lies between, or as much from `from` on as the driver likes to hold. Never calls back before it
   * returns.
   */
  load(from: number, to: number, done: (error: Error | null) => void): void;
  /**
   * Shows records as `scan` does, from a sequence on upwards, as far as they can be told of without being read: of headers and payloads there
   * is only the length. In slices that give others their turn. Answers the first sequence that has to be read, or one beyond the last.
   * Absent where reading is as good.
   */
  survey?(from: number, visit: (record: StoredRecord) => void): Promise<number>;
  /** The ranges without a record between the two, ascending, without reading records; `hole`s are not among them. */
  gaps(from: number, to: number, visit: (from: number, to: number) => void): void;
  /** What is there now stays readable in the snapshot, whatever is removed meanwhile, until it is released. */
  snapshot(): StoreSnapshot;

  // --- Care ---

  /** Where the store stands, and whether it has passed through where a mark was taken. */
  mark(): Mark;
  passed(mark: Mark): boolean;
  /** Reads all between and checks it; holes that it finds are holes from then on. */
  verify(from: number, to: number): Promise<readonly SequenceRange[]>;
  holes(): Holes;
  /** Fills a hole. False when there is none, or when the record is not the one that was there. */
  repair(seq: number, record: StoredRecord): Promise<boolean>;
  stats(): StoreStats;
  /** Staged stores only: from now on the store is there under its id, instead of what was there. */
  publish(): Promise<void>;
  /** Everything that was written is durable afterwards. */
  close(): Promise<void>;
  /** Closes, and leaves nothing. */
  destroy(): Promise<void>;
}

/** Small named values: the state of consumers, checkpoints, configurations. Names are any text of 1 to 255 bytes. */
export interface Cells {
  /** The value is copied before it returns. */
  put(name: string, value: Uint8Array): number;
  /** Adds to the end of the value, or makes it; for those who write little of much, often. */
  extend(name: string, more: Uint8Array): number;
  delete(name: string): number;
  /** What was last written, durable or not; null when there is none. Damaged ones reject. */
  get(name: string): Promise<Uint8Array | null>;
  /** Ascending by their bytes. */
  list(prefix: string): Promise<string[]>;
}

export interface StoreSnapshot {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly contentBytes: number;
  readonly coldSequence: number;
  scan(from: number, to: number, visit: Visit): Scan;
  load(from: number, to: number, done: (error: Error | null) => void): void;
  release(): void;
}

/** Plain numbers, read whenever somebody looks. */
export interface StoreStats {
  /** What the store takes in memory and on disk, all included. */
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly blocks: number;
  readonly appended: number;
  readonly removed: number;
  readonly refused: number;
  readonly holes: number;
  readonly snapshots: number;
}
