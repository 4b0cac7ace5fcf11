/** What the bundler has to be told about this package, so that one file holds all it needs and nothing else. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BuildOptions, OnResolveArgs, OnResolveResult, Plugin } from 'esbuild';

/** This code runs in the published bundle, where all files lie side by side. */
const HERE = fileURLToPath(new URL('.', import.meta.url));
export const PROGRAM = join(HERE, 'gnatlet.js');

function isHere(folder: string): boolean {
  return join(folder, '/') === HERE;
}

/** What the package offers to plugins. */
const ENTRY = /^gnatlet\/(plugin|contracts|storage-[a-z]+)$/;

/** Plugins of others use the broker they are built into, not a copy of it. */
export const onePackage: Plugin = {
  name: 'one-package',
  setup(build) {
    build.onResolve({ filter: ENTRY }, ({ path }) => ({ path: join(HERE, `${ENTRY.exec(path)![1]}.js`) }));
  },
};

/** What builds brokers is a file of its own, as each plugin is; bundle.ts sees to it. */
const BUILDER = /^\.\/build\.js$/;
const STORE_TOOL = /^\.\/store\.js$/;
const TLS_HELP = /^\.\/tls-help\.js$/;

/** What builds brokers comes as nothing, and so do the tool for files that are never written and the help for what is not there. */
export function withoutTools(own: readonly string[]): Plugin {
  return {
    name: 'without-tools',
    setup(build) {
      const nothing = ({ path, resolveDir }: OnResolveArgs): OnResolveResult | undefined =>
        isHere(resolveDir) ? { path, namespace: 'nothing' } : undefined;
      build.onResolve({ filter: BUILDER }, nothing);
      if (!own.includes('storage-file')) build.onResolve({ filter: STORE_TOOL }, nothing);
      if (!own.includes('tls')) build.onResolve({ filter: TLS_HELP }, nothing);
      build.onLoad({ filter: /./, namespace: 'nothing' }, () => ({ contents: 'export {};' }));
    },
  };
}

/** By these names packages look for code of theirs that is no JavaScript, once they run. */
const NATIVE = /^(node-gyp-build|bindings|(@mapbox\/)?node-pre-gyp)$|\.node$/;
const PACKAGE = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/;

/** Such code is a file of its own, and would not be found. That is told now, and not where the program runs. */
export const withoutNativeCode: Plugin = {
  name: 'without-native-code',
  setup(build) {
    build.onResolve({ filter: NATIVE }, ({ importer }) => {
      const what = PACKAGE.exec(importer)?.[1] ?? importer;
      const advice =
        'leave out the plugin that needs it, install it beside the program, and name it under "plugins" in the configuration';
      return { errors: [{ text: `${what} has native code, which does not fit into one file; ${advice}` }] };
    });
  },
};

/**
 * Packages that are loaded late, in the middle of a function, come in too, and so do threads and pages. Of the plugins of this package
 * come those in the list.
 */
export function wholePackage(
  esbuild: typeof import('esbuild'),
  settings: BuildOptions,
  plugins: readonly string[],
): Plugin {
  return {
    name: 'whole-package',
    setup(build) {
      build.onLoad({ filter: /\.js$/ }, async ({ path }) => {
        if (!isHere(dirname(path))) return undefined;
        const text = (await readFile(path, 'utf8'))
          .replace(REQUIRE_MADE, 'require(')
          .replace(EXPLANATION, '')
          .replace(GUARANTEE, '""')
          .replace(LOAD, (load, name: string) => (plugins.includes(name) ? load : ''));
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
/** Of a plugin, in the table of those this package has: built-in.ts. */
const LOAD = /load:async\(\)=>\(await import\("\.\/plugin-([a-z0-9-]+)\.js"\)\)\.plugin,?/g;
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
