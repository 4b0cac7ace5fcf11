/** What the monitor knows of a connection, open or closed: plain values that do not hold the connection itself. */
import {
  type ConnectionFacts,
  connectionFacts,
  isClient,
  LinkConnection,
  type TlsFacts,
} from '../../kernel/plugin-api.ts';
import type { MonitorSection } from './contract.ts';
import type { Connection, Subscription } from './monitor.ts';

export interface MonitoredFacts extends ConnectionFacts {
  /** As /connz calls it. */
  readonly kind: string;
  readonly lastActivityAt: number;
  /** Null while it is open. */
  readonly stoppedAt: number | null;
  readonly reason: string;
  readonly pendingBytes: number;
  readonly inMessages: number;
  readonly outMessages: number;
  readonly inBytes: number;
  readonly outBytes: number;
  readonly subscriptions: number;
  readonly tls: TlsFacts | null;
  /** Facts from other plugins, by the key they are shown under. */
  readonly more: Readonly<Record<string, unknown>> | null;
}

export function factsOf(
  connection: Connection,
  sections: readonly MonitorSection[],
  stoppedAt: number | null = null,
): MonitoredFacts {
  return {
    ...connectionFacts(connection),
    kind: kindText(connection, sections),
    lastActivityAt: connection.lastInputAt,
    stoppedAt,
    reason: connection.closeReason ?? '',
    pendingBytes: stoppedAt === null ? connection.outbound.pendingBytes : 0,
    inMessages: connection.inMessages,
    outMessages: connection.outMessages,
    inBytes: connection.inBytes,
    outBytes: connection.outBytes,
    subscriptions: subscriptionCountOf(connection),
    tls: connection.transport.tls,
    more: moreOf(connection, sections),
  };
}

/** Empty for those that /connz does not list. */
export function kindText(connection: Connection, sections: readonly MonitorSection[]): string {
  if (isClient(connection)) return 'Client';
  for (const section of sections) {
    const text = section.connectionKinds?.[connection.kindName];
    if (text !== undefined) return text;
  }
  return '';
}

export function subscriptionsOf(connection: Connection): Iterable<Subscription> {
  if (isClient(connection)) return connection.subscriptions.values();
  return connection instanceof LinkConnection ? connection.subscriptions() : [];
}

function subscriptionCountOf(connection: Connection): number {
  if (isClient(connection)) return connection.subscriptions.size;
  return connection instanceof LinkConnection ? connection.subscriptionCount : 0;
}

function moreOf(connection: Connection, sections: readonly MonitorSection[]): Readonly<Record<string, unknown>> | null {
  let more: Readonly<Record<string, unknown>> | null = null;
  for (const section of sections) {
    const added = section.connection?.(connection);
    if (added !== undefined) more = Object.assign({}, more, added);
  }
  return more;
}
