/** The broker's log: levels that can change while it runs, and a destination that can be exchanged. */
import type { Log } from '../log.ts';
import type { LogDestination, LogLevel } from './log-record.ts';
import { type PinoLogger, pinoFront } from './pino-front.ts';
import { RepeatLimit } from './repeat-limit.ts';

export interface LogLevels {
  isDebugging: boolean;
  isTracing: boolean;
}

export class ServerLog implements Log {
  isDebugging: boolean;
  isTracing: boolean;
  private destination: LogDestination;
  private readonly time: () => number;
  private readonly pino: PinoLogger;
  private readonly repeats = new RepeatLimit();

  constructor(destination: LogDestination, time: () => number, levels: LogLevels) {
    this.destination = destination;
    this.time = time;
    this.isDebugging = levels.isDebugging;
    this.isTracing = levels.isTracing;
    this.pino = pinoFront((level, text) => this.write(level, text));
  }

  trace(text: string): void {
    if (this.isTracing) this.pino.trace(text);
  }

  debug(text: string): void {
    if (this.isDebugging) this.pino.debug(text);
  }

  info(text: string): void {
    this.pino.info(text);
  }

  warn(text: string): void {
    this.pino.warn(text);
  }

  error(text: string): void {
    this.pino.error(text);
  }

  /** The last thing said: the process ends after it. */
  fatal(text: string): void {
    this.pino.fatal(text);
  }

  setLevels({ isDebugging, isTracing }: LogLevels): void {
    this.isDebugging = isDebugging;
    this.isTracing = isTracing;
  }

  /** The new destination takes over at once; the old one is closed. */
  replaceDestination(destination: LogDestination): void {
    const old = this.destination;
    this.destination = destination;
    void old.close();
  }

  reopen(): boolean {
    return this.destination.reopen();
  }

  async close(): Promise<void> {
    await this.destination.close();
  }

  private write(level: LogLevel, text: string): void {
    const time = this.time();
    if (!this.repeats.admits(level, text, time)) return;
    this.destination.write({ level, time, text });
  }
}
