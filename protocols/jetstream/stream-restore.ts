/** What makes the configuration of a backup acceptable: any that a stream can have, whatever made it so. */
import type { ApiError } from './api-error.ts';
import type { StreamConfig } from './stream-config.ts';
import { checkStream, type StreamSurroundings } from './stream-rules.ts';
import { sealedConfig } from './stream-update.ts';

/** A stream that was sealed could not be made like this: it is looked at as it was before, and sealed again. */
export function checkRestored(config: StreamConfig, surroundings: StreamSurroundings): StreamConfig | ApiError {
  if (!config.sealed) return checkStream(config, surroundings);
  const keepsOld = config.allowMsgCounter || config.allowMsgSchedules;
  const discard = keepsOld ? 'old' : config.discard;
  const checked = checkStream({ ...config, sealed: false, discard }, surroundings);
  return 'number' in checked ? checked : sealedConfig({ ...checked, sealed: true });
}
