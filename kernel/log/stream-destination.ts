/** Writes lines to something that takes text at once: standard error, or a test's list. */
import type { LogDestination } from './log-record.ts';
import type { FormatRecord } from './text-format.ts';

export function streamDestination(format: FormatRecord, write: (line: string) => void): LogDestination {
  return {
    write: (record) => write(format(record)),
    reopen: () => false,
    close: () => {},
  };
}
