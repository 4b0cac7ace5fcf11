/** Where a hub is reached: one address after the other is tried, those it told of itself before those of the configuration. */
import type { Random } from '../../../kernel/plugin-api.ts';
import { haveSameAddress, isWebSocket, parseRemoteUrl, type RemoteUrl } from '../config/remote-url.ts';

export class UrlList {
  private readonly configured: readonly RemoteUrl[];
  private urls: RemoteUrl[];

  constructor(configured: readonly RemoteUrl[], shuffles: boolean, random: Random) {
    this.configured = shuffles ? shuffled(configured, random) : configured;
    this.urls = [...this.configured];
  }

  /** The next one to try; it goes to the end. Undefined where there is none. */
  next(): RemoteUrl | undefined {
    const url = this.urls.shift();
    if (url !== undefined) this.urls.push(url);
    return url;
  }

  /** The hub says where else it, and the servers it is with, can be found. */
  learn(addresses: readonly string[]): void {
    const [first] = this.configured;
    if (first === undefined) return;
    const login = this.configured.find(({ user }) => user !== '') ?? first;
    const told = addresses.flatMap((address): RemoteUrl[] => {
      const url = parseRemoteUrl(`${first.scheme}://${address}`);
      const isKnown = url === null || this.configured.some((known) => haveSameAddress(known, url));
      return isKnown ? [] : [{ ...url, prefix: first.prefix, user: login.user, password: login.password }];
    });
    this.urls = [...told, ...this.configured];
  }

  /** Whom an address stands for: the first that was named by more than its number. */
  get hostName(): string | undefined {
    return this.configured.find(({ host }) => !isAddress(host))?.host;
  }

  get usesWebSocket(): boolean {
    return this.configured.some(isWebSocket);
  }
}

export function isAddress(host: string): boolean {
  return /^[\d.]+$|:/.test(host);
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [result[at], result[other]] = [result[other]!, result[at]!];
  }
  return result;
}
