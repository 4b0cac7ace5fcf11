/** What streams and consumers of one broker share. */
import type { Account, Broker, Clock, Log, Random } from '../../kernel/plugin-api.ts';
import type { ServerCaps } from '../../protocols/jetstream/account-limits.ts';
import type { Advisory, AdvisoryHead } from '../../protocols/jetstream/advisories.ts';
import type { StorageDriver } from '../../storage-drivers/contract.ts';
import type { ServerBooks } from './account/server-books.ts';
import type { BackupFormat } from './backup/backup-writer.ts';
import type { PushTargets } from './consumer/push-targets.ts';
import type { WritePace } from './consumer/write-pace.ts';
import type { InputTime } from './stream/input-time.ts';
import type { Outbox } from './wire/outbox.ts';

export interface Surroundings {
  readonly broker: Broker;
  /** What it says does not jump. */
  readonly clock: Clock;
  /** For what publishers send. */
  readonly inputTime: InputTime;
  readonly random: Random;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly targets: PushTargets;
  /** Of all consumers together. */
  readonly writePace: WritePace;
  readonly domain: string;
  readonly caps: ServerCaps;
  readonly isStrict: boolean;
  readonly backupFormat: BackupFormat;
  readonly requestsMax: number;
  /** Consumers of a stream that says nothing of it, in an account that does not either. */
  readonly consumersUsualMax: number;
  /** Acknowledgements go to the longer subjects, which tell domains and accounts apart. */
  readonly hasLongAcks: boolean;
  readonly books: ServerBooks;
  readonly server: { readonly version: string; readonly level: number };
  /** Null when there is none of that kind. */
  driver(storage: 'file' | 'memory'): StorageDriver | null;
  /** Runs once, later; the answer calls it off. */
  after(milliseconds: number, run: () => void): () => void;
  /** Tells of something, if anybody in the account listens; answers whether somebody does. */
  advise(account: Account, make: (head: AdvisoryHead) => Advisory, subject: string): boolean;
}
