/** A reload that changes where or how the log is written: the new one is opened first, and takes over when all is well. */
import type { LoadedConfig } from '../kernel/config/load.ts';
import type { LogDestination } from '../kernel/log/log-record.ts';
import type { ServerLog } from '../kernel/log/server-log.ts';
import { logFormatOf } from './log-format.ts';
import { logLevels, openLog } from './logging.ts';

export interface OpenedLog {
  takeOver(log: ServerLog): void;
  discard(): void;
}

export async function prepareLog(before: LoadedConfig, after: LoadedConfig, time: () => number): Promise<OpenedLog> {
  const destination = fingerprint(before) === fingerprint(after) ? null : await openLog(after, time);
  return { takeOver: (log) => takeOver(log, after, destination), discard: () => destination?.close() };
}

function takeOver(log: ServerLog, after: LoadedConfig, destination: LogDestination | null): void {
  log.setLevels(logLevels(after));
  if (destination !== null) log.replaceDestination(destination);
}

/** All that a destination depends on. */
function fingerprint(loaded: LoadedConfig): string {
  const { logFile, logFileBytesMax, logFilesMax, syslog, remoteSyslog, logTime, logTimeUtc } = loaded.options;
  const target = [logFile, logFileBytesMax, logFilesMax, syslog, remoteSyslog];
  return JSON.stringify([...target, logTime, logTimeUtc, logFormatOf(loaded)]);
}
