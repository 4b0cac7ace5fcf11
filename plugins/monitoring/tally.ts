/** Counts that the kernel does not keep: those of kinds of connections other than clients. */
import type { Connection } from './monitor.ts';

interface Traffic {
  inMessages: number;
  outMessages: number;
  inBytes: number;
  outBytes: number;
}

export class Tally {
  /** Of connections that are gone and were no clients. */
  readonly #pastOthers: Traffic = { inMessages: 0, outMessages: 0, inBytes: 0, outBytes: 0 };

  closed(connection: Connection): void {
    if (connection.kindName !== 'client') add(this.#pastOthers, connection);
  }

  /** How many clients there are, and what passed over connections that are none. */
  count(connections: Iterable<Connection>): { clients: number; others: Readonly<Traffic> } {
    const others = { ...this.#pastOthers };
    let clients = 0;
    for (const connection of connections) {
      if (connection.kindName === 'client') clients++;
      else add(others, connection);
    }
    return { clients, others };
  }
}

function add(sum: Traffic, part: Traffic): void {
  sum.inMessages += part.inMessages;
  sum.outMessages += part.outMessages;
  sum.inBytes += part.inBytes;
  sum.outBytes += part.outBytes;
}
