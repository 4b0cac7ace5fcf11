/** A machine with a journal whose power can fail at any moment, and what each store was promised. */
import type { Fate, SimulatedDisk } from '../../../../kernel/ports/simulated-disk.ts';
import { createSimulation, type Simulation } from '../../../../kernel/ports/simulated-ports.ts';
import type { Journal } from '../../../../storage-drivers/file/journal/journal.ts';
import { JOURNAL_DEFAULTS, type JournalOptions } from '../../../../storage-drivers/file/journal/journal-options.ts';
import type { JournalStore } from '../../../../storage-drivers/file/journal/journal-store.ts';
import { type JournalReport, openJournal } from '../../../../storage-drivers/file/journal/open-journal.ts';
import type { JournalHole } from '../../../../storage-drivers/file/journal/recovery.ts';
import { MortalClock, PowerCut } from '../../../kits/mortal-clock.ts';
import { mortalDisk } from '../../../kits/mortal-disk.ts';

export const UUID = Uint8Array.from({ length: 16 }, (_, index) => index + 1);
export const DIRECTORY = '/store/journal';

export const SMALL_OPTIONS: JournalOptions = {
  ...JOURNAL_DEFAULTS,
  directory: DIRECTORY,
  uuid: UUID,
  incarnation: 1,
  frameBytes: 2048,
  commitBytes: 8192,
  fairBytes: 6000,
  queueBytesMax: 65_536,
  segmentBytes: 65_536,
  firstSegmentBytes: 32_768,
  journalBytesMax: 524_288,
  reserveBytes: 4096,
  tailMarkDistanceBytes: 8192,
};

/** A record as a store of the model wrote it. */
export interface Written {
  readonly store: number;
  readonly type: number;
  readonly data: string;
  readonly generation: number;
}

export interface OpenResult {
  journal: Journal;
  report: JournalReport;
  records: Written[];
  carried: Map<number, string>;
  holes: JournalHole[];
}

export class JournalWorld {
  readonly sim: Simulation;
  readonly disk: SimulatedDisk;
  options: JournalOptions;
  private clock: MortalClock;

  constructor(seed: number, options: Partial<JournalOptions> = {}) {
    this.sim = createSimulation(seed);
    this.disk = this.sim.ports.disk;
    this.clock = new MortalClock(this.sim.clock);
    this.options = { ...SMALL_OPTIONS, ...options };
  }

  static async create(seed: number, options: Partial<JournalOptions> = {}): Promise<JournalWorld> {
    const world = new JournalWorld(seed, options);
    await world.until(world.disk.makeDirectory('/store'));
    await world.until(world.disk.syncDirectory('/'));
    return world;
  }

  /** Throws `PowerCut` when the power fails first. */
  async until<T>(promise: Promise<T>): Promise<T> {
    const cut = new Promise<never>((_, reject) => {
      this.disk.onPowerCut = () => {
        this.clock.isDead = true;
        reject(new PowerCut());
      };
    });
    cut.catch(() => {});
    return this.sim.until(Promise.race([promise, cut]));
  }

  /** Lets time pass. */
  pass(milliseconds: number): Promise<void> {
    return this.until(new Promise((resolve) => this.sim.clock.after(milliseconds, resolve)));
  }

  /** The power fails now, and comes back. */
  crash(fate: Fate): void {
    this.clock.isDead = true;
    this.disk.restart(fate);
    this.clock = new MortalClock(this.sim.clock);
  }

  async open(): Promise<OpenResult> {
    const records: Written[] = [];
    const carried = new Map<number, string>();
    const holes: JournalHole[] = [];
    const { clock } = this;
    const disk = mortalDisk(this.disk, () => clock.isDead);
    const text = (bytes: Uint8Array, from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString();
    const { journal, report } = await this.until(
      openJournal(
        this.options,
        { disk, clock },
        {
          record: (store, type, bytes, from, to, generation) =>
            records.push({ store, type, data: text(bytes, from, to), generation }),
          carried: (store, bytes, from, to) => carried.set(store, text(bytes, from, to)),
          hole: (hole) => holes.push(hole),
        },
      ),
    );
    return { journal, report, records, carried, holes };
  }
}

/** Appends a text; the ticket, or -1. */
export function append(journal: Journal, store: JournalStore, data: string, type = 1): number {
  const bytes = Buffer.from(data);
  const at = journal.begin(store, type, bytes.length);
  if (at < 0) return -1;
  journal.bytes.set(bytes, at);
  return journal.end();
}

export const SILENT = { durable: () => {}, failed: () => {}, pressed: () => {} };
