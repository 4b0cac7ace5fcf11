/** Keys come from files and variables: what stands on a command line can be seen by all users of the machine. */
import { readFileSync } from 'node:fs';
import { CommandFailure } from '../command-failure.ts';
import type { StoreRequest } from './store-request.ts';

export interface StoreKeys {
  readonly key: Uint8Array | null;
  readonly previousKey: Uint8Array | null;
}

export function readKeys({ keyFile, previousKeyFile }: StoreRequest, env: NodeJS.ProcessEnv): StoreKeys {
  return {
    key: keyOf(keyFile, env.GNATLET_STORE_KEY),
    previousKey: keyOf(previousKeyFile, env.GNATLET_STORE_PREV_KEY),
  };
}

/** A line break at the end of a file is not part of the key. */
function keyOf(file: string, variable: string | undefined): Uint8Array | null {
  const text = file === '' ? (variable ?? '') : readKey(file).replace(/\r?\n$/, '');
  if (file !== '' && text === '') throw new CommandFailure(`store: ${file} holds no key`);
  return text === '' ? null : Buffer.from(text);
}

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(`store: the key can not be read: ${(error as Error).message}`);
  }
}
