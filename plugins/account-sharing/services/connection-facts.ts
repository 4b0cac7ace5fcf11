/** What a service learns of those who ask it, and a measurement of those who took part: the keys in their order. */
import {
  type Account,
  type Broker,
  type ClientConnection,
  type Connection,
  isClient,
} from '../../../kernel/plugin-api.ts';

export interface ConnectionFacts {
  start?: string;
  host?: string;
  id?: number;
  acc?: string;
  /** The account a chain of services goes through last. */
  svc?: string;
  user?: string;
  name?: string;
  lang?: string;
  ver?: string;
  rtt?: number;
  server?: string;
  jwt?: unknown;
  issuer_key?: unknown;
  name_tag?: unknown;
  tags?: unknown;
  kind?: string;
  client_type?: string;
}

const NANOSECONDS = 1e6;

/** The connection behind a message; null where the broker itself, or a plugin, published it. */
export function clientOf(origin: object | null): ClientConnection | null {
  return origin !== null && 'kindName' in origin && isClient(origin as Connection)
    ? (origin as ClientConnection)
    : null;
}

/** Nanoseconds. */
export function roundTripOf(client: ClientConnection | null): number {
  return client === null ? 0 : Math.round(client.liveness.rtt * NANOSECONDS);
}

/** All that whoever does not share itself lets be seen. */
export function briefFacts(client: ClientConnection | null, account: Account): ConnectionFacts {
  return { acc: account.name, rtt: unlessZero(roundTripOf(client)) };
}

export function fullFacts(client: ClientConnection | null, account: Account, broker: Broker): ConnectionFacts {
  if (client === null) return { acc: account.name, server: broker.name };
  const { options, identity } = client;
  const { jwt, issuer_key, name_tag, tags } = identity?.details ?? {};
  return {
    start: timeText(client.startedAt),
    host: unlessEmpty(client.clientIp),
    id: client.id,
    acc: account.name,
    user: unlessEmpty(identity?.user ?? ''),
    name: unlessEmpty(options.name),
    lang: unlessEmpty(options.lang),
    ver: unlessEmpty(options.version),
    rtt: unlessZero(roundTripOf(client)),
    server: broker.name,
    jwt,
    issuer_key,
    name_tag,
    tags,
    kind: 'Client',
    client_type: client.transport.kind === 'websocket' ? 'websocket' : 'nats',
  };
}

/** The same facts on their way through one more account. */
export function inChain(facts: ConnectionFacts, account: Account): ConnectionFacts {
  const { start, host, id, acc, svc: _before, ...rest } = facts;
  return { start, host, id, acc, svc: account.name, ...rest };
}

/** RFC 3339, without zeros at the end of the fraction. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.?0*Z$/, 'Z');
}

function unlessEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function unlessZero(count: number): number | undefined {
  return count === 0 ? undefined : count;
}
