/** Opens the log a configuration asks for, in the real world. */
import { hostname } from 'node:os';
import type { LoadedConfig } from '../kernel/config/load.ts';
import { jsonFormat } from '../kernel/log/json-format.ts';
import type { LogDestination } from '../kernel/log/log-record.ts';
import type { LogLevels } from '../kernel/log/server-log.ts';
import { streamDestination } from '../kernel/log/stream-destination.ts';
import { type FormatRecord, textFormat } from '../kernel/log/text-format.ts';
import { logFormatOf } from './log-format.ts';
import { isTerminal, writeError } from './standard-error.ts';

export function logLevels({ options }: LoadedConfig): LogLevels {
  return { isDebugging: options.debug, isTracing: options.trace };
}

/** One destination: a file before a remote system log, that before the local one, that before standard error. */
export async function openLog(loaded: LoadedConfig, time: () => number): Promise<LogDestination> {
  const { logFile, remoteSyslog, syslog } = loaded.options;
  if (logFile !== '') return (await import('./log-file.ts')).openLogFile(loaded.options, formatOf(loaded, false), time);
  if (remoteSyslog !== '' || syslog) return (await import('./syslog.ts')).openSyslog(remoteSyslog);
  return streamDestination(formatOf(loaded, isTerminal()), writeError);
}

function formatOf(loaded: LoadedConfig, isColoured: boolean): FormatRecord {
  const { logTime, logTimeUtc } = loaded.options;
  if (logFormatOf(loaded) === 'json') return jsonFormat(process.pid, hostname());
  return textFormat({ pid: process.pid, hasTime: logTime, isUtc: logTimeUtc, isColoured });
}
