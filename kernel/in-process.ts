/** Clients in the process of the broker: they come without a port, and without a copy of what they say. */
import type { Broker } from './broker.ts';
import { createMemoryPair } from './ports/memory-network.ts';
import type { Transport } from './ports/transport.ts';

/** A client's end of a new connection. */
export function connectInProcess({ arena, clock, listener }: Broker): Transport {
  const [near, far] = createMemoryPair({ clock, readBuffer: arena.readBuffer });
  listener.accept(far);
  return near;
}
