/** From the first line of a connection to its place among the others: who is there, and whether the two belong together. */
import { CloseReason, quotedText } from '../../kernel/plugin-api.ts';
import { isPacked, selectMode } from '../../protocols/link/compression-mode.ts';
import { connectLine, infoLine } from '../../protocols/link/json-line.ts';
import type { Cluster } from './cluster.ts';
import type { Failure } from './dialing/attempt.ts';
import { connectOf, type InfoWishes, infoOf } from './introduction.ts';
import { readNews } from './news.ts';
import { type PeerInfo, readPeerConnect, readPeerInfo } from './peer-info.ts';
import { Remote } from './remote.ts';
import { RouteConnection } from './route-connection.ts';
import { isSameSecret } from './secret.ts';

/** As the cluster's name it means that there is none. */
const RESERVED_NAME = '_';
/** Places are made for all connections of a pool at once; a peer may not ask for any number of them. */
const PEER_POOL_MAX = 1024;

export class Handshake {
  private readonly cluster: Cluster;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** The first words of this side. */
  begin(connection: RouteConnection): void {
    const { attempt } = connection;
    if (attempt === null) this.sendInfo(connection, { compression: this.cluster.compression.mode });
    else connection.send(connectLine(connectOf(this.cluster, attempt.url)));
  }

  connected(connection: RouteConnection, json: string): void {
    const connect = readPeerConnect(json);
    if (connect === null) {
      connection.fail('malformed');
      return;
    }
    const { config } = this.cluster;
    if (connection.isSolicited) return;
    const isKnown = isSameSecret(connect.user, config.user) && isSameSecret(connect.password, config.password);
    if (this.cluster.requiresLogin && !isKnown) {
      connection.refuse('Authorization Violation', CloseReason.authenticationFailure);
    } else if (connect.lang !== '') {
      connection.refuse('attempted to connect to route port', CloseReason.incorrectPort);
    } else if (connect.gateway !== '') {
      const who = quotedText(connect.gateway);
      connection.refuse(`Rejecting connection from gateway ${who} on the Route port`, CloseReason.incorrectPort);
    } else if (connect.cluster === RESERVED_NAME) {
      const text = `Rejecting connection, cluster name "${RESERVED_NAME}" is reserved`;
      connection.refuse(text, CloseReason.clusterNameConflict);
    } else if (this.agrees(connection, connect.cluster, connect.isDynamic, true)) {
      connection.isIntroduced = true;
      connection.introduced();
    }
  }

  informed(connection: RouteConnection, json: string): void {
    const info = readPeerInfo(json);
    if (info === null) {
      connection.fail('malformed');
    } else if (connection.remote !== null) {
      readNews(this.cluster, connection, info);
    } else if (info.id === '') {
      connection.fail('malformed');
    } else if (info.id === this.cluster.broker.identity.id) {
      this.giveUp(connection, { kind: 'self' }, CloseReason.duplicateRoute);
    } else if (this.agrees(connection, info.cluster, info.isDynamic, false)) {
      this.meet(connection, info);
    }
  }

  private meet(connection: RouteConnection, info: PeerInfo): void {
    const { cluster } = this;
    if (info.name === cluster.broker.name) {
      cluster.complain(connection, `Remote server has a duplicate name: ${quotedText(info.name)}`);
      // The other side is to find it too, and to say so.
      if (connection.isSolicited) this.sendInfo(connection, { compression: 'off' });
      connection.close(CloseReason.duplicateServerName);
      return;
    }
    connection.peer = info;
    if (connection.awaitsPackedInfo) {
      connection.awaitsPackedInfo = false;
      if (connection.isPacking) this.join(connection, info);
      return;
    }
    const mode = selectMode(cluster.compression.mode, info.compression);
    if (mode === null) {
      const text = `unsupported route compression mode ${quotedText(info.compression)}`;
      connection.refuse(text, CloseReason.protocolViolation);
      return;
    }
    connection.compression = mode;
    if (isPacked(mode)) this.pack(connection);
    else this.join(connection, info);
  }

  /** Whoever connected says in clear what it has chosen; after that both sides speak packed, and say who they are again. */
  private pack(connection: RouteConnection): void {
    const { isSolicited, attempt, compression } = connection;
    const mode = compression ?? 'off';
    if (isSolicited) this.sendInfo(connection, { compression: mode, account: attempt?.account ?? '' });
    connection.awaitsPackedInfo = true;
    connection.startPacking(mode, () => this.packed(connection));
  }

  /** What was said in clear is on its way. The other side may have been faster, and said packed who it is. */
  private packed(connection: RouteConnection): void {
    const { isSolicited, compression, awaitsPackedInfo, peer } = connection;
    if (!isSolicited) this.sendInfo(connection, { compression: compression ?? 'off' });
    else if (!awaitsPackedInfo && peer !== null) this.join(connection, peer);
  }

  // --- the place among the others ----------------------------------------------------------------------------------

