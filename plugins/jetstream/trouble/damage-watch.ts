/** What a driver says of damaged files goes to the log, once, with what it costs. */
import { textFromSubject } from '../../../kernel/plugin-api.ts';
import type { Damage, DriverCare, StorageDriver } from '../../../storage-drivers/contract.ts';
import type { StreamAccount } from '../account/stream-account.ts';
import type { Stream } from '../stream/stream.ts';
import type { Surroundings } from '../surroundings.ts';
import { plural, rangesText } from './range-text.ts';

export class DamageWatch {
  readonly care: DriverCare | null;
  private readonly of: Surroundings;
  private readonly accounts: () => Iterable<StreamAccount>;

  constructor(of: Surroundings, driver: StorageDriver, accounts: () => Iterable<StreamAccount>) {
    this.of = of;
    this.accounts = accounts;
    this.care = driver.care ?? null;
  }

  /** After the streams were recovered, so that they can be named. */
  begin(): void {
    const { care } = this;
    if (care === null) return;
    const told = new Set<string>();
    for (const damage of care.damage) {
      this.tell(damage);
      if (damage.store !== null && damage.records > 0) told.add(damage.store);
    }
    for (const stream of this.streams()) if (!told.has(storeOf(stream))) this.tellOfBefore(stream);
    care.listen({ damaged: (damage) => this.tell(damage), healed: (store) => this.healed(store) });
  }

  end(): void {
    this.care?.listen(null);
  }

  /** Folders that nobody can say the stream of. */
  get unreadable(): readonly Damage[] {
    return this.care?.damage.filter(({ part }) => part === 'folder') ?? [];
  }

  private tell(damage: Damage): void {
    const { log } = this.of;
    const { store, records, lost, bytes, part, cause } = damage;
    const what = placeOf(damage);
    if (records > 0) {
      const name = store === null ? 'streams that are not known' : this.nameOf(store);
      const amount = `${plural(records, 'message')}, ${plural(bytes, 'byte')}`;
      log.error(`${name} lost the messages ${rangesText(lost)} (${amount}): ${what}; all others are served`);
    } else if (part !== 'folder') log.warn(`${what}: no message is known to be lost by it`);
    // Of what was set aside the driver has told.
    else if (cause === 'unreadable') log.error(`${what}: it is left as it is, and its stream is not served`);
  }

  private tellOfBefore(stream: Stream): void {
    const { records, ranges } = stream.log.lost;
    if (records === 0) return;
    const what = `the messages ${rangesText(ranges)}, which were lost before`;
    this.of.log.error(`${titleOf(stream)} lacks ${what}: delete them, or purge the stream, when they are not awaited`);
  }

  private healed(store: string): void {
    for (const stream of this.streams()) if (storeOf(stream) === store) stream.log.checkLost();
    this.of.log.info(`${this.nameOf(store)} lacks no message any more`);
  }

  private nameOf(store: string): string {
    for (const stream of this.streams()) if (storeOf(stream) === store) return titleOf(stream);
    return `the stream in the store '${store}'`;
  }

  private *streams(): Generator<Stream> {
    for (const { streams } of this.accounts()) yield* streams.values();
  }
}

function storeOf({ log }: Stream): string {
  return log.records.store.id;
}

export function titleOf({ account, name }: Stream): string {
  return `stream '${textFromSubject(account.name)} > ${name}'`;
}

function placeOf({ path, from, to, cause }: Damage): string {
  if (cause === 'missing') return `${path} is missing`;
  const what = cause === 'unreadable' ? 'can not be read' : 'is damaged';
  return to > from ? `${path} ${what} from byte ${from} to ${to}` : `${path} ${what}`;
}
