/** What the monitor knows of a connection, open or closed: plain values that do not hold the connection itself. */
import type { TlsFacts } from '../../kernel/plugin-api.ts';
import type { MonitorSection } from './contract.ts';
import type { Connection, Subscription } from './monitor.ts';

export interface ConnectionFacts {
  readonly cid: number;
  readonly kind: string;
  /** Empty for connections that are no clients. */
  readonly type: string;
  readonly ip: string;
  readonly port: number;
  readonly startedAt: number;
  readonly lastActivityAt: number;
  /** Null while it is open. */
  readonly stoppedAt: number | null;
  readonly reason: string;
  readonly rttMs: number;
  readonly pendingBytes: number;
  readonly inMessages: number;
  readonly outMessages: number;
  readonly inBytes: number;
  readonly outBytes: number;
  readonly subscriptions: number;
  readonly name: string;
  readonly lang: string;
  readonly version: string;
  readonly tls: TlsFacts | null;
  readonly user: string;
  readonly account: string;
  /** Further facts of the identity and from other plugins, by the key they are shown under. */
  readonly more: Readonly<Record<string, unknown>> | null;
}

/** What clients have and other connections may have. */
interface ClientParts {
  readonly subscriptions?: ReadonlyMap<string, Subscription>;
  readonly options?: { readonly name: string; readonly lang: string; readonly version: string };
  readonly identity?: { readonly user: string; readonly details?: Readonly<Record<string, unknown>> } | null;
}

const TYPES: Readonly<Record<string, string>> = { websocket: 'websocket', mqtt: 'mqtt' };

export function factsOf(
  connection: Connection,
  sections: readonly MonitorSection[],
  stoppedAt: number | null = null,
): ConnectionFacts {
  const { transport, liveness, outbound } = connection;
  const { subscriptions, options, identity } = connection as ClientParts;
  const isClient = connection.kindName === 'client';
  return {
    cid: connection.id,
    kind: isClient ? 'Client' : kindText(connection, sections),
    type: isClient ? (TYPES[transport.kind] ?? 'nats') : '',
    ip: connection.clientIp,
    port: transport.remote.port,
    startedAt: connection.startedAt,
    lastActivityAt: connection.lastInputAt,
    stoppedAt,
    reason: connection.closeReason ?? '',
    rttMs: liveness.rtt,
    pendingBytes: stoppedAt === null ? outbound.pendingBytes : 0,
    inMessages: connection.inMessages,
    outMessages: connection.outMessages,
    inBytes: connection.inBytes,
    outBytes: connection.outBytes,
    subscriptions: subscriptions?.size ?? 0,
    name: options?.name ?? '',
    lang: options?.lang ?? '',
    version: options?.version ?? '',
    tls: transport.tls,
    user: identity?.user ?? '',
    account: connection.account.name,
    more: moreOf(connection, sections, identity?.details),
  };
}

export function kindText(connection: Connection, sections: readonly MonitorSection[]): string {
  if (connection.kindName === 'client') return 'Client';
  for (const section of sections) {
    const text = section.connectionKinds?.[connection.kindName];
    if (text !== undefined) return text;
  }
  return '';
}

export function subscriptionsOf(connection: Connection): Iterable<Subscription> {
  return (connection as ClientParts).subscriptions?.values() ?? [];
}

function moreOf(
  connection: Connection,
  sections: readonly MonitorSection[],
  details: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> | null {
  let more: Readonly<Record<string, unknown>> | null = details ?? null;
  for (const section of sections) {
    const added = section.connection?.(connection);
    if (added !== undefined) more = { ...more, ...added };
  }
  return more;
}
