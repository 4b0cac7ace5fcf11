/** The care for all stores of a driver together: what was damaged, and looking for more. */
import type { CareFigures, CareListener, Damage, DriverCare } from '../contract.ts';
import type { Pace } from './blocks/load-frames.ts';
import type { DamageLog } from './damage-log.ts';
import type { FileStore } from './file-store.ts';
import type { Journal } from './journal/journal.ts';

const UNPACED: Pace = async () => {};

/** What the care needs of its driver. */
export interface CaredFor {
  readonly stores: ReadonlyMap<number, FileStore>;
  readonly journal: Journal;
}

export class FileCare implements DriverCare {
  private readonly log: DamageLog;
  private readonly driver: CaredFor;

  constructor(log: DamageLog, driver: CaredFor) {
    this.log = log;
    this.driver = driver;
  }

  get damage(): readonly Damage[] {
    return this.log.list;
  }

  get figures(): CareFigures {
    return this.log;
  }

  listen(listener: CareListener | null): void {
    this.log.listener = listener;
  }

  async verify(): Promise<readonly Damage[]> {
    const before = new Set(this.log.list);
    await this.pass(UNPACED, () => false);
    return this.log.list.filter((damage) => !before.has(damage));
  }

  async repair(): Promise<number> {
    let files = 0;
    for (const store of [...this.driver.stores.values()]) if (!store.isDestroyed) files += await store.care.mend();
    return files;
  }

  /** Reads everything once. */
  async pass(pace: Pace, isOver: () => boolean): Promise<void> {
    const { log } = this;
    log.leftBytes = this.bytesToRead();
    const counted: Pace = (bytes) => {
      log.verifiedBytes += bytes;
      log.leftBytes = Math.max(0, log.leftBytes - bytes);
      return pace(bytes);
    };
    for (const store of [...this.driver.stores.values()]) {
      if (isOver()) return;
      if (!store.isDestroyed && !store.isFailed) await store.care.check(counted);
    }
    if (!isOver()) await this.checkJournal(counted);
    log.leftBytes = 0;
    log.passes++;
  }

  /** What stands there is in memory too: as long as it is, it can be written elsewhere, and nothing is lost. */
  private async checkJournal(pace: Pace): Promise<void> {
    for (const { path, from, to, generation } of await this.driver.journal.check(pace)) {
      const nothing = { lost: [], records: 0, bytes: 0 };
      this.log.found({ store: null, part: 'journal', path, from, to, cause: 'checksum', ...nothing });
      this.driver.journal.pressFor(generation);
    }
  }

  private bytesToRead(): number {
    let bytes = 0;
    for (const { blocks } of this.driver.stores.values()) for (const block of blocks.blocks) bytes += block.fileBytes;
    return bytes;
  }
}
