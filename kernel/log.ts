/** What the kernel and plugins say. Where it goes, and in what form, is decided outside. */
export interface Log {
  readonly isDebugging: boolean;
  readonly isTracing: boolean;
  trace(text: string): void;
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

function nothing(): void {}

export const SILENT_LOG: Log = {
  isDebugging: false,
  isTracing: false,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};
