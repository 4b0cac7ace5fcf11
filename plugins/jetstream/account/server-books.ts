/** What all streams of this server take together, of what they may. */
import { type Clock, Complaints, type Log } from '../../../kernel/plugin-api.ts';
import type { ServerLimits } from '../server-limits.ts';
import { Usage } from './usage.ts';

type Storage = 'file' | 'memory';

/** An account, as far as others have to know what it was promised. */
export interface Reserving {
  reservedIn(storage: Storage): number;
}

export class ServerBooks {
  readonly limits: ServerLimits;
  readonly usage = new Usage();
  readonly accounts = new Set<Reserving>();
  /** Messages that were refused because there was no room for them, by anybody's limit. */
  refusals = 0;
  /** Messages that were found lost, stores that failed, and those that were opened again. */
  lost = 0;
  failures = 0;
  reopened = 0;
  private readonly log: Log;
  private readonly complaints: Complaints;

  constructor(limits: ServerLimits, clock: Clock, log: Log) {
    this.limits = limits;
    this.log = log;
    this.complaints = new Complaints(clock);
  }

  /** What was promised to streams of all accounts but one. */
  reservedBeside(account: Reserving, storage: Storage): number {
    let sum = 0;
    for (const other of this.accounts) if (other !== account) sum += other.reservedIn(storage);
    return sum;
  }

  /** As a NATS server has it, the message that goes beyond is the last one that is taken. */
  isFull(storage: Storage): boolean {
    return this.usage[storage] > (storage === 'memory' ? this.limits.maxMemory : this.limits.maxStorage);
  }

  /** A message was refused for the server's limit. */
  refusedByServer(storage: Storage): void {
    this.refusals++;
    if (!this.complaints.isNews('server', storage)) return;
    this.log.error(`JetStream ${storage} resource limits exceeded for server`);
  }

  refusedByAccount(account: string, storage: Storage): void {
    this.refusals++;
    if (!this.complaints.isNews(account, storage)) return;
    this.log.warn(`JetStream ${storage} resource limits exceeded for account: ${JSON.stringify(account)}`);
  }
}
