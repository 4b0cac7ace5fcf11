/** Where a key of the kernel's own stands. Looked up only when something is to be said about it. */
import { parseConfig } from '../kernel/config/grammar/parse.ts';
import { NOWHERE, type Place } from '../kernel/config/problem.ts';
import type { ConfigurationRequest } from './configuration.ts';

export type KeySource = Pick<ConfigurationRequest, 'path' | 'text' | 'input' | 'overrides' | 'env' | 'readFile'>;

/** What no file says was given by a program or a flag: its place is its name. */
export function placeOfKey(key: string, source: KeySource): Place {
  const isOverridden = source.overrides?.[key] !== undefined;
  return (isOverridden ? null : placeInFile(key, source)) ?? { ...NOWHERE, file: key };
}

function placeInFile(
  key: string,
  { path = '', text, input, env = {}, readFile = cannotRead }: KeySource,
): Place | null {
  if (input !== undefined || (text === undefined && path === '')) return null;
  const { root } = parseConfig(text ?? readFile(path), path, { readFile, environment: env });
  const entry = [...root.value.values()].findLast((candidate) => candidate.key.toLowerCase() === key);
  return entry === undefined ? null : { file: entry.file, line: entry.line, column: entry.column };
}

function cannotRead(): never {
  throw new Error('this configuration can not read files');
}
