/** The accounts that have streams, as they come, change and go. */
import type { Account } from '../../../kernel/plugin-api.ts';
import { ApiService } from '../api/api-service.ts';
import type { Stream } from '../stream/stream.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Grants } from './grants.ts';
import { recoverStreams } from './recovery.ts';
import { StreamAccount } from './stream-account.ts';

export class StreamingAccounts {
  /** By name. */
  readonly services: Map<string, ApiService>;
  private readonly of: Surroundings;
  /** What is under way for an account, and all before it: one after the other. */
  private readonly changing = new Map<string, Promise<void>>();

  constructor(of: Surroundings, services: Map<string, ApiService>) {
    this.of = of;
    this.services = services;
  }

  /** From now on the account has that; null takes its streams out of service, and leaves them where they lie. */
  grant(account: Account, grants: Grants | null): Promise<void> {
    const { name } = account;
    const before = this.changing.get(name) ?? Promise.resolve();
    const change = before.then(() => this.apply(account, grants));
    const settled = change.catch(() => undefined);
    this.changing.set(name, settled);
    void settled.then(() => {
      if (this.changing.get(name) === settled) this.changing.delete(name);
    });
    return change;
  }

  private async apply(account: Account, grants: Grants | null): Promise<void> {
    const known = this.services.get(account.name);
    if (grants === null) await this.close(account.name);
    else if (known !== undefined && known.of.account === account) known.of.grants = grants;
    else await this.open(account, grants);
  }

  private async open(account: Account, grants: Grants): Promise<void> {
    await this.close(account.name);
    const streams = new StreamAccount(this.of, account, grants);
    // In the books before anything is recovered: what is half open is closed with it.
    this.services.set(account.name, new ApiService(streams));
    const recovered: Stream[] = [];
    for (const storage of ['memory', 'file'] as const) {
      const driver = this.of.driver(storage);
      if (driver !== null) recovered.push(...(await recoverStreams(streams, storage, driver)));
    }
    // Those that take from others find them.
    for (const stream of recovered) if (streams.streams.get(stream.name) === stream) stream.open();
  }

  private async close(name: string): Promise<void> {
    const service = this.services.get(name);
    if (service === undefined) return;
    this.services.delete(name);
    service.close();
    await service.of.close();
  }

  /** Once nothing is under way. */
  async closeAll(): Promise<void> {
    await Promise.all(this.changing.values());
    for (const name of [...this.services.keys()]) await this.close(name);
  }

  /** Names of accounts whose streams lie here. */
  async stored(): Promise<ReadonlySet<string>> {
    const names = new Set<string>();
    const driver = this.of.driver('file');
    if (driver === null || driver.supports.durable === 'none') return names;
    for (const id of await driver.list()) names.add(id.slice(0, Math.max(0, id.indexOf('/'))));
    return names;
  }
}
