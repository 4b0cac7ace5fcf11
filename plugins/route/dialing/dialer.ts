/**
 * Connects to other servers: to those the configuration names for ever, to those that others told of a few times, and to those
 * that are there until all connections stand that belong between the two.
 */
import type { Random, Transport } from '../../../kernel/plugin-api.ts';
import type { Cluster } from '../cluster.ts';
import { urlOfPeer } from '../peer-url.ts';
import type { Remote, Solicitation } from '../remote.ts';
import { haveSameAddress, isSameUrl, type RouteUrl } from '../route-url.ts';
import type { Attempt } from './attempt.ts';
import { Target } from './target.ts';

const RETRY_MS = 1000;
const JITTER_MS = 100;
const LONGEST_MS = 30_000;
/** Where the other side is to make what is missing, it has so long before this side does. */
const THEIR_TURN_MS = 2000;

export class Dialer {
  private readonly cluster: Cluster;
  private configured: Target[] = [];
  /** By the id of the server that others told of. */
  private readonly told = new Map<string, Target>();
  /** What is being completed: server and place. */
  private readonly filling = new Set<string>();
  /** Connections for single accounts that a server does not take. */
  private readonly refused = new Set<string>();
  private isClosed = false;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** The URLs that are configured now: new ones are dialled, old ones no more. Answers those that are gone. */
  configure(urls: readonly RouteUrl[]): RouteUrl[] {
    const kept = this.configured.filter(({ url }) => urls.some((other) => isSameUrl(url, other)));
    const gone = this.configured.filter((target) => !kept.includes(target));
    for (const target of gone) target.stop();
    const added = urls.filter((url) => !kept.some((target) => isSameUrl(target.url, url)));
    this.configured = [...kept, ...added.map((url) => this.newTarget(url, true, Number.POSITIVE_INFINITY, 0))];
    for (const target of this.configured) if (!kept.includes(target)) target.start();
    return gone.map(({ url }) => url);
  }

  isConfigured(url: RouteUrl): boolean {
    return this.configured.some((target) => haveSameAddress(target.url, url));
  }

  get urls(): readonly RouteUrl[] {
    return this.configured.map(({ url }) => url);
  }

  /** Others told of a server. */
  connectTo(id: string, url: RouteUrl, gossipMode: number): void {
    if (this.isClosed || this.told.has(id)) return;
    const target = this.newTarget(url, false, this.cluster.config.connectRetries + 1, gossipMode);
    this.told.set(id, target);
    target.onGivenUp = () => this.told.delete(id);
    target.start();
  }

  /** The last connection to it is gone. */
  lost(remote: Remote): void {
    const { id, solicitation } = remote;
    remote.refilling?.cancel();
    remote.refilling = null;
    if (this.isClosed) return;
    this.told.get(id)?.stop();
    this.told.delete(id);
    for (const name of [...this.refused]) if (name.startsWith(id)) this.refused.delete(name);
    let isConfigured = false;
    for (const target of this.configured) {
      if (target.remoteId !== id) continue;
      isConfigured = true;
      target.again(remote.isRenewed ? 0 : RETRY_MS);
    }
    const url = remote.isRenewed
      ? (solicitation?.url ?? urlOfPeer(this.cluster, remote.peer, remote.seenAt))
      : implicitUrl(solicitation);
    if (isConfigured || url === null) return;
    const retries = this.newTarget(url, false, this.cluster.config.connectRetries + 1, 0);
    this.told.set(id, retries);
    retries.onGivenUp = () => this.told.delete(id);
    retries.again(0);
  }

  /** Makes the next connection of the pool, and those for single accounts. Where both sides connect, one of them sees to it. */
  complete(remote: Remote): void {
    if (remote.solicitation === null || !remote.isIncomplete) return;
    if (remote.isAcceptedToo && this.cluster.broker.identity.id < remote.id) this.refill(remote);
    else this.fill(remote);
  }

  /**
   * A connection is gone while others stand, or the other side may be about to make it. Where that happens again and again it
   * is left alone for longer and longer.
   */
  refill(remote: Remote): void {
    if (this.isClosed || remote.refilling !== null) return;
    const { clock, random, identity } = this.cluster.broker;
    const isTheirs = remote.isAcceptedToo && identity.id < remote.id;
    const delay = Math.min(JITTER_MS * 2 ** Math.min(remote.losses++, 10), LONGEST_MS) + (isTheirs ? THEIR_TURN_MS : 0);
    remote.refilling = clock.after(delay * (0.5 + random.fraction()), () => {
      remote.refilling = null;
      this.fill(remote);
    });
  }

  private fill(remote: Remote): void {
    const { solicitation } = remote;
    if (solicitation === null || this.isClosed || this.cluster.remotes.get(remote.id) !== remote) return;
    if (remote.freeIndex >= 0) this.fillPlace(remote, solicitation, '');
    for (const account of remote.missingAccounts) this.fillPlace(remote, solicitation, account);
  }

  close(): void {
    this.isClosed = true;
    for (const target of [...this.configured, ...this.told.values()]) target.stop();
    this.configured = [];
    this.told.clear();
    this.filling.clear();
  }

  private fillPlace(remote: Remote, { url, isExplicit, gossipMode }: Solicitation, account: string): void {
    const place = `${remote.id} ${account}`;
    if (this.filling.has(place) || this.refused.has(place)) return;
    this.filling.add(place);
    this.dial({
      url,
      isExplicit,
      account,
      gossipMode,
      succeeded: () => void this.filling.delete(place),
      failed: ({ kind }) => {
        this.filling.delete(place);
        if (kind === 'never') this.refused.add(place);
        else this.refill(remote);
      },
    });
  }

  private newTarget(url: RouteUrl, isExplicit: boolean, tries: number, gossipMode: number): Target {
    const { cluster } = this;
    const { clock, random } = cluster.broker;
    return new Target({
      url,
      isExplicit,
      tries,
      gossipMode,
      clock,
      delayMs: (attempts) => this.delayFor(attempts) + jitter(random),
      dial: (attempt) => this.dial(attempt),
      complain: (text, what) => cluster.complainAbout(url, text, what),
      isThere: (id) => cluster.remotes.has(id),
    });
  }

  private delayFor(attempts: number): number {
    if (!this.cluster.config.backsOff) return RETRY_MS;
    return Math.min(RETRY_MS * 2 ** Math.min(attempts - 1, 10), LONGEST_MS);
  }

  private dial(attempt: Attempt): void {
    this.cluster.open(attempt.url).then(
      (transport: Transport) => this.cluster.serve(transport, attempt),
      (error: Error) => attempt.failed({ kind: 'lost', error }),
    );
  }
}

/** Where others told of the server, this side tries for a while to find it again. */
function implicitUrl(solicitation: Solicitation | null): RouteUrl | null {
  return solicitation === null || solicitation.isExplicit ? null : solicitation.url;
}

function jitter(random: Random): number {
  return random.fraction() * JITTER_MS;
}
