/** One transaction for all that is written in a turn of the event loop, by whichever store. */
import type { DriverPorts } from 'gnatlet/contracts';
import type { Database } from './sqlite-module.ts';

/** A store with writes in the transaction. */
export interface Writer {
  /** The transaction ends: the last writes that belong to it. */
  save(): void;
  committed(): void;
  failed(error: Error): void;
}

export class TurnTransaction {
  private readonly database: Database;
  private readonly clock: DriverPorts['clock'];
  private writers = new Set<Writer>();
  private isClosed = false;

  constructor(database: Database, clock: DriverPorts['clock']) {
    this.database = database;
    this.clock = clock;
  }

  /** Before each write: it belongs to the transaction of this turn. */
  join(writer: Writer): void {
    if (this.writers.size === 0) {
      this.database.exec('BEGIN');
      this.clock.soon(() => this.end());
    }
    this.writers.add(writer);
  }

  /** Now, instead of at the end of the turn. */
  end(): void {
    if (this.writers.size === 0 || this.isClosed) return;
    const { writers } = this;
    this.writers = new Set();
    try {
      for (const writer of writers) writer.save();
      this.database.exec('COMMIT');
    } catch (error) {
      for (const writer of writers) writer.failed(error as Error);
      return;
    }
    for (const writer of writers) writer.committed();
  }

  close(): void {
    this.end();
    this.isClosed = true;
  }

  /** What follows can be taken back. */
  mark(): void {
    this.database.exec('SAVEPOINT unit');
  }

  takeBack(): void {
    this.database.exec('ROLLBACK TO unit; RELEASE unit');
  }

  keep(): void {
    this.database.exec('RELEASE unit');
  }
}
