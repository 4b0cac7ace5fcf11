/** Has the connections of an account go by its new limits. Those that do not fit are told, and closed. */
import type { ClientConnection } from '../connection/client-connection.ts';
import { CloseReason } from '../connection/close-reason.ts';
import type { Connection } from '../connection/connection.ts';
import { isClient } from '../connection/connection-kind.ts';
import { applyLimits } from '../connection/login.ts';
import type { Account } from './account.ts';

export function enforceLimits(account: Account): void {
  const clients = [...account.connections].filter(isClient);
  for (const client of clients) {
    applyLimits(client);
    if (isOverSubscribed(client)) end(client, 'maximum subscriptions exceeded', CloseReason.maxSubscriptions);
  }
  const { maxConnections } = account.limits;
  if (maxConnections < 0) return;
  const places = Math.max(0, maxConnections - account.remoteConnections);
  const present = [...clients, ...account.links].filter(({ isClosed }) => !isClosed);
  // The newest go: those who came first came within the limit.
  for (const connection of present.sort((one, other) => one.id - other.id).slice(places)) {
    end(connection, 'maximum account active connections exceeded', CloseReason.maxAccountConnections);
  }
}

function isOverSubscribed({ subscriptions, subscriptionsMax }: ClientConnection): boolean {
  return subscriptionsMax === 0 || (subscriptionsMax > 0 && subscriptions.size > subscriptionsMax);
}

function end(connection: Connection, text: string, reason: CloseReason): void {
  connection.broker.logOf(connection).error(text);
  connection.sendError(text);
  connection.close(reason);
}
