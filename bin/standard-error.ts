/** Standard error, written to at once: nothing that was said is lost when the process ends. */
import { fstatSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';

const DESCRIPTOR = 2;
/** A reader that does not read holds the broker up for no longer than this. */
const WAIT_MS = 10;
const WAITS_MAX = 20;

const never = new Int32Array(new SharedArrayBuffer(4));

export function writeError(text: string): void {
  let bytes: Uint8Array = Buffer.from(text);
  for (let waits = 0; bytes.length > 0 && waits < WAITS_MAX; ) {
    try {
      bytes = bytes.subarray(writeSync(DESCRIPTOR, bytes));
    } catch (error) {
      // Nobody is there to read, now or ever again.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      waits++;
      Atomics.wait(never, 0, 0, WAIT_MS);
    }
  }
}

/** Most often it is a pipe or a file, and what knows terminals need not be loaded to see that. */
export function isTerminal(): boolean {
  if (!isDevice()) return false;
  const { isatty } = createRequire(import.meta.url)('node:tty') as typeof import('node:tty');
  return isatty(DESCRIPTOR);
}

function isDevice(): boolean {
  try {
    return fstatSync(DESCRIPTOR).isCharacterDevice();
  } catch {
    // It may be closed.
    return false;
  }
}
