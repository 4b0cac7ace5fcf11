/** On a work queue every message has one consumer at most. */
import { type ApiError, apiError } from './api-error.ts';
import { type ConsumerConfig, filtersOf } from './consumer-config.ts';
import type { StreamConfig } from './stream-config.ts';
import { collide } from './subject-rules.ts';

/** `others` are the consumers that are there already, without the one in question. */
export function checkQueueConsumer(
  stream: StreamConfig,
  config: ConsumerConfig,
  others: readonly ConsumerConfig[],
): ApiError | null {
  if (stream.retention !== 'workqueue' || config.direct || config.sourcing) return null;
  if (config.ackPolicy !== 'explicit' && config.ackPolicy !== 'flow_control') return apiError(10098);
  if (config.deliverPolicy !== 'all') return apiError(10101);
  return checkQueueOverlap(config, others);
}

export function checkQueueOverlap(config: ConsumerConfig, others: readonly ConsumerConfig[]): ApiError | null {
  const counted = others.filter(({ direct, sourcing }) => !direct && !sourcing);
  if (counted.length === 0) return null;
  const filters = filtersOf(config);
  if (filters.length === 0) return apiError(10099);
  return counted.some((other) => doCollide(filters, filtersOf(other))) ? apiError(10100) : null;
}

function doCollide(filters: readonly string[], others: readonly string[]): boolean {
  if (others.length === 0) return true;
  return filters.some((filter) => others.some((other) => collide(filter, other)));
}
