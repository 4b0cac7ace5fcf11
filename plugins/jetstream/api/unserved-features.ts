/** What streams and consumers may be asked for, and are not given here: better told than kept silent about. */
import type { ConsumerConfig } from '../../../protocols/jetstream/consumer-config.ts';
import type { StreamConfig } from '../../../protocols/jetstream/stream-config.ts';

/** Empty where everything is served. */
export function unservedFeature(config: StreamConfig): string {
  if (config.mirror !== null) return 'a mirror';
  if (config.sources.length > 0) return 'sources';
  if (config.allowBatched) return 'batches';
  if (config.allowMsgSchedules) return 'message schedules';
  if (config.firstSeq > BigInt(Number.MAX_SAFE_INTEGER)) return 'sequences beyond 2^53';
  return '';
}

export function unservedConsumerFeature(config: ConsumerConfig): string {
  if (config.ackPolicy === 'flow_control') return "the ack policy 'flow_control'";
  return config.direct || config.sourcing ? 'the flags of mirrors and sources' : '';
}
