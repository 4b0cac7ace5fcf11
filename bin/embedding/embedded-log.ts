import { type Log, SILENT_LOG } from '../../kernel/log.ts';

/** A whole log out of what the program gave of one. */
export function completeLog(log: Partial<Log>, levels: { debug: boolean; trace: boolean }): Log {
  const to = (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') => (text: string) =>
    (log[level] ?? SILENT_LOG[level]).call(log, text);
  return {
    isDebugging: log.isDebugging ?? levels.debug,
    isTracing: log.isTracing ?? levels.trace,
    trace: to('trace'),
    debug: to('debug'),
    info: to('info'),
    warn: to('warn'),
    error: to('error'),
  };
}
