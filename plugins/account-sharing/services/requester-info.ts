/** The header field that tells a responder who asks. */
import type { Account, Broker, ClientConnection } from '../../../kernel/plugin-api.ts';
import { briefFacts, type ConnectionFacts, fullFacts, inChain, roundTripOf } from './connection-facts.ts';

export const REQUEST_INFO = 'Nats-Request-Info';
export const VERSION = 'NATS/1.0\r\n';

export interface RequesterInfo {
  readonly facts: ConnectionFacts;
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
    this.last = infoOf(this.factsOf(client));
    return this.last;
  }

  /** Who asks, without the way it has come. */
  factsOf(client: ClientConnection | null): ConnectionFacts {
    const { broker, importer, sharesRequester, tellsServer } = this.settings;
    const account = client?.account ?? importer;
    if (sharesRequester) return fullFacts(client, account, broker);
    const facts = briefFacts(client, account);
    return tellsServer ? { ...facts, server: broker.name } : facts;
  }

  private passedOn({ facts }: RequesterInfo): RequesterInfo {
    const { broker, importer, sharesRequester, tellsServer } = this.settings;
    const chained = inChain(facts, importer);
    return infoOf(sharesRequester || tellsServer ? { ...chained, server: broker.name } : chained);
  }
}

function infoOf(facts: ConnectionFacts): RequesterInfo {
  // A name may hold any character, a header field no control character: JSON writes those as escapes.
  const line = `${REQUEST_INFO}: ${JSON.stringify(facts)}\r\n`;
  return { facts, line: Buffer.from(line, 'utf8'), header: Buffer.from(`${VERSION}${line}\r\n`, 'utf8') };
}
