/** The log file on this machine's disk. */
import { closeSync, fstatSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { CoreOptions } from '../kernel/config/core-options.ts';
import { fileFailure } from '../kernel/config/grammar/file-failure.ts';
import { FileDestination, type LogFiles, type OpenLogFile } from '../kernel/log/file-destination.ts';
import type { LogDestination } from '../kernel/log/log-record.ts';
import type { FormatRecord } from '../kernel/log/text-format.ts';
import { writeError } from './standard-error.ts';

export function openLogFile(
  { logFile, logFileBytesMax, logFilesMax }: CoreOptions,
  format: FormatRecord,
  time: () => number,
): LogDestination {
  const limits = { bytesMax: logFileBytesMax, filesMax: logFilesMax };
  try {
    return new FileDestination({ path: logFile, files: FILES, format, time, complain: writeError, ...limits });
  } catch (error) {
    throw new Error(`error opening file: ${fileFailure(logFile, error).replace(/^read /, 'open ')}`, { cause: error });
  }
}

const FILES: LogFiles = {
  append: (path) => new AppendedFile(path),
  rename: renameSync,
  beginningWith: (path) =>
    readdirSync(dirname(path))
      .filter((name) => name.startsWith(basename(path)))
      .map((name) => join(dirname(path), name)),
  remove: (path) => rmSync(path),
};

class AppendedFile implements OpenLogFile {
  bytes: number;
  private readonly descriptor: number;

  constructor(path: string) {
    this.descriptor = openSync(path, 'a', 0o640);
    this.bytes = fstatSync(this.descriptor).size;
  }

  write(text: string): void {
    this.bytes += writeSync(this.descriptor, text);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
