/**
 * A log file: appended to, begun anew at a size, reopened on request.
 *
 * Two of its own lines, about rotating, end in CRLF: tools that watch for them expect it.
 */
import type { LogDestination, LogLevel, LogRecord } from './log-record.ts';
import type { FormatRecord } from './text-format.ts';

/** The files of the machine, as far as a log needs them. Each may throw. */
export interface LogFiles {
  append(path: string): OpenLogFile;
  rename(from: string, to: string): void;
  /** Paths that begin with this one, in any order. */
  beginningWith(path: string): string[];
  remove(path: string): void;
}

export interface OpenLogFile {
  readonly bytes: number;
  write(text: string): void;
  close(): void;
}

export interface FileDestinationParts {
  readonly path: string;
  readonly files: LogFiles;
  readonly format: FormatRecord;
  readonly time: () => number;
  /** 0: the file grows without end. */
  readonly bytesMax: number;
  /** Of the files, the current one included. 0: all are kept. */
  readonly filesMax: number;
  /** Told, in a line, what cannot be said in the file. */
  readonly complain: (text: string) => void;
}

export class FileDestination implements LogDestination {
  private readonly parts: FileDestinationParts;
  private file: OpenLogFile | null;
  /** A rotation that failed is not tried again for every line. */
  private nextRotationAt = 0;
  /** Lines that could not be written since the last one that was. */
  private lost = 0;

  constructor(parts: FileDestinationParts) {
    this.parts = parts;
    this.file = parts.files.append(parts.path);
    if (this.isFull()) this.rotate('Rotating logfile...');
  }

  write(record: LogRecord): void {
    this.put(this.parts.format(record));
    if (this.isFull()) this.rotate(null);
  }

  /** Goes on in a file of the same name; in the one so far when that cannot be had. */
  reopen(): boolean {
    const file = this.parts.files.append(this.parts.path);
    this.file?.close();
    this.file = file;
    return true;
  }

  close(): void {
    this.file?.close();
    this.file = null;
  }

  /** A full disk must not stop the broker: what cannot be written is counted, and said elsewhere once. */
  private put(line: string): void {
    try {
      this.file?.write(line);
    } catch (error) {
      if (this.lost++ === 0) this.complain(`Unable to write to the log file, lines are lost: ${String(error)}`);
      return;
    }
    if (this.lost > 0) this.confess();
  }

  private confess(): void {
    const count = this.lost;
    this.lost = 0;
    this.say('warn', `${count} lines are missing here: the log file could not be written`, '\n');
  }

  private complain(text: string): void {
    const { format, time, complain, path } = this.parts;
    complain(format({ level: 'error', time: time(), text: `${text} (${path})` }));
  }

  private isFull(): boolean {
    const { bytesMax, time } = this.parts;
    return bytesMax > 0 && this.file !== null && this.file.bytes > bytesMax && time() >= this.nextRotationAt;
  }

  private rotate(announcement: string | null): void {
    const { path, files, time } = this.parts;
    if (announcement !== null) this.say('info', announcement, '\n');
    const backup = `${path}.${backupSuffix(time())}`;
    try {
      files.rename(path, backup);
      this.reopen();
    } catch (error) {
      this.nextRotationAt = time() + RETRY_MS;
      const text = `Unable to rotate the log: ${String(error)}`;
      this.say('error', text, '\n');
      this.complain(text);
      return;
    }
    this.say('info', `Rotated log, backup saved as "${backup}"`, '\r\n');
    this.purge(backup);
  }

  private purge(newest: string): void {
    const { path, files, filesMax } = this.parts;
    if (filesMax <= 0) return;
    const backups = files.beginningWith(`${path}.`).filter(isBackup).sort();
    const spare = backups.slice(0, Math.max(0, backups.length - (filesMax - 1)));
    for (const backup of spare) {
      if (backup === newest && filesMax > 1) continue;
      try {
        files.remove(backup);
        this.say('info', `Purged log file "${backup}"`, '\r\n');
      } catch (error) {
        this.say('error', `Unable to purge log file "${backup}": ${String(error)}`, '\n');
      }
    }
  }

  private say(level: LogLevel, text: string, lineEnd: string): void {
    const { format, time } = this.parts;
    this.put(format({ level, time: time(), text }).replace(/\n$/, lineEnd));
  }
}

const RETRY_MS = 10_000;

/** Local time to the nanosecond, so that names sort by age. */
function backupSuffix(time: number): string {
  const local = new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString();
  const nanoseconds = Math.floor((time - Math.floor(time / 1000) * 1000) * 1_000_000);
  return `${local.slice(0, 19).replace(/[-T:]/g, '.')}.${String(nanoseconds).padStart(9, '0')}`;
}

function isBackup(path: string): boolean {
  return /\.\d{4}(\.\d{2}){5}\.\d{9}$/.test(path);
}
