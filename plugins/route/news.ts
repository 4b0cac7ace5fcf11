/** What another server says of itself, or of others, after the handshake. */
import { CloseReason } from '../../kernel/plugin-api.ts';
import type { Cluster } from './cluster.ts';
import type { PeerInfo } from './peer-info.ts';
import { urlOfPeer } from './peer-url.ts';
import type { RouteConnection } from './route-connection.ts';

export function readNews(cluster: Cluster, connection: RouteConnection, info: PeerInfo): void {
  const { remote } = connection;
  if (remote === null) return;
  if (info.accountRequest !== '') cluster.ownLines.answer(connection, remote, info);
  else if (info.id === '' || info.id === cluster.broker.identity.id) return;
  else if (info.gateway !== '') return;
  else if (info.cluster !== cluster.name) connection.close(CloseReason.clusterNameConflict);
  else if (info.id !== remote.id) hearOf(cluster, connection, info);
  else update(cluster, connection, info);
}

/** Another server has come to the cluster, or has been there all the time. */
function hearOf(cluster: Cluster, connection: RouteConnection, info: PeerInfo): void {
  const known = cluster.remotes.get(info.id);
  const isPooled = cluster.sizes.own > 0;
  if (info.account === '' ? known !== undefined : !isPooled || known?.dedicated.has(info.account) === true) return;
  // Its connections for single accounts come with the others.
  if (info.account !== '') return;
  const url = urlOfPeer(cluster, info);
  if (url === null || cluster.dialer.isConfigured(url)) return;
  connection.log.debug(`there is another server at ${url.host}:${url.port}`);
  cluster.dialer.connectTo(info.id, url, info.gossipMode);
}

function update(cluster: Cluster, connection: RouteConnection, info: PeerInfo): void {
  const { remote, peer } = connection;
  if (remote === null || peer === null) return;
  const isChanged = JSON.stringify([peer.imports, peer.exports]) !== JSON.stringify([info.imports, info.exports]);
  if (isChanged) {
    for (const other of remote.connections) {
      if (other.peer !== null) other.peer = { ...other.peer, imports: info.imports, exports: info.exports };
      cluster.announcer.sendAll(other);
    }
  }
  remote.said = info.whole;
  cluster.notes.changed();
  if (info.isLameDuck && !remote.isLameDuck) {
    remote.isLameDuck = true;
    cluster.clientUrlsChanged();
  }
}
