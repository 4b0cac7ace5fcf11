/** Tells the other side of all there is, a little at a time where it is much: what changes meanwhile is told in its turn. */
import type { Clock } from '../../../kernel/plugin-api.ts';
import type { LeafConnection } from '../leaf-connection.ts';
import type { Wish } from './ledger.ts';

const SLICE_MS = 3;
const SLICE_CHECK = 256;

export class Teller {
  private readonly clock: Clock;
  private readonly connection: LeafConnection;
  private readonly rest: Iterator<Wish>;

  constructor(clock: Clock, connection: LeafConnection, wishes: Iterator<Wish>) {
    this.clock = clock;
    this.connection = connection;
    this.rest = wishes;
  }

  start(): void {
    this.goOn();
  }

  private goOn(): void {
    const { clock, connection } = this;
    if (connection.isClosed) return;
    const until = clock.monotonic() + SLICE_MS;
    for (let told = 1; ; told++) {
      const { done, value } = this.rest.next();
      if (done === true) {
        connection.toldUpTo = Number.POSITIVE_INFINITY;
        return;
      }
      connection.tellNew(value);
      if (told % SLICE_CHECK === 0 && clock.monotonic() >= until) break;
    }
    clock.soon(() => this.goOn());
  }
}
