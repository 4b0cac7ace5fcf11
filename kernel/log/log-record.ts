/** One thing that was said. */
export interface LogRecord {
  readonly level: LogLevel;
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly time: number;
  readonly text: string;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Where records go. */
export interface LogDestination {
  write(record: LogRecord): void;
  /** Begins anew under the same name, after somebody has moved the file away. False: there is nothing to reopen. */
  reopen(): boolean;
  /** Fulfilled when what was said is out. */
  close(): void | Promise<void>;
}
