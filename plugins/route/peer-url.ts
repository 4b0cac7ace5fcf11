/** How to reach a server that is known by what is said of it. */
import type { Cluster } from './cluster.ts';
import type { PeerInfo } from './peer-info.ts';
import { addressOf, parseRouteUrl, type RouteUrl } from './route-url.ts';

/** `seenAt` is the host it was seen at, which counts where it says nothing; null where neither leads anywhere. */
export function urlOfPeer(
  { config }: Cluster,
  { ip, host, port, isAuthRequired }: PeerInfo,
  seenAt = host,
): RouteUrl | null {
  const isKnown = ip !== '' || (seenAt !== '' && port !== 0);
  const url = isKnown ? parseRouteUrl(ip === '' ? addressOf({ host: seenAt, port }) : ip) : null;
  if (url === null) return null;
  return { ...url, user: isAuthRequired ? config.user : '', password: isAuthRequired ? config.password : '' };
}
