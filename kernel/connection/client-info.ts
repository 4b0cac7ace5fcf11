/** A client as events and services are told of it: JSON with the keys in their order, those that say nothing left out. */
import { nanoseconds, wireTime } from '../wire-text.ts';
import type { ConnectionFacts } from './connection-facts.ts';

export interface ClientInfo {
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
  cluster?: string;
  stop?: string;
  jwt?: unknown;
  issuer_key?: unknown;
  name_tag?: unknown;
  tags?: unknown;
  kind?: string;
  client_type?: string;
}

/** What is told beside the facts. */
export interface ClientInfoParts {
  /** Takes the place of the client's own. */
  readonly account?: string;
  readonly server?: string;
  /** That the server belongs to; empty for none. */
  readonly cluster?: string;
  /** When it left, in milliseconds. */
  readonly stoppedAt?: number;
  readonly tellsRoundTrip: boolean;
  /** Services are told no more than the title the identity brings. */
  readonly tellsAccountTitle: boolean;
}

export function clientInfo(facts: ConnectionFacts, parts: ClientInfoParts): ClientInfo {
  const { jwt, issuer_key, name_tag, tags } = facts.details;
  return {
    start: wireTime(facts.startedAt),
    host: unlessEmpty(facts.host),
    id: facts.id,
    acc: parts.account ?? facts.account,
    user: unlessEmpty(facts.user),
    name: unlessEmpty(facts.name),
    lang: unlessEmpty(facts.lang),
    ver: unlessEmpty(facts.version),
    rtt: parts.tellsRoundTrip ? nanoseconds(facts.rttMs) || undefined : undefined,
    server: parts.server,
    cluster: unlessEmpty(parts.cluster ?? ''),
    stop: parts.stoppedAt === undefined ? undefined : wireTime(parts.stoppedAt),
    jwt,
    issuer_key,
    name_tag: name_tag ?? (parts.tellsAccountTitle ? facts.accountTitle : undefined),
    tags,
    kind: facts.kindTitle,
    client_type: unlessEmpty(facts.clientType),
  };
}

function unlessEmpty(text: string): string | undefined {
  return text === '' ? undefined : text;
}
