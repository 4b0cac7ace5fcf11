/** The way messages go to the other side of one connection, as routing sees it. */
import {
  FROM_PEER,
  LINK_SINK,
  type Link,
  type LinkManner,
  type LinkTracing,
  type Message,
  type Subscription,
  writeMessage,
} from '../../kernel/plugin-api.ts';
import { HEADER_HEAD, PLAIN_HEAD } from '../../protocols/leaf/frames.ts';
import type { Origin } from './interest/ledger.ts';
import type { LeafConnection } from './leaf-connection.ts';
import { withAccountOfHub } from './requester.ts';

/** How traces number lines of this kind. */
const LEAF_KIND = 4;
const WITH_HEADERS: LinkManner = { plainHead: PLAIN_HEAD, headerHead: HEADER_HEAD, tellsHeaderLength: false };
const WITHOUT_HEADERS: LinkManner = { plainHead: PLAIN_HEAD, headerHead: null, tellsHeaderLength: false };

export class LeafLink implements Link {
  readonly kind = LINK_SINK;
  readonly originBit: number;
  readonly refusesOrigins: number;
  readonly isFallback = true;
  readonly connection: LeafConnection;
  readonly remoteCluster: string;
  readonly origin: Origin;
  readonly tracing: LinkTracing;
  private readonly manner: LinkManner;

  /** `takesFromServers`: what other servers of the cluster sent may go out. */
  constructor(connection: LeafConnection, takesFromServers: boolean) {
    const { peer, isHub, origin } = connection;
    this.connection = connection;
    this.originBit = connection.originBit;
    this.refusesOrigins = takesFromServers ? 0 : FROM_PEER;
    this.remoteCluster = peer.cluster;
    this.origin = { source: isHub ? 'hub' : 'leaf', name: origin };
    this.tracing = tracingOf(connection);
    this.manner = peer.takesHeaders ? WITH_HEADERS : WITHOUT_HEADERS;
  }

  deliver(message: Message, plain: readonly Subscription[], chosen: readonly Subscription[]): boolean {
    const { connection } = this;
    if (connection.isClosed) return false;
    const { border } = connection;
    const { subjectBytes, subjectStart, subjectEnd } = message;
    if (!border.lets(subjectBytes, subjectStart, subjectEnd)) return false;
    const members = border.served(message, chosen);
    if (members.length + plain.length === 0) return false;
    if (message.hasReply) connection.replies?.grant(message.reply);
    const { accountsOfHub } = connection.leafs;
    if (accountsOfHub === null || message.headerLength === 0 || !connection.isHub) {
      return writeMessage(connection, this.manner, message, members);
    }
    return writeMessage(connection, this.manner, withAccountOfHub(message, accountsOfHub), members);
  }
}

export function tracingOf({ peer, id }: LeafConnection): LinkTracing {
  return { kind: LEAF_KIND, id, name: peer.name, isUnderstood: peer.protocol >= 3 };
}
