import { type Log, SILENT_LOG } from '../../kernel/log.ts';

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** A whole log out of what the program gave of one. */
export function completeLog(log: Partial<Log>, levels: { debug: boolean; trace: boolean }): Log {
  const to = (level: Level) => (text: string) => (log[level] ?? SILENT_LOG[level]).call(log, text);
  return {
    isDebugging: log.isDebugging ?? levels.debug,
    isTracing: log.isTracing ?? levels.trace,
    // The console takes a trace for a wish to see the stack.
    trace: to(isConsole(log) ? 'debug' : 'trace'),
    debug: to('debug'),
    info: to('info'),
    warn: to('warn'),
    error: to('error'),
  };
}

function isConsole(log: object): boolean {
  return log === console;
}
