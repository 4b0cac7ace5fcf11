/** A subject space of its own: what happens in one account is invisible in every other. */
import type { TraceDestination } from '../config/trace-destination.ts';
import type { Connection } from '../connection/connection.ts';
import type { LinkConnection } from '../connection/link-connection.ts';
import { Sublist } from '../routing/sublist.ts';
import type { AccountMappings } from './mappings.ts';

export interface AccountLimits {
  /** Negative for no limit. */
  maxConnections: number;
  /** For each connection. */
  maxSubscriptions: number;
  maxPayload: number;
  /** Connections to other servers that are for this account alone; absent or negative for no limit. */
  maxLinks?: number;
}

export const NO_LIMITS: AccountLimits = { maxConnections: -1, maxSubscriptions: -1, maxPayload: -1 };

export interface Traffic {
  inMessages: number;
  outMessages: number;
  inBytes: number;
  outBytes: number;
}

export function noTraffic(): Traffic {
  return { inMessages: 0, outMessages: 0, inBytes: 0, outBytes: 0 };
}

export function addTraffic(sum: Traffic, part: Traffic): void {
  sum.inMessages += part.inMessages;
  sum.outMessages += part.outMessages;
  sum.inBytes += part.inBytes;
  sum.outBytes += part.outBytes;
}

function sumOf(past: Traffic, lines: Iterable<Traffic>): Traffic {
  const sum = { ...past };
  for (const line of lines) addTraffic(sum, line);
  return sum;
}

export class Account {
  readonly name: string;
  readonly sublist = new Sublist();
  readonly connections = new Set<Connection>();
  /** Lines to other servers that are for this account alone. Each takes a place, and none is refused for want of one. */
  readonly links = new Set<LinkConnection>();
  isSystem: boolean;
  /** What people call it, where the name is a key; empty where the name says it. */
  title = '';
  limits: AccountLimits = NO_LIMITS;
  /** Null when the account has none. */
  mappings: AccountMappings | null = null;
  /** Where messages that carry a foreign trace are reported; null when they are not. */
  trace: TraceDestination | null = null;
  slowConsumers = 0;
  /** How many places connections to other servers take, as these say. */
  remoteConnections = 0;
  /** How many such lines as `links` has other servers have. */
  remoteLinks = 0;
  /** Connections ever bound to it. */
  totalConnections = 0;
  /** Of connections that are gone. */
  private readonly past = noTraffic();
  private readonly pastOfLinks = noTraffic();

  constructor(name: string, isSystem: boolean) {
    this.name = name;
    this.isSystem = isSystem;
  }

  /** Whether others have taken all the places there are. */
  isFullFor(connection: Connection): boolean {
    const { maxConnections } = this.limits;
    const others = this.connections.size + this.links.size - (this.connections.has(connection) ? 1 : 0);
    return maxConnections >= 0 && others + this.remoteConnections >= maxConnections;
  }

  setMappings(mappings: AccountMappings | null): void {
    this.mappings = mappings;
    // Whoever remembers where a subject leads has to look again.
    this.sublist.generation++;
  }

  add(connection: Connection): void {
    this.connections.add(connection);
    this.totalConnections++;
  }

  remove(connection: Connection): void {
    if (this.connections.delete(connection)) addTraffic(this.past, connection);
    else if (this.links.delete(connection as LinkConnection)) addTraffic(this.pastOfLinks, connection);
  }

  /** Summed when somebody asks: the message path counts per connection only. */
  traffic(): Traffic {
    return sumOf(this.past, this.connections);
  }

  /** Of the lines for this account alone, which is no part of the other. */
  linkTraffic(): Traffic {
    return sumOf(this.pastOfLinks, this.links);
  }
}
