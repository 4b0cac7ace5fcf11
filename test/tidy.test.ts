/** The rules of the code base that a compiler does not check. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from './runner/package-root.ts';
import { checkPluginFolders, checkTestsRun } from './tidy/folders.ts';
import { checkDeclared, checkImports, findCycles } from './tidy/import-law.ts';
import { checkOutsideWorld } from './tidy/outside-world.ts';
import { checkExports, checkNames, checkSizes } from './tidy/shape.ts';
import { readProject, toSources } from './tidy/source-files.ts';
import {
  checkKernelWords,
  checkLockFile,
  checkMachinePaths,
  checkRegistryHosts,
  checkUnfinished,
} from './tidy/words.ts';

const root = packageRoot();
const files = readProject(root);
const sources = toSources(files);
const paths = files.map((file) => file.path);

function none(problems: readonly string[]): void {
  if (problems.length > 0) assert.unreachable(`\n    ${problems.join('\n    ')}`);
}

test('the project has sources to look at', () => {
  assert.ok(sources.length > 10, `only ${sources.length} sources under ${root}`);
});

test('every folder imports only what its layer allows', () => none(checkImports(sources)));

test('what is published imports only declared dependencies', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object };
  none(checkDeclared(sources, new Set(Object.keys(manifest.dependencies))));
});

test('no imports go in a circle', () => none(findCycles(sources)));

test('there are no default exports, and no barrels but the public entry points', () => none(checkExports(sources)));

test('functions and files stay small', () => none(checkSizes(sources)));

test('file names say what a file is for', () => none(checkNames(paths)));

test('T-1 T-2: the clock, chance, the network and the disk are reached through the ports', () =>
  none(checkOutsideWorld(sources)));

test('the kernel does not know what is built on it', () => none(checkKernelWords(files)));

test('every plugin folder has its index, its README and the schema of its block', () =>
  none(checkPluginFolders(paths, sources)));

test('every test file runs its tests', () => none(checkTestsRun(sources)));

test('nothing is left unfinished', () => none(checkUnfinished(files)));

test('no file holds a path of one machine', () => none(checkMachinePaths(files)));

test('no file names a package registry', () => {
  none(checkRegistryHosts(files));
  none(checkLockFile(readFileSync(join(root, 'package-lock.json'), 'utf8')));
});

test.run();
