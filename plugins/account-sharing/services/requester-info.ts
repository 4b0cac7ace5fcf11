/** The header field that tells a responder who asks. */
import {
  type Account,
  type ClientInfo,
  type Connection,
  clientInfo,
  connectionFacts,
  isClient,
  nanoseconds,
  wireJson,
} from '../../../kernel/plugin-api.ts';

export const REQUEST_INFO = 'Nats-Request-Info';
export const VERSION = 'NATS/1.0\r\n';

export interface RequesterInfo {
  readonly facts: ClientInfo;
  /** The whole line. */
  readonly line: Buffer;
  /** A header with nothing else in it. */
  readonly header: Buffer;
}

export interface Place {
  readonly server: string;
  /** Empty for none. */
  readonly cluster: string;
}

export interface InfoSettings {
  /** Where requesters are that are clients. */
  readonly place: () => Place;
  readonly importer: Account;
  readonly sharesRequester: boolean;
  /** The system account learns which server asks. */
  readonly tellsServer: boolean;
}

export class RequesterInfos {
  private readonly settings: InfoSettings;
  /** The last requester, as far as it is told. */
  private client: Connection | null = null;
  private roundTrip = -1;
  private last: RequesterInfo | null = null;

  constructor(settings: InfoSettings) {
    this.settings = settings;
  }

  /** `previous` is what the account was told in which the request comes from a service itself. */
  infoFor(client: Connection | null, previous: RequesterInfo | null): RequesterInfo {
    if (previous !== null) return this.passedOn(previous);
    const roundTrip = roundTripOf(client);
    if (this.last !== null && this.client === client && this.roundTrip === roundTrip) return this.last;
    this.client = client;
    this.roundTrip = roundTrip;
    this.last = infoOf(this.told(client));
    return this.last;
  }

  /** Who asks, without the way it has come. */
  told(client: Connection | null): ClientInfo {
    const { importer, place, sharesRequester, tellsServer } = this.settings;
    const account = client?.account ?? importer;
    if (sharesRequester) return fullInfo(client, account, place());
    const facts = briefInfo(client, account);
    return tellsServer ? { ...facts, ...placeOf(place()) } : facts;
  }

  private passedOn({ facts }: RequesterInfo): RequesterInfo {
    const { importer, place, sharesRequester, tellsServer } = this.settings;
    const chained = inChain(facts, importer);
    return infoOf(sharesRequester || tellsServer ? { ...chained, ...placeOf(place()) } : chained);
  }
}

function infoOf(facts: ClientInfo): RequesterInfo {
  // A name may hold any character, a header field no control character: JSON writes those as escapes.
  const line = `${REQUEST_INFO}: ${wireJson(facts)}\r\n`;
  return { facts, line: Buffer.from(line, 'utf8'), header: Buffer.from(`${VERSION}${line}\r\n`, 'utf8') };
}

/** Nanoseconds. */
export function roundTripOf(client: Connection | null): number {
  return client === null ? 0 : nanoseconds(client.liveness.rtt);
}

/** All that whoever does not share itself lets be seen. */
function briefInfo(client: Connection | null, account: Account): ClientInfo {
  return { acc: account.name, rtt: roundTripOf(client) || undefined };
}

export function fullInfo(client: Connection | null, { name }: Account, place: Place): ClientInfo {
  if (client === null) return { acc: name, ...placeOf(place) };
  const facts = connectionFacts(client);
  // Of another server its name says where it is.
  const where = isClient(client) ? place : { server: facts.name || place.server, cluster: '' };
  return clientInfo(facts, { account: name, ...where, tellsRoundTrip: true, tellsAccountTitle: false });
}

function placeOf({ server, cluster }: Place): Pick<ClientInfo, 'server' | 'cluster'> {
  return cluster === '' ? { server } : { server, cluster };
}

/** The same facts on their way through one more account. */
function inChain(facts: ClientInfo, account: Account): ClientInfo {
  const { start, host, id, acc, svc: _before, ...rest } = facts;
  return { start, host, id, acc, svc: account.name, ...rest };
}
