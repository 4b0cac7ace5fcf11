/** Whether the files of a block can be used, found out while the configuration is read: a mistake is told with its place. */
import { readFileSync } from 'node:fs';
import { loadSettings } from './settings.ts';
import type { TlsOptions } from './tls-options.ts';

/** What is wrong with them; null when nothing is. There are no ports yet at this time. */
export function fileMistake(options: TlsOptions): string | null {
  try {
    loadSettings(options, { readFileSync });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
