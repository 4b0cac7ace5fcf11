/** A log that says everything, and keeps it: `error text`. */
import type { Log } from '../../kernel/log.ts';

export function spoken(): { log: Log; said: string[] } {
  const said: string[] = [];
  const say = (level: string) => (text: string) => void said.push(`${level} ${text}`);
  const [trace, debug, info, warn, error] = ['trace', 'debug', 'info', 'warn', 'error'].map(say);
  return {
    said,
    log: { isDebugging: true, isTracing: true, trace: trace!, debug: debug!, info: info!, warn: warn!, error: error! },
  };
}
