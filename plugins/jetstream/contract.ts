/** What others may know of streams. */

/** What an account may use; -1 is no limit. */
export interface StreamingLimits {
  readonly maxMemory: number;
  readonly maxStorage: number;
  readonly maxStreams: number;
  readonly maxConsumers: number;
  readonly maxAckPending: number;
  readonly memoryMaxStreamBytes: number;
  readonly storageMaxStreamBytes: number;
  readonly maxBytesRequired: boolean;
}
