/** Who came, who went, and who was not let in. */
import {
  type Account,
  type ClientConnection,
  CloseReason,
  type Connection,
  isClient,
} from '../../../kernel/plugin-api.ts';
import { eventId, goTime } from '../go-json.ts';
import type { Surroundings } from '../surroundings.ts';
import { clientInfo } from './client-info.ts';

const CONNECT = 'io.nats.server.advisory.v1.client_connect';
const DISCONNECT = 'io.nats.server.advisory.v1.client_disconnect';
/** In the account the failure belongs to. */
const ACCOUNT_AUTH_ERROR = '$SYS.ACCOUNT.CLIENT.AUTH.ERR';
const REFUSALS = new Set<string>([
  CloseReason.authenticationFailure,
  CloseReason.proxyNotTrusted,
  CloseReason.proxyRequired,
]);

export class ConnectionEvents {
  readonly #of: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#of = surroundings;
  }

  connected(connection: Connection): void {
    const { watchers, queue, clock, system } = this.#of;
    if (!isClient(connection)) return;
    const subject = `$SYS.ACCOUNT.${connection.account.name}.CONNECT`;
    if (!watchers.wants(subject)) return;
    const at = clock.now();
    queue.add(() => {
      const head = this.#head(CONNECT, at);
      this.#of.publish(system, subject, { ...head, client: clientInfo(connection, null) });
      return undefined;
    });
  }

  disconnected(connection: Connection, reason: CloseReason): void {
    if (!isClient(connection)) return;
    const { system, clock, broker } = this.#of;
    const at = clock.now();
    if (REFUSALS.has(reason)) {
      this.#tell(system, `$SYS.SERVER.${broker.identity.id}.CLIENT.AUTH.ERR`, connection, reason, at);
      if (connection.account !== system) this.#tell(connection.account, ACCOUNT_AUTH_ERROR, connection, reason, at);
    }
    this.#tell(system, `$SYS.ACCOUNT.${connection.account.name}.DISCONNECT`, connection, reason, at);
  }

  /** A connection that is gone changes no more: what is told of it can be put together later. */
  #tell(account: Account, subject: string, client: ClientConnection, reason: CloseReason, at: number): void {
    const { watchers, queue, system } = this.#of;
    const isWanted = account === system ? watchers.wants(subject) : account.sublist.hasInterest(subject);
    if (!isWanted) return;
    queue.add(() => {
      this.#of.publish(account, subject, {
        ...this.#head(DISCONNECT, at),
        client: clientInfo(client, at),
        sent: { msgs: client.inMessages, bytes: client.inBytes },
        received: { msgs: client.outMessages, bytes: client.outBytes },
        reason,
      });
      return undefined;
    });
  }

  #head(type: string, at: number): object {
    const { random, stamp } = this.#of;
    return { type, id: eventId(random), timestamp: goTime(at), server: stamp.next() };
  }
}