  private join(connection: RouteConnection, info: PeerInfo): void {
    const account = connection.attempt === null ? info.account : connection.attempt.account;
    const { remotes, sizes } = this.cluster;
    this.dropOutdated(info);
    const remote = remotes.get(info.id) ?? new Remote(info, sizes, connection.transport.remote.host);
    if (!this.mayJoin(connection, info, remote, account)) return;
    connection.dedicatedTo = account;
    connection.namesAccounts = account === '';
    const holder = this.holderOf(connection, remote, info);
    if (holder !== null && !mayReplace(holder, connection, remote, this.cluster.broker.identity.id)) {
      this.giveUp(connection, { kind: 'known', remoteId: remote.id }, CloseReason.duplicateRoute);
      return;
    }
    if (connection.isSolicited) {
      this.sendInfo(connection, {
        compression: connection.compression ?? 'off',
        account,
        poolIndex: account === '' ? connection.poolIndex : 0,
        gossipMode: connection.attempt?.gossipMode ?? 0,
      });
    }
    this.cluster.joined(connection, remote);
    if (holder instanceof RouteConnection) {
      this.giveUp(holder, { kind: 'known', remoteId: remote.id }, CloseReason.duplicateRoute);
    }
  }

  /**
   * A server whose pool has another size now makes all connections anew. Those that stand may not have heard of their end yet, and
   * would keep the number of places as it was.
   */
  private dropOutdated({ id, poolSize }: PeerInfo): void {
    const known = this.cluster.remotes.get(id);
    if (known === undefined || known.peer.poolSize === poolSize) return;
    for (const connection of known.connections) connection.close(CloseReason.routeRemoved);
  }

  /** Refuses what cannot be. */
  private mayJoin(connection: RouteConnection, info: PeerInfo, remote: Remote, account: string): boolean {
    const { own, dedicated } = this.cluster.sizes;
    const isPooled = own > 0 && info.poolSize > 0;
    if (isPooled && info.poolSize > Math.max(own, PEER_POOL_MAX)) {
      const text = `Route pool size ${info.poolSize} is beyond what this server takes - maximum is ${Math.max(own, PEER_POOL_MAX)}`;
      connection.refuse(text, CloseReason.protocolViolation);
      return false;
    }
    if (account !== '' && !isPooled) {
      const what = `Not possible to have a dedicated route for account ${quotedText(account)} between those servers`;
      connection.sendError(what);
      this.giveUp(connection, { kind: 'never', remoteId: info.id }, CloseReason.protocolViolation);
      return false;
    }
    if (account !== '' && !dedicated.has(account) && !remote.invited.has(account)) {
      connection.refuse(`No route for account ${quotedText(account)}`, CloseReason.missingAccount);
      return false;
    }
    if (connection.isSolicited && info.poolIndex > 0) {
      const text = `Route pool index should not be set but is set to ${info.poolIndex}`;
      connection.refuse(text, CloseReason.protocolViolation);
      return false;
    }
    const size = isPooled ? Math.max(own, info.poolSize) : 1;
    if (!connection.isSolicited && (info.poolIndex < 0 || info.poolIndex >= size)) {
      const text = `Invalid route pool index: ${info.poolIndex} - pool size is ${size}`;
      connection.refuse(text, CloseReason.protocolViolation);
      return false;
    }
    return true;
  }

  /** Who has the place now: another connection, `no-place` where there is none at all, or null. */
  private holderOf(connection: RouteConnection, remote: Remote, info: PeerInfo): RouteConnection | 'no-place' | null {
    const { dedicatedTo } = connection;
    if (dedicatedTo !== '') return remote.dedicated.get(dedicatedTo) ?? null;
    connection.poolIndex = connection.isSolicited ? remote.freeIndex : info.poolIndex;
    const { poolIndex } = connection;
    return poolIndex < 0 || poolIndex >= remote.pool.length ? 'no-place' : (remote.pool[poolIndex] ?? null);
  }

  /** Whether both are of the same cluster. Where not, the connection is over; next time this side may call itself otherwise. */
  private agrees(connection: RouteConnection, name: string, isDynamic: boolean, isConnect: boolean): boolean {
    const { cluster } = this;
    if (name === cluster.name) return true;
    if (cluster.isDynamic && (!isDynamic || Buffer.compare(Buffer.from(cluster.name), Buffer.from(name)) < 0)) {
      cluster.rename(name, connection);
      // A name that somebody chose is as good as one that was chosen here: no made-up one takes its place.
      cluster.isDynamic = isDynamic;
      this.giveUp(connection, { kind: 'mismatch' }, CloseReason.clusterNameConflict);
      return false;
    }
    const text = `Rejecting connection, cluster name "${name}" does not match "${cluster.name}"`;
    cluster.complain(connection, text);
    if (isConnect) connection.sendError(text);
    this.giveUp(connection, { kind: 'mismatch' }, CloseReason.clusterNameConflict);
    return false;
  }

  private giveUp(connection: RouteConnection, failure: Failure, reason: CloseReason): void {
    connection.failure = failure;
    connection.close(reason);
  }

  private sendInfo(connection: RouteConnection, wishes: InfoWishes): void {
    connection.send(infoLine(infoOf(this.cluster, wishes)));
  }
}

/** Both sides have dialled at the same time: of two that nobody uses yet, both must keep the same one. */
function mayReplace(
  holder: RouteConnection | 'no-place',
  connection: RouteConnection,
  remote: Remote,
  ownId: string,
): boolean {
  if (holder === 'no-place' || connection.isSolicited) return false;
  return remote.id > ownId && holder.isSolicited && !holder.isConfirmed;
}
