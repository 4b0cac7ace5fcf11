/**
 * The compiled test files to run. A compiled file whose source is gone is a leftover of an earlier
 * build and says nothing about the code of today, so it is not run.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { RunOptions } from './arguments.ts';

export interface TestFile {
  /** Path of the source from the package root, with forward slashes: what is shown and filtered. */
  name: string;
  compiled: string;
}

const COMPILED_ENDING = '.test.js';

export function findTestFiles(compiled: string, sources: string, options: RunOptions): TestFile[] {
  return readdirSync(join(compiled, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(COMPILED_ENDING))
    .map((path) => ({ name: sourceName(path), compiled: join(compiled, 'test', path) }))
    .filter((file) => existsSync(join(sources, file.name)) && isWanted(file.name, options))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function sourceName(path: string): string {
  return `test/${path.replaceAll(sep, '/').slice(0, -COMPILED_ENDING.length)}.test.ts`;
}

function isWanted(name: string, options: RunOptions): boolean {
  if (name.startsWith('test/interop/') !== options.isInterop) return false;
  return options.filters.length === 0 || options.filters.some((filter) => name.includes(filter));
}
