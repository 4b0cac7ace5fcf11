/** Which compression a line has: what is configured, what the other side says, and what comes of both. */

export type CompressionMode =
  | 'not supported'
  | 'off'
  | 'accept'
  | 's2_auto'
  | 's2_uncompressed'
  | 's2_fast'
  | 's2_better'
  | 's2_best';

export interface CompressionOptions {
  readonly mode: CompressionMode;
  /** Milliseconds, ascending; up to four. 0 leaves out a level. */
  readonly thresholdsMs: readonly number[];
}

export const DEFAULT_THRESHOLDS_MS: readonly number[] = [10, 50, 100];
export const LEVELS = ['s2_uncompressed', 's2_fast', 's2_better', 's2_best'] as const;

const ON_WIRE = new Set<string>(['not supported', 'off', 'accept', 's2_auto', ...LEVELS]);

/** Null: a word nobody knows. */
export function selectMode(mine: CompressionMode, theirs: string): CompressionMode | null {
  if (theirs === '' || theirs === 'not supported') return 'not supported';
  if (!ON_WIRE.has(theirs)) return null;
  if (mine === 'off' || mine === 'not supported') return mine;
  if (theirs === 'off') return 'off';
  if (mine !== 'accept') return mine;
  if (theirs === 'accept') return 'off';
  return theirs === 's2_auto' ? 's2_fast' : (theirs as CompressionMode);
}

export function isPacked(mode: CompressionMode): boolean {
  return mode.startsWith('s2_');
}

/** The level for a distance. */
export function levelFor(rttMs: number, thresholdsMs: readonly number[]): (typeof LEVELS)[number] {
  for (let at = 0; at < thresholdsMs.length; at++) {
    if (thresholdsMs[at] !== 0 && rttMs <= thresholdsMs[at]!) return LEVELS[at]!;
  }
  return LEVELS[Math.min(thresholdsMs.length, LEVELS.length - 1)]!;
}
