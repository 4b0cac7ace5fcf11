/** What a reload means for those who are logged in: each is asked again, with what it said in its CONNECT. */
import {
  type Broker,
  type ClientConnection,
  CloseReason,
  type Connection,
  GLOBAL_ACCOUNT,
  isClient,
} from '../../kernel/plugin-api.ts';
import type { Gatekeeper } from './gatekeeper.ts';

export class Relogin {
  private readonly broker: Broker;
  private readonly gatekeeper: Gatekeeper;

  constructor(broker: Broker, gatekeeper: Gatekeeper) {
    this.broker = broker;
    this.gatekeeper = gatekeeper;
  }

  /** Whoever has not logged in yet, or is about to, is judged by the new configuration anyway. */
  askEverybody(): void {
    for (const connection of [...this.broker.connections.values()]) {
      if (!isClient(connection) || connection.isClosed || connection.awaitsConnect) continue;
      if (this.hasLeft(connection)) connection.close(CloseReason.clientClosed);
      else void this.ask(connection);
    }
  }

  /** Those concerned, and those about whom somebody may be answering by what held before. */
  askThose(isConcerned: (connection: Connection) => boolean): void {
    for (const connection of [...this.broker.connections.values()]) {
      if (!isClient(connection) || connection.isClosed) continue;
      if (connection.loginUnderWay !== null || (!connection.awaitsConnect && isConcerned(connection))) {
        void this.ask(connection);
      }
    }
  }

  private async ask(client: ClientConnection): Promise<void> {
    const { returning } = this.gatekeeper;
    returning.add(client);
    await client.loginAgain();
    returning.delete(client);
  }

  /** Its user is gone, or is in another account now: it has to come back. */
  private hasLeft({ identity, account }: ClientConnection): boolean {
    const user = identity === null ? undefined : this.gatekeeper.userOf(identity);
    if (user === undefined || user.name === '')
      return !this.gatekeeper.isLoginRequired && account.name !== GLOBAL_ACCOUNT;
    return this.accountNowOf(user.name) !== user.account;
  }

  private accountNowOf(name: string): string | undefined {
    const { current } = this.gatekeeper;
    const isOpen = current.single !== null || !this.gatekeeper.isLoginRequired;
    return isOpen ? GLOBAL_ACCOUNT : current.find(name)?.account;
  }
}
