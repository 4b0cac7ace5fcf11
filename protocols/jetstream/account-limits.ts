/** How much an account may use, and a server at most gives. -1 is no limit. */

export interface TierLimits {
  readonly maxMemory: number;
  readonly maxStorage: number;
  readonly maxStreams: number;
  readonly maxConsumers: number;
  readonly maxAckPending: number;
  readonly memoryMaxStreamBytes: number;
  readonly storageMaxStreamBytes: number;
  readonly maxBytesRequired: boolean;
}

export const UNLIMITED_TIER: TierLimits = Object.freeze({
  maxMemory: -1,
  maxStorage: -1,
  maxStreams: -1,
  maxConsumers: -1,
  maxAckPending: -1,
  memoryMaxStreamBytes: -1,
  storageMaxStreamBytes: -1,
  maxBytesRequired: false,
});

/** What a server allows at most, whoever asks; 0 for no cap. */
export interface ServerCaps {
  readonly duplicateWindow: bigint;
  readonly maxAckPending: number;
  readonly maxRequestBatch: number;
}

export const NO_CAPS: ServerCaps = Object.freeze({ duplicateWindow: 0n, maxAckPending: 0, maxRequestBatch: 0 });
