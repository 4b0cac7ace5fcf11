/** Who is at the other end: what the monitor, events and services tell of a connection. Plain values that do not hold it. */
import type { ClientConnection } from './client-connection.ts';
import type { Connection } from './connection.ts';
import { isClient } from './connection-kind.ts';

export interface ConnectionFacts {
  readonly id: number;
  readonly kindName: string;
  /** As events have it. */
  readonly kindTitle: string;
  /** What a client came by: `nats`, `websocket` and what plugins add. Empty for connections that are no clients. */
  readonly clientType: string;
  /** Empty within this process. */
  readonly host: string;
  readonly port: number;
  readonly startedAt: number;
  /** That of everybody for whoever was not let in. */
  readonly account: string;
  /** As people call the account. */
  readonly accountTitle: string;
  readonly isLetIn: boolean;
  /** A name or a public key, and no secret: who it is, or says it is. */
  readonly user: string;
  readonly name: string;
  readonly lang: string;
  readonly version: string;
  readonly rttMs: number;
  /** Further facts of the identity, by the keys they are shown under. */
  readonly details: Readonly<Record<string, unknown>>;
}

const NOTHING = Object.freeze({});
/** A token is a secret: it is never shown. */
const REDACTED = '[REDACTED]';

export function connectionFacts(connection: Connection): ConnectionFacts {
  const { transport, account } = connection;
  const client = isClient(connection) ? connection : null;
  const said = connection.introduction;
  return {
    id: connection.id,
    kindName: connection.kindName,
    kindTitle: said?.kind ?? 'Client',
    clientType: client === null ? '' : typeOf(client),
    host: connection.clientIp,
    port: transport.remote.port,
    startedAt: connection.startedAt,
    account: account.name,
    accountTitle: account.title === '' ? account.name : account.title,
    isLetIn: said?.isLetIn ?? client?.awaitsConnect !== true,
    user: client === null ? (said?.user ?? '') : userOf(client),
    name: client?.options.name ?? said?.name ?? '',
    lang: client?.options.lang ?? '',
    version: client?.options.version ?? said?.version ?? '',
    rttMs: connection.liveness.rtt,
    details: client?.identity?.details ?? NOTHING,
  };
}

/** The connection behind a message; null where the broker itself, or a plugin, published it. */
export function clientBehind(origin: object | null): ClientConnection | null {
  return origin !== null && 'kindName' in origin && isClient(origin as Connection)
    ? (origin as ClientConnection)
    : null;
}

/** The same, or the line to a server that is told of as a client is: whoever is behind it is not told of. */
export function requesterBehind(origin: object | null): Connection | null {
  const client = clientBehind(origin);
  if (client !== null || origin === null || !('introduction' in origin)) return client;
  return (origin as Connection).introduction === null ? null : (origin as Connection);
}

function typeOf({ entrance, transport }: ClientConnection): string {
  return entrance.clientType ?? (transport.kind === 'websocket' ? 'websocket' : 'nats');
}

function userOf({ identity, options }: ClientConnection): string {
  const known = identity?.user ?? '';
  if (known !== '') return known;
  return options.nkey || options.user || (options.auth_token === '' ? '' : REDACTED);
}
