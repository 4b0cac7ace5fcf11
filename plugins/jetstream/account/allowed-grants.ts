/** What a token allows an account, as grants. */
import type { TierLimits } from '../../../protocols/jetstream/account-limits.ts';
import type { StorageAllowance, StorageAllowances } from '../../operator/contract.ts';
import type { Grants } from './grants.ts';

/** Null where the account has no streams at all. */
export function grantsOf(allowances: StorageAllowances | null): Grants | null {
  if (allowances === null) return null;
  const { whole, tiers } = allowances;
  const hasWhole = whole.memory !== 0 || whole.disk !== 0;
  if (!hasWhole && tiers.size === 0) return null;
  return {
    whole: hasWhole ? limitsOf(whole) : null,
    tiers: new Map(Array.from(tiers, ([name, allowance]) => [name, limitsOf(allowance)] as const)),
  };
}

function limitsOf(allowance: StorageAllowance): TierLimits {
  return {
    maxMemory: allowance.memory,
    maxStorage: allowance.disk,
    maxStreams: allowance.streams,
    maxConsumers: allowance.consumers,
    // What a token leaves out of these is no limit.
    maxAckPending: allowance.maxAckPending || -1,
    memoryMaxStreamBytes: allowance.memoryMaxStreamBytes || -1,
    storageMaxStreamBytes: allowance.diskMaxStreamBytes || -1,
    maxBytesRequired: allowance.isMaxBytesRequired,
  };
}
