/** Telling connections apart by what they speak. */
import type { ClientConnection } from './client-connection.ts';
import type { Connection } from './connection.ts';

/** Speaks the NATS protocol as a client, over whatever transport. */
export function isClient(connection: Connection): connection is ClientConnection {
  return connection.kindName === 'client';
}
