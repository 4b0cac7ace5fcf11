/** What streams may be asked for, and are not given here: better told than kept silent about. */
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';

/** Empty where everything is served. */
export function unservedFeature(config: StreamConfig): string {
  if (config.firstSeq > BigInt(Number.MAX_SAFE_INTEGER)) return 'sequences beyond 2^53';
  return '';
}
