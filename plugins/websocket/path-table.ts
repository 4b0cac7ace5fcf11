/** Which plugin serves which paths. Only how a path ends matters; what nobody claims is for NATS clients. */
import type { PathClaim, WebSocketPaths } from './contract.ts';

/** Refused while nobody claims it: an MQTT client could make nothing of what a NATS server says. */
export const MQTT_SUFFIX = '/mqtt';
/** Let in while nobody claims it, and then sent away: so do NATS servers. */
export const LEAF_SUFFIX = '/leafnode';

export class PathTable implements WebSocketPaths {
  private claims: readonly PathClaim[] = [];

  claim(claim: PathClaim): () => void {
    const { suffix } = claim;
    if (!suffix.startsWith('/') || suffix.length < 2) throw new Error(`"${suffix}" is no path that could be claimed`);
    if (this.claims.some((other) => other.suffix === suffix)) {
      throw new Error(`the path "${suffix}" is claimed by two plugins`);
    }
    this.claims = [...this.claims, claim];
    return () => {
      this.claims = this.claims.filter((other) => other !== claim);
    };
  }

  find(path: string): PathClaim | null {
    return this.claims.find(({ suffix }) => path.endsWith(suffix)) ?? null;
  }

  /** By the subprotocols a client offers. */
  findByProtocol(offered: readonly string[]): PathClaim | null {
    return this.claims.find(({ subprotocols = [] }) => offered.some((name) => subprotocols.includes(name))) ?? null;
  }
}
