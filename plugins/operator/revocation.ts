/** Tokens that were taken back: all that a key, or anybody, was given up to a moment. */

const ANYBODY = '*';

/** `revocations` has moments by key, in seconds. A token issued later than that counts again. */
export function isRevoked(revocations: ReadonlyMap<string, number>, key: string, issuedAt: number): boolean {
  return [key, ANYBODY].some((name) => (revocations.get(name) ?? -Infinity) >= issuedAt);
}
