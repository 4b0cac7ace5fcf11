/** A producer that waits for a receiver that lags: no more often than once a read, and never for long. */
import type { Clock, Timer } from '../ports/ports.ts';
import type { Connection } from './connection.ts';

const LONGEST_MS = 10;

export class Stall {
  private readonly connection: Connection;
  private readonly clock: Clock;
  private timer: Timer | null = null;
  private isSpent = false;

  constructor(connection: Connection, clock: Clock) {
    this.connection = connection;
    this.clock = clock;
  }

  /** A new read has come: it may be held up once more. */
  renew(): void {
    this.isSpent = false;
  }

  /** Answers whether the connection waits from now on. */
  begin(): boolean {
    if (this.timer !== null) return true;
    if (this.isSpent || this.connection.isClosed) return false;
    this.isSpent = true;
    this.connection.hold();
    this.timer = this.clock.after(LONGEST_MS, () => this.end());
    return true;
  }

  end(): void {
    if (this.timer === null) return;
    this.timer.cancel();
    this.timer = null;
    this.connection.release();
  }
}
