/** Options a NATS server has and this one takes without doing anything about them: said, so that nobody relies on them. */
import type { CoreOptions } from '../kernel/config/core-options.ts';

export function idleOptions({ profilePort, writeTimeout, cachesMatches }: CoreOptions): string[] {
  const texts: string[] = [];
  if (profilePort !== 0) texts.push('prof_port has no effect: start node with --inspect or --cpu-prof instead');
  if (writeTimeout === 'retry')
    texts.push('write_timeout has no effect: a client whose write takes too long is closed');
  if (!cachesMatches) texts.push('disable_sublist_cache has no effect: matches are always remembered');
  return texts;
}
