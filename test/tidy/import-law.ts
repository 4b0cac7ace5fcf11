/**
 * Who may import what: the table that keeps the kernel small and the plugins apart.
 * Change it on purpose or not at all.
 */
import { builtinModules } from 'node:module';
import { type Import, readImports } from './imports.ts';
import type { SourceFile } from './source-files.ts';

interface Law {
  /** Files of ours that may be imported: a path, or a folder that ends in a slash. */
  own: readonly string[];
  packages: readonly string[];
  /** Node built-ins; `all` for any of them. */
  builtins: 'all' | readonly string[];
}

const KERNEL_PACKAGES = ['tapable', 'awilix', 'pino'];
const CLIENT_PACKAGES = ['@nats-io/nats-core', '@nats-io/transport-node', '@nats-io/jwt', '@nats-io/nkeys', 'nats'];

/** The packages a plugin's manifest names: heavy ones are loaded by their plugin and nobody else. */
const PLUGIN_PACKAGES: Record<string, readonly string[]> = {
  auth: ['bcryptjs', 'nkeys.js'],
  'auth-callout': ['nkeys.js'],
  oidc: ['jose'],
  websocket: ['ws'],
};

/** The packages a storage driver stands on. */
const DRIVER_PACKAGES: Record<string, readonly string[]> = { level: ['level'] };

/** What drivers keep to, and what is built upon it once for all of them. */
const STORAGE = ['storage-drivers/contract.ts', 'storage-drivers/derived/'];

export function checkImports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => readImports(file).flatMap((found) => checkImport(file.path, found)));
}

function checkImport(path: string, found: Import): string[] {
  const at = `${path}:${found.line}`;
  if (found.target !== '') {
    if (!found.specifier.endsWith('.ts')) return [`${at}: '${found.specifier}' must end in .ts`];
    return mayImportOwn(path, found) ? [] : [`${at}: ${folderOf(path)} may not import ${found.target}`];
  }
  const law = lawOf(path);
  if (law === null || isAllowed(found.specifier, law)) return [];
  return [`${at}: ${folderOf(path)} may not import '${found.specifier}'`];
}

function mayImportOwn(path: string, found: Import): boolean {
  const law = lawOf(path);
  if (law === null || covers(law.own, found.target)) return true;
  const isPlugin = path.startsWith('plugins/');
  return isPlugin && found.isTypeOnly && /^plugins\/[^/]+\/contract\.ts$/.test(found.target);
}

function isAllowed(specifier: string, law: Law): boolean {
  if (specifier.startsWith('node:')) return law.builtins === 'all' || law.builtins.includes(specifier);
  if (builtinModules.includes(specifier)) return false;
  return law.packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
}

function covers(own: readonly string[], target: string): boolean {
  return own.some((entry) => (entry.endsWith('/') ? target.startsWith(entry) : target === entry));
}

function folderOf(path: string): string {
  const [top = '', second = ''] = path.split('/');
  return top === 'plugins' || top === 'protocols' || top === 'storage-drivers' ? `${top}/${second}` : top;
}

/** Null: everything may be imported. */
function lawOf(path: string): Law | null {
  const [top = '', second = ''] = path.split('/');
  if (top === 'kernel') {
    return {
      own: ['kernel/', 'protocols/client/', 'protocols/ip/', 'protocols/link/', 'protocols/nkeys/'],
      packages: KERNEL_PACKAGES,
      builtins: 'all',
    };
  }
  if (top === 'protocols') {
    // What others are written in: addresses, keys, compressed blocks.
    const own = [`protocols/${second}/`, 'protocols/s2/', 'protocols/ip/', 'protocols/link/', 'protocols/nkeys/'];
    return { own, packages: [], builtins: ['node:buffer'] };
  }
  if (top === 'plugins') {
    const own = [`plugins/${second}/`, 'kernel/plugin-api.ts', 'protocols/', ...STORAGE];
    return { own, packages: PLUGIN_PACKAGES[second] ?? [], builtins: 'all' };
  }
  if (top === 'storage-drivers') {
    const own = [
      `storage-drivers/${second}/`,
      ...STORAGE,
      // Types of the ports, and what a driver's plugin declares itself with.
      'kernel/plugin-api.ts',
      'protocols/s2/',
    ];
    return { own, packages: DRIVER_PACKAGES[second] ?? [], builtins: 'all' };
  }
  if (top === 'examples') return { own: ['examples/'], packages: ['gnatlet', ...CLIENT_PACKAGES], builtins: 'all' };
  return null;
}

/** Circles among what remains after compilation; a circle of types alone is erased and harmless. */
export function findCycles(files: readonly SourceFile[]): string[] {
  const edges = new Map(files.map((file) => [file.path, valueTargets(file)]));
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (path: string, trail: string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      return;
    }
    state.set(path, 'open');
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of edges.keys()) visit(path, []);
  return cycles;
}

function valueTargets(file: SourceFile): string[] {
  return readImports(file)
    .filter((found) => found.target !== '' && !found.isTypeOnly)
    .map((found) => found.target);
}

/** Part of the build; it is not published. */
const BUNDLERS: readonly string[] = ['bin/bundle.ts', 'bin/private-names.ts'];

/** Makes brokers to order, for those who bring the package it stands on. */
const BUILDER = { folder: 'bin/build/', brings: 'esbuild' };

/** Tests and tools may stand on development packages; what is published may not. */
export function checkDeclared(files: readonly SourceFile[], declared: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  for (const file of files) {
    if (file.path.startsWith('test/') || file.path.startsWith('examples/') || BUNDLERS.includes(file.path)) continue;
    for (const found of readImports(file)) {
      if (found.target !== '' || found.specifier.startsWith('node:')) continue;
      if (file.path.startsWith(BUILDER.folder) && found.specifier === BUILDER.brings) continue;
      if (!declared.has(packageName(found.specifier))) {
        problems.push(`${file.path}:${found.line}: '${found.specifier}' is not among the dependencies of package.json`);
      }
    }
  }
  return problems;
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}
