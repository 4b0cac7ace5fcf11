/**
 * Where the project lies, seen from a compiled test.
 *
 * Compiled code may stand in dist/ or in any other folder with a link to package.json; fixtures and
 * sources are always found beside the real package.json.
 */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export function packageRoot(moduleUrl: string = import.meta.url): string {
  let folder = dirname(fileURLToPath(moduleUrl));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${fileURLToPath(moduleUrl)}`);
    folder = parent;
  }
  return dirname(realpathSync(join(folder, 'package.json')));
}

/** The folder the compiler wrote to: the one that holds this module's `test` folder. */
export function compiledRoot(): string {
  return fileURLToPath(new URL('../../', import.meta.url));
}

/** The program as it is published; where only the compiler has run, as it came out of the compiler. */
export function programPath(): string {
  const published = join(compiledRoot(), 'bundle', 'gnatlet.js');
  return existsSync(published) ? published : join(compiledRoot(), 'bin', 'gnatlet.js');
}
