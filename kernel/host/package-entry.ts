/**
 * Where the module of an npm package is, as seen from any folder.
 *
 * Node resolves a bare `import()` from the importing file only, and its `require.resolve` refuses packages that are made
 * for `import` alone. So the package's own manifest is read, through the module loader, and its entry picked from it.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Manifest {
  exports?: unknown;
  main?: string;
}

export interface PackageEntry {
  /** Null when there is no such package, or it exports nothing under that name. */
  url: string | null;
  /** The folders that were looked into. */
  tried: string[];
}

export type PackageQuery = { folder: string } | { name: string; from: string };

export function findPackageEntry(query: PackageQuery): PackageEntry {
  if ('folder' in query) return { url: entryOf(query.folder, '.') ?? indexOf(query.folder), tried: [query.folder] };
  const { packageName, subpath } = splitName(query.name);
  const tried = createRequire(join(query.from, 'noop.js')).resolve.paths(packageName) ?? [];
  for (const modules of tried) {
    const url = entryOf(join(modules, packageName), subpath);
    if (url !== null) return { url, tried };
  }
  return { url: null, tried };
}

/** `@scope/name/sub/path` is the package `@scope/name` and the entry `./sub/path`. */
function splitName(name: string): { packageName: string; subpath: string } {
  const parts = name.split('/');
  const packageName = parts.splice(0, name.startsWith('@') ? 2 : 1).join('/');
  return { packageName, subpath: parts.length === 0 ? '.' : `./${parts.join('/')}` };
}

function entryOf(folder: string, subpath: string): string | null {
  const manifest = readManifest(folder);
  if (manifest === null) return null;
  const target =
    manifest.exports === undefined ? plainTarget(manifest, subpath) : exportTarget(manifest.exports, subpath);
  return target === null ? null : pathToFileURL(join(folder, target)).href;
}

/** A file is read the way a module is, so that a test or a bundle may stand in for the disk. */
function readManifest(folder: string): Manifest | null {
  try {
    return createRequire(join(folder, 'noop.js'))('./package.json') as Manifest;
  } catch (error) {
    if ((error as { code?: string }).code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

function plainTarget({ main }: Manifest, subpath: string): string {
  return subpath === '.' ? (main ?? 'index.js') : subpath;
}

function indexOf(folder: string): string {
  return pathToFileURL(join(folder, 'index.js')).href;
}

/** `exports` is a path, conditions, or a table of subpaths that are paths or conditions. */
function exportTarget(exports: unknown, subpath: string): string | null {
  const isTable = typeof exports === 'object' && exports !== null && Object.keys(exports).some((key) => key[0] === '.');
  if (isTable) return conditionTarget((exports as Record<string, unknown>)[subpath]);
  return subpath === '.' ? conditionTarget(exports) : null;
}

const CONDITIONS = new Set(['node', 'import', 'module-sync', 'default']);

function conditionTarget(target: unknown): string | null {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return null;
  const choices = Array.isArray(target)
    ? target
    : Object.entries(target).flatMap(([key, to]) => (CONDITIONS.has(key) ? [to] : []));
  for (const choice of choices) {
    const found = conditionTarget(choice);
    if (found !== null) return found;
  }
  return null;
}
