/** Streams on both sides keep apart: each side's requests to its own stay with it. */
import type { Peer } from './peer.ts';

const REQUESTS = ['$JS.API.>', '$KV.>', '$OBJ.>'];
const CONSENSUS = ['$JSC.>', '$NRG.>'];

export interface Sides {
  readonly isSystem: boolean;
  /** Streams of both are one realm. */
  readonly isSameDomain: boolean;
  readonly ownDomain: string;
  readonly peer: Peer;
}

/** What no message of this connection may be called, whichever way it goes. */
export function barredSubjects({ isSystem, isSameDomain, ownDomain }: Sides): readonly string[] {
  if (isSystem && isSameDomain) return [];
  const own = ownDomain === '' || isSameDomain ? [] : [`$JS.${ownDomain}.API.>`];
  return [...REQUESTS, ...(isSystem ? CONSENSUS : []), ...own];
}
