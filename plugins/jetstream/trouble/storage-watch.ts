/** What happens to the storage of this server: who is told, and what is counted. */
import { outOfStorage } from '../../../protocols/jetstream/advisories.ts';
import type { StorageDriver, StorageTrouble } from '../../../storage-drivers/contract.ts';
import type { StreamAccount } from '../account/stream-account.ts';
import type { Surroundings } from '../surroundings.ts';
import { DamageWatch } from './damage-watch.ts';

const TOLD_AGAIN_MS = 10_000;
const OUT_OF_STORAGE = '$JS.EVENT.ADVISORY.SERVER.OUT_OF_STORAGE';

export class StorageWatch {
  readonly damage: readonly DamageWatch[];
  readonly drivers: readonly StorageDriver[];
  private readonly of: Surroundings;
  private readonly accounts: () => Iterable<StreamAccount>;
  private toldAt = Number.NEGATIVE_INFINITY;

  constructor(of: Surroundings, drivers: Iterable<StorageDriver>, accounts: () => Iterable<StreamAccount>) {
    this.of = of;
    this.accounts = accounts;
    this.drivers = [...drivers];
    this.damage = this.drivers.map((driver) => new DamageWatch(of, driver, accounts));
  }

  begin(): void {
    for (const watch of this.damage) watch.begin();
    for (const driver of this.drivers) driver.watchTrouble?.((trouble) => this.troubled(trouble));
  }

  end(): void {
    for (const watch of this.damage) watch.end();
    for (const driver of this.drivers) driver.watchTrouble?.(null);
  }

  /** Somebody listens who did not before. */
  announce(account: string): void {
    const system = this.of.broker.accounts.system?.name;
    for (const { account: owner, streams } of this.accounts()) {
      if (owner.name !== account && account !== system) continue;
      for (const stream of streams.values()) stream.losses.announce();
    }
  }

  /** Figures, for whoever collects them. */
  figures(): Readonly<Record<string, number>> {
    const { books } = this.of;
    const sums = { lost: 0, broken: 0 };
    for (const { streams } of this.accounts()) {
      for (const { log, trouble } of streams.values()) {
        if (log.hasLost) sums.lost += log.lost.records;
        if (trouble !== null) sums.broken++;
      }
    }
    return {
      lost_messages: sums.lost,
      messages_lost_total: books.lost,
      broken_streams: sums.broken,
      store_failures_total: books.failures,
      reopened_stores_total: books.reopened,
      refused_for_limits_total: books.refusals,
      full_disks: this.drivers.filter(({ trouble }) => trouble?.kind === 'full').length,
      failing_disks: this.drivers.filter(({ trouble }) => trouble?.kind === 'failed').length,
      ...this.careFigures(),
    };
  }

  private careFigures(): Readonly<Record<string, number>> {
    const sums = { damaged: 0, errors: 0, passes: 0, verified: 0, repaired: 0 };
    for (const { care } of this.damage) {
      if (care === null) continue;
      const { figures } = care;
      sums.damaged += figures.damagedFrames;
      sums.errors += figures.readErrors;
      sums.passes += figures.passes;
      sums.verified += figures.verifiedBytes;
      sums.repaired += figures.repaired;
    }
    return {
      damaged_frames_total: sums.damaged,
      read_errors_total: sums.errors,
      verify_passes_total: sums.passes,
      verified_bytes_total: sums.verified,
      repaired_messages_total: sums.repaired,
    };
  }

  /** The log has it from the driver. */
  private troubled(trouble: StorageTrouble | null): void {
    const { of } = this;
    if (trouble === null) for (const account of this.accounts()) account.mendNow();
    const { system } = of.broker.accounts;
    const now = of.clock.monotonic();
    if (trouble?.kind !== 'full' || system === null || now - this.toldAt < TOLD_AGAIN_MS) return;
    this.toldAt = now;
    const { name, identity } = of.broker;
    of.advise(system, (head) => outOfStorage(head, { name, id: identity.id }, ''), OUT_OF_STORAGE);
  }
}
