/** A machine with a file driver on it, whose power can fail. */

import type { Fate, SimulatedDisk } from '../../../kernel/ports/simulated-disk.ts';
import { createSimulation, type Simulation } from '../../../kernel/ports/simulated-ports.ts';
import type { FileDriverOptions } from '../../../storage-drivers/file/driver-options.ts';
import { type FileDriver, openFileDriver } from '../../../storage-drivers/file/file-driver.ts';
import { MortalClock, PowerCut } from '../../kits/mortal-clock.ts';
import { mortalDisk } from '../../kits/mortal-disk.ts';

export const DIRECTORY = '/data';

/** Everything small, so that a short test meets many blocks, segments and checkpoints. */
export const SMALL: Partial<FileDriverOptions> = {
  blockBytes: 8192,
  blockFrameBytes: 2048,
  blockSlotsMax: 256,
  dirtyBytesPerStore: 12_288,
  dirtyBytesMax: 65_536,
  dirtyBytesAtClose: 4096,
  cacheBytes: 16_384,
  openFilesMax: 4,
  loadBytes: 8192,
  segmentBytes: 65_536,
  firstSegmentBytes: 32_768,
  journalBytesMax: 2_000_000,
  reserveBytes: 4096,
  frameBytes: 4096,
  commitBytes: 16_384,
  fairBytes: 8192,
  queueBytesMax: 8_000_000,
  tailMarkDistanceBytes: 8192,
};

export class DriverWorld {
  readonly sim: Simulation;
  readonly disk: SimulatedDisk;
  options: Partial<FileDriverOptions>;
  /** The one that was opened last. */
  driver: FileDriver | null = null;
  private clock: MortalClock;

  constructor(seed: number, options: Partial<FileDriverOptions> = {}) {
    this.sim = createSimulation(seed);
    this.disk = this.sim.ports.disk;
    this.clock = new MortalClock(this.sim.clock);
    this.options = { ...SMALL, ...options };
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

  pass(milliseconds: number): Promise<void> {
    return this.until(new Promise((resolve) => this.sim.clock.after(milliseconds, resolve)));
  }

  crash(fate: Fate): void {
    this.clock.isDead = true;
    this.disk.restart(fate);
    this.clock = new MortalClock(this.sim.clock);
  }

  async open(): Promise<FileDriver> {
    const { clock } = this;
    this.driver = null;
    const disk = mortalDisk(this.disk, () => clock.isDead);
    const ports = { clock, random: this.sim.ports.random, disk };
    this.driver = await this.until(openFileDriver(ports, { ...this.options, directory: DIRECTORY }));
    return this.driver;
  }
}
