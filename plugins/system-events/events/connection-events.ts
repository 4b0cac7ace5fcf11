/** Who came, who went, and who was not let in. */
import {
  type Account,
  type ClientInfo,
  CloseReason,
  type Connection,
  clientInfo,
  connectionFacts,
  isClient,
  randomName,
  wireTime,
} from '../../../kernel/plugin-api.ts';
import type { Surroundings } from '../surroundings.ts';

const CONNECT = 'io.nats.server.advisory.v1.client_connect';
const DISCONNECT = 'io.nats.server.advisory.v1.client_disconnect';
/** In the account the failure belongs to. */
const ACCOUNT_AUTH_ERROR = '$SYS.ACCOUNT.CLIENT.AUTH.ERR';
const REFUSALS = new Set<string>([
  CloseReason.authenticationFailure,
  CloseReason.proxyNotTrusted,
  CloseReason.proxyRequired,
]);

/** Those who were not let in have none. */
const NO_ACCOUNT = 'N/A';

/** One connection that is gone, as it is told in one place. */
interface Told {
  readonly subject: string;
  readonly client: Connection;
  readonly reason: string;
  readonly at: number;
  /** As whose it is told, where not as that of its own account. */
  readonly account?: string;
}

export class ConnectionEvents {
  readonly #of: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#of = surroundings;
  }

  connected(connection: Connection): void {
    const { watchers, queue, clock, system } = this.#of;
    if (!isToldOf(connection)) return;
    const subject = `$SYS.ACCOUNT.${connection.account.name}.CONNECT`;
    if (!watchers.wants(subject)) return;
    const at = clock.now();
    queue.add(() => {
      const head = this.#head(CONNECT, at);
      this.#of.publish(system, subject, { ...head, client: infoOf(connection, null) });
      return undefined;
    });
  }

  disconnected(connection: Connection, reason: CloseReason): void {
    if (!isToldOf(connection)) return;
    const { system, clock, broker } = this.#of;
    const at = clock.now();
    const { name } = connection.account;
    const isStranger = connection.introduction?.isLetIn === false;
    if (REFUSALS.has(reason)) {
      const told = { subject: `$SYS.SERVER.${broker.identity.id}.CLIENT.AUTH.ERR`, client: connection, reason, at };
      this.#tell(system, isStranger ? { ...told, account: NO_ACCOUNT } : told);
      this.#tellConcerned(connection, reason, at);
    }
    if (isStranger) return;
    this.#tell(system, { subject: `$SYS.ACCOUNT.${name}.DISCONNECT`, client: connection, reason, at });
  }

  /** Whose failure it is hears of it in its own account. Whoever said nothing of itself is nobody's. */
  #tellConcerned(client: Connection, reason: CloseReason, at: number): void {
    const { system, broker } = this.#of;
    if (!isClient(client)) return;
    const { concern } = client;
    const account = concern === null ? client.account : broker.accounts.get(concern.account);
    if (account === undefined || account === system || !client.isConnectReceived) return;
    const told = { subject: ACCOUNT_AUTH_ERROR, client, reason: concern?.text || reason, at };
    this.#tell(account, concern === null ? told : { ...told, account: account.name });
  }

  /** A connection that is gone changes no more: what is told of it can be put together later. */
  #tell(place: Account, told: Told): void {
    const { watchers, queue, system } = this.#of;
    const { subject, client, reason, at } = told;
    const isWanted = place === system ? watchers.wants(subject) : place.sublist.hasInterest(subject);
    if (!isWanted) return;
    queue.add(() => {
      this.#of.publish(place, subject, {
        ...this.#head(DISCONNECT, at),
        client: infoOf(client, at, told.account),
        sent: { msgs: client.inMessages, bytes: client.inBytes },
        received: { msgs: client.outMessages, bytes: client.outBytes },
        reason,
      });
      return undefined;
    });
  }

  #head(type: string, at: number): object {
    const { random, stamp } = this.#of;
    return { type, id: randomName(random), timestamp: wireTime(at), server: stamp.next() };
  }
}

function isToldOf(connection: Connection): boolean {
  return isClient(connection) || connection.introduction !== null;
}

/** How far away a client is is told once it is gone. */
function infoOf(client: Connection, stoppedAt: number | null, account?: string): ClientInfo {
  const facts = connectionFacts(client);
  const hasTitle = account !== NO_ACCOUNT;
  if (stoppedAt === null) return clientInfo(facts, { account, tellsRoundTrip: false, tellsAccountTitle: true });
  return clientInfo(facts, { account, stoppedAt, tellsRoundTrip: true, tellsAccountTitle: hasTitle });
}
