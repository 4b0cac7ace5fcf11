/** What the bundler has to be told about this package, so that one file holds all it needs and nothing else. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';

/** This code runs in the published bundle, where all files lie side by side. */
const HERE = fileURLToPath(new URL('.', import.meta.url));
export const PROGRAM = join(HERE, 'gnatlet.js');

function isHere(folder: string): boolean {
  return join(folder, '/') === HERE;
}

/** What the package offers to plugins. */
const ENTRY = /^gnatlet\/(plugin|contracts)$/;

/** Plugins of others use the broker they are built into, not a copy of it. */
export const onePackage: Plugin = {
  name: 'one-package',
  setup(build) {
    build.onResolve({ filter: ENTRY }, ({ path }) => ({ path: join(HERE, `${ENTRY.exec(path)![1]}.js`) }));
  },
};

/** Each plugin is a file of its own, and so is what builds brokers; bundle.ts sees to it. */
const PLUGIN = /^\.\/plugin-([a-z0-9-]+)\.js$/;
const BUILDER = /^\.\/build\.js$/;
const STORE_TOOL = /^\.\/store\.js$/;

/** Plugins that are not wanted, what builds brokers, and the tool for files that are never written come as nothing. */
export function without(own: readonly string[]): Plugin {
  return {
    name: 'without',
    setup(build) {
      build.onResolve({ filter: PLUGIN }, ({ path, kind, resolveDir }) => {
        const isLeftOut = kind === 'dynamic-import' && !own.includes(PLUGIN.exec(path)![1]!);
        return isLeftOut && isHere(resolveDir) ? { path, namespace: 'nothing' } : undefined;
      });
      build.onResolve({ filter: BUILDER }, ({ path, resolveDir }) =>
        isHere(resolveDir) ? { path, namespace: 'nothing' } : undefined,
      );
      build.onResolve({ filter: STORE_TOOL }, ({ path, resolveDir }) =>
        isHere(resolveDir) && !own.includes('storage-file') ? { path, namespace: 'nothing' } : undefined,
      );
      build.onLoad({ filter: /./, namespace: 'nothing' }, () => ({ contents: 'export {};' }));
    },
  };
}

/** What the log is written with can hide parts of what it writes, which nobody asks it for. */
export const withoutRedaction: Plugin = {
  name: 'without-redaction',
  setup(build) {
    build.onResolve({ filter: /^@pinojs\/redact$/ }, ({ path }) => ({ path, namespace: 'no-redaction' }));
    build.onLoad({ filter: /./, namespace: 'no-redaction' }, () => ({ contents: 'module.exports = () => undefined;' }));
  },
};

/** Packages that are loaded late, in the middle of a function, come in too, and so do threads and pages. */
export function wholePackage(esbuild: typeof import('esbuild'), settings: BuildOptions): Plugin {
  return {
    name: 'whole-package',
    setup(build) {
      build.onLoad({ filter: /\.js$/ }, async ({ path }) => {
        if (!isHere(dirname(path))) return undefined;
        const text = (await readFile(path, 'utf8'))
          .replace(REQUIRE_MADE, 'require(')
          .replace(EXPLANATION, '')
          .replace(GUARANTEE, '""');
        const urls = new Map<string, string>();
        for (const [, name] of text.matchAll(THREAD)) {
          const file = fileURLToPath(new URL(name!, pathToFileURL(path)));
          urls.set(name!, await threadUrl(esbuild, settings, file));
        }
        for (const [, name] of text.matchAll(PAGE)) urls.set(name!, await pageUrl(new URL(name!, pathToFileURL(path))));
        const carried = (_: string, name: string): string => `new URL(${JSON.stringify(urls.get(name))})`;
        const contents = text.replace(THREAD, carried).replace(PAGE, carried);
        return { contents, loader: 'js' };
      });
    },
  };
}

const REQUIRE_MADE = /createRequire\w*\(import\.meta\.url\)\(/g;
/** What options are for is written down for the documentation; no program reads it. */
const EXPLANATION = /(?<=\{)doc:"(?:[^"\\\n]|\\.)*",?|,doc:"(?:[^"\\\n]|\\.)*"/g;
/** So is what hooks guarantee. */
const GUARANTEE = /(?<=\w\(\[(?:"\w+",?)*\],)"[A-Z][^"\\\n]*\."(?=[,)])/g;
const THREAD = /new URL\(["'](\.\/[a-z-]+-thread\.js)["'],\s*import\.meta\.url\)/g;
const PAGE = /new URL\(["'](\.\/[a-z-]+\.html)["'],\s*import\.meta\.url\)/g;

/** A thread begins with a file; where there is only one, that is an address that carries it. */
async function threadUrl(esbuild: typeof import('esbuild'), settings: BuildOptions, path: string): Promise<string> {
  const { outputFiles } = await esbuild.build({ ...settings, entryPoints: [path], format: 'esm' });
  return `data:text/javascript;base64,${Buffer.from(outputFiles![0]!.contents).toString('base64')}`;
}

async function pageUrl(file: URL): Promise<string> {
  return `data:text/html;base64,${await readFile(file, 'base64')}`;
}
