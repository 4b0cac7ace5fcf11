/** A stream's configuration as plain numbers, for what happens with every message. */
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';

export interface StreamLimits {
  readonly maxMsgs: number;
  readonly maxBytes: number;
  readonly maxMsgsPerSubject: number;
  readonly maxMsgSize: number;
  readonly maxAgeMs: number;
  readonly duplicateWindowMs: number;
  readonly markerTtlMs: number;
  readonly discardsNew: boolean;
}

const NANOS_PER_MS = 1e6;

export function limitsOf(config: StreamConfig): StreamLimits {
  return {
    maxMsgs: cap(config.maxMsgs),
    maxBytes: cap(config.maxBytes),
    maxMsgsPerSubject: cap(config.maxMsgsPerSubject),
    maxMsgSize: config.maxMsgSize < 0 ? Number.POSITIVE_INFINITY : config.maxMsgSize,
    maxAgeMs: Number(config.maxAge) / NANOS_PER_MS,
    duplicateWindowMs: Number(config.duplicateWindow) / NANOS_PER_MS,
    markerTtlMs: Number(config.subjectDeleteMarkerTtl) / NANOS_PER_MS,
    discardsNew: config.discard === 'new',
  };
}

function cap(value: bigint): number {
  return value < 0n ? Number.POSITIVE_INFINITY : Number(value);
}
