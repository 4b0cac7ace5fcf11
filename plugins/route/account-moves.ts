/** Accounts on their way from the pool to connections of their own, while servers are told one after the other. */
import { gossipLine } from '../../protocols/route/frames.ts';
import type { Cluster } from './cluster.ts';
import { accountRequestOf } from './introduction.ts';
import type { PeerInfo } from './peer-info.ts';
import type { RouteConnection } from './route-connection.ts';

/** Whoever has not answered by then is not waited for. */
const PATIENCE_MS = 2000;
const ID_BYTES = 16;

export class AccountMoves {
  private readonly cluster: Cluster;
  private readonly awaited = new Map<string, { open: number; done: () => void }>();

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** Fulfilled when all servers know, or when it has taken too long. */
  announce(account: string, connections: readonly RouteConnection[]): Promise<void> {
    if (connections.length === 0) return Promise.resolve();
    const { clock, random } = this.cluster.broker;
    const request = Buffer.from(random.bytes(ID_BYTES)).toString('hex');
    return new Promise((resolve) => {
      const timer = clock.after(PATIENCE_MS, () => done());
      const done = (): void => {
        timer.cancel();
        this.awaited.delete(request);
        resolve();
      };
      this.awaited.set(request, { open: connections.length, done });
      const line = gossipLine(accountRequestOf(this.cluster.sizes.own, account, request));
      for (const connection of connections) {
        connection.foreign.move(account);
        connection.send(line);
      }
    });
  }

  /** A request of another server, or the answer to one of this server's. */
  answer(connection: RouteConnection, { account, accountRequest }: PeerInfo): void {
    if (account === '') {
      const awaited = this.awaited.get(accountRequest);
      if (awaited !== undefined && --awaited.open <= 0) awaited.done();
      return;
    }
    connection.foreign.move(account);
    connection.send(gossipLine(accountRequestOf(this.cluster.sizes.own, '', accountRequest)));
  }

  close(): void {
    for (const { done } of [...this.awaited.values()]) done();
  }
}
