/**
 * Accounts with a connection of their own at each remote: how the two servers agree on one, and that the pool serves the account
 * where there is none.
 *
 * A server that gives an account its own connection by a reload asks the others first, who then take, or make, that connection
 * whatever their configuration says. Until it stands what is known stays in force. Where it does not come about, or is lost, the
 * account goes on over the pool.
 */
import { CloseReason } from '../../kernel/plugin-api.ts';
import { gossipLine } from '../../protocols/route/frames.ts';
import type { Cluster } from './cluster.ts';
import { accountRequestOf } from './introduction.ts';
import type { PeerInfo } from './peer-info.ts';
import type { Remote } from './remote.ts';
import type { RouteConnection } from './route-connection.ts';

/** Whoever has not answered by then is not waited for. */
const ANSWER_MS = 2000;
/** Where a connection is not there by then the pool serves its account, until it is. */
const CONNECTION_MS = 1000;
const ID_BYTES = 16;

export class OwnLines {
  private readonly cluster: Cluster;
  private readonly awaited = new Map<string, { open: number; done: () => void }>();

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  // --- the agreement -----------------------------------------------------------------------------------------------

  /** Tells all others that the account gets connections of its own. Fulfilled when they know, or when it has taken too long. */
  announce(account: string): Promise<void> {
    const connections = [...this.cluster.remotes.values()].flatMap((remote) => {
      const connection = remote.isSingle ? null : remote.pooledFor(account);
      return connection === null ? [] : [connection];
    });
    if (connections.length === 0) return Promise.resolve();
    const { clock, random } = this.cluster.broker;
    const request = Buffer.from(random.bytes(ID_BYTES)).toString('hex');
    return new Promise((resolve) => {
      const timer = clock.after(ANSWER_MS, () => done());
      const done = (): void => {
        timer.cancel();
        this.awaited.delete(request);
        resolve();
      };
      this.awaited.set(request, { open: connections.length, done });
      const line = gossipLine(accountRequestOf(this.cluster.sizes.own, account, request));
      for (const connection of connections) connection.send(line);
    });
  }

  /** A request of another server, or the answer to one of this server's. */
  answer(connection: RouteConnection, remote: Remote, { account, accountRequest }: PeerInfo): void {
    if (account === '') {
      const awaited = this.awaited.get(accountRequest);
      if (awaited !== undefined && --awaited.open <= 0) awaited.done();
      return;
    }
    connection.send(gossipLine(accountRequestOf(this.cluster.sizes.own, '', accountRequest)));
    if (remote.isSingle) return;
    remote.invited.add(account);
    remote.requested.add(account);
    this.expect(remote);
    this.cluster.dialer.refill(remote);
  }

  /** The configuration has no connection for the account any more. Where the other one's still has, it may make it again. */
  release(remote: Remote, account: string): void {
    const own = remote.dedicated.get(account);
    if (own !== undefined) own.close(CloseReason.routeRemoved);
    else if (!remote.onPool.delete(account)) this.serveByPool(remote, account);
  }

  // --- connections -------------------------------------------------------------------------------------------------

  /** Both sides have taken the connection. */
  settled(connection: RouteConnection, remote: Remote): void {
    const { dedicatedTo: name } = connection;
    if (name === '') {
      for (const account of remote.dedicated.keys()) connection.foreign.depart(account);
      if (remote.missingAccounts.length > 0) this.expect(remote);
      return;
    }
    if (!connection.isSolicited) remote.invited.add(name);
    for (const { foreign } of remote.pooled) foreign.depart(name);
    const { announcer, broker } = this.cluster;
    const wasOnPool = remote.onPool.delete(name);
    const account = broker.accounts.get(name);
    if (account === undefined) return;
    const pooled = remote.pooledFor(name);
    if (pooled !== null && (wasOnPool || !remote.sizes.dedicated.has(name))) announcer.takeBackAll(pooled, account);
    if (wasOnPool) announcer.sendAll(connection, account);
  }

  /** The connection is gone, and others to that server are there. */
  gone(connection: RouteConnection, remote: Remote, reason: CloseReason): void {
    const { dedicatedTo: account } = connection;
    if (account === '' || remote.dedicated.has(account)) return;
    if (reason !== CloseReason.routeRemoved) remote.requested.delete(account);
    for (const { foreign } of remote.pooled) foreign.settle(account);
    // Where the other server is gone altogether, its other connections are about to follow.
    this.cluster.broker.clock.soon(() => this.serveByPool(remote, account));
  }

  /** What is missing after a while is not waited for. */
  expect(remote: Remote): void {
    remote.expecting?.cancel();
    remote.expecting = this.cluster.broker.clock.after(CONNECTION_MS, () => {
      remote.expecting = null;
      for (const account of remote.missingAccounts) this.serveByPool(remote, account);
    });
  }

  private serveByPool(remote: Remote, name: string): void {
    if (remote.isGone || remote.onPool.has(name) || remote.dedicated.has(name)) return;
    if (remote.wantsOwnLine(name)) remote.onPool.add(name);
    const account = this.cluster.broker.accounts.get(name);
    const connection = remote.connectionFor(name);
    if (account !== undefined && connection !== null) this.cluster.announcer.sendAll(connection, account);
  }

  close(): void {
    for (const { done } of [...this.awaited.values()]) done();
  }
}
