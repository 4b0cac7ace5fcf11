/** The header field that tells a responder who asks. */
import {
  type Account,
  type Broker,
  type ClientConnection,
  type ClientInfo,
  clientInfo,
  connectionFacts,
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

export interface InfoSettings {
  readonly broker: Broker;
  readonly importer: Account;
  readonly sharesRequester: boolean;
  /** The system account learns which server asks. */
  readonly tellsServer: boolean;
}

export class RequesterInfos {
  private readonly settings: InfoSettings;
  /** The last requester, as far as it is told. */
  private client: ClientConnection | null = null;
  private roundTrip = -1;
  private last: RequesterInfo | null = null;

  constructor(settings: InfoSettings) {
    this.settings = settings;
  }

  /** `previous` is what the account was told in which the request comes from a service itself. */
  infoFor(client: ClientConnection | null, previous: RequesterInfo | null): RequesterInfo {
    if (previous !== null) return this.passedOn(previous);
    const roundTrip = roundTripOf(client);
    if (this.last !== null && this.client === client && this.roundTrip === roundTrip) return this.last;
    this.client = client;
    this.roundTrip = roundTrip;
    this.last = infoOf(this.told(client));
    return this.last;
  }

  /** Who asks, without the way it has come. */
  told(client: ClientConnection | null): ClientInfo {
    const { broker, importer, sharesRequester, tellsServer } = this.settings;
    const account = client?.account ?? importer;
    if (sharesRequester) return fullInfo(client, account, broker);
    const facts = briefInfo(client, account);
    return tellsServer ? { ...facts, server: broker.name } : facts;
  }

  private passedOn({ facts }: RequesterInfo): RequesterInfo {
    const { broker, importer, sharesRequester, tellsServer } = this.settings;
    const chained = inChain(facts, importer);
    return infoOf(sharesRequester || tellsServer ? { ...chained, server: broker.name } : chained);
  }
}

function infoOf(facts: ClientInfo): RequesterInfo {
  // A name may hold any character, a header field no control character: JSON writes those as escapes.
  const line = `${REQUEST_INFO}: ${wireJson(facts)}\r\n`;
  return { facts, line: Buffer.from(line, 'utf8'), header: Buffer.from(`${VERSION}${line}\r\n`, 'utf8') };
}

/** Nanoseconds. */
export function roundTripOf(client: ClientConnection | null): number {
  return client === null ? 0 : nanoseconds(client.liveness.rtt);
}

/** All that whoever does not share itself lets be seen. */
function briefInfo(client: ClientConnection | null, account: Account): ClientInfo {
  return { acc: account.name, rtt: roundTripOf(client) || undefined };
}

export function fullInfo(client: ClientConnection | null, { name }: Account, broker: Broker): ClientInfo {
  if (client === null) return { acc: name, server: broker.name };
  const parts = { account: name, server: broker.name, tellsRoundTrip: true, tellsAccountTitle: false };
  return clientInfo(connectionFacts(client), parts);
}

/** The same facts on their way through one more account. */
function inChain(facts: ClientInfo, account: Account): ClientInfo {
  const { start, host, id, acc, svc: _before, ...rest } = facts;
  return { start, host, id, acc, svc: account.name, ...rest };
}
