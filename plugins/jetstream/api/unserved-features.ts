/** What streams may be asked for, and are not given here: better told than kept silent about. */
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';
import { SEQUENCE_MAX } from '../stream/sequence-limit.ts';

/** Empty where everything is served. */
export function unservedFeature(config: StreamConfig): string {
  if (config.firstSeq > BigInt(SEQUENCE_MAX)) return `sequences beyond ${SEQUENCE_MAX}`;
  return '';
}
