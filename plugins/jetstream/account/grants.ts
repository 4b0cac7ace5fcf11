/** What an account may use: so much in all, or so much for streams of so many copies. */
import { type TierLimits, UNLIMITED_TIER } from '../../../protocols/jetstream/account-limits.ts';

export interface Grants {
  /** For all streams together; null where tiers say it. */
  readonly whole: TierLimits | null;
  /** By the name of a tier: `R1` is for streams of a single copy. */
  readonly tiers: ReadonlyMap<string, TierLimits>;
}

/** What the streams of this server are: single copies. */
export const SINGLE_COPY = 'R1';

export const UNLIMITED: Grants = { whole: UNLIMITED_TIER, tiers: new Map() };

const NOTHING: TierLimits = Object.freeze({
  maxMemory: 0,
  maxStorage: 0,
  maxStreams: 0,
  maxConsumers: 0,
  maxAckPending: 0,
  memoryMaxStreamBytes: 0,
  storageMaxStreamBytes: 0,
  maxBytesRequired: false,
});

export function wholeOf(limits: TierLimits): Grants {
  return { whole: limits, tiers: new Map() };
}

/** Null where streams of so many copies are not to be. */
export function limitsForCopies({ whole, tiers }: Grants, copies: number): TierLimits | null {
  return whole ?? tiers.get(`R${copies}`) ?? null;
}

/** As they are told: nothing where tiers say it. */
export function toldLimits({ whole }: Grants): TierLimits {
  return whole ?? NOTHING;
}

/** What counts where nothing is granted: nothing. */
export function effectiveLimits(grants: Grants): TierLimits {
  return limitsForCopies(grants, 1) ?? NOTHING;
}
