/**
 * Puts the program and the package's entry points into a few files: the second half of the build.
 *
 * A broker of 150 small modules starts 50 ms later, and in 7 MB more, than the same broker in three. What is read lazily
 * stays in files of its own. Packages stay outside. The page of the dashboard is made one document.
 */
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { markedSources } from './private-names.ts';

const compiled = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(compiled, 'bundle');
const root = dirname(compiled);

/** By the name in `bundle/`, the entry point. */
const ENTRIES = {
  gnatlet: 'bin/gnatlet.ts',
  index: 'bin/index.ts',
  testing: 'bin/testing.ts',
  plugin: 'kernel/plugin-api.ts',
  contracts: 'bin/contracts.ts',
  'plugin-kit': 'bin/plugin-kit.ts',
  'storage-kit': 'bin/storage-kit.ts',
  'storage-level': 'storage-drivers/level/level-driver.ts',
  'storage-file': 'storage-drivers/file/file-driver.ts',
  build: 'bin/build/command.ts',
  store: 'bin/store/command.ts',
  'bcrypt-thread': 'plugins/auth/credentials/bcrypt-thread.ts',
};

/** Each plugin under its name, so that `gnatlet build` can leave it out; those of storage drivers lie with the drivers. */
const PLUGINS = readdirSync(join(root, 'plugins')).map((name) => [`plugin-${name}`, `plugins/${name}/index.ts`]);
const DRIVERS = readdirSync(join(root, 'storage-drivers'))
  .map((name) => [`plugin-storage-${name}`, `storage-drivers/${name}/plugin.ts`])
  .filter(([, path]) => existsSync(join(root, path!)));

/** What is private is marked as such; see private-names.ts. */
function withMarks(marked: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'private-marks',
    setup(bundler) {
      bundler.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = marked.get(path);
        return contents === undefined ? undefined : { contents, loader: 'ts' };
      });
    },
  };
}

rmSync(target, { recursive: true, force: true });
await build({
  entryPoints: Object.fromEntries(
    [...Object.entries(ENTRIES), ...PLUGINS, ...DRIVERS].map(([name, path]) => [name!, join(root, path!)]),
  ),
  outdir: target,
  plugins: [withMarks(markedSources(root))],
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
});
chmodSync(join(target, 'gnatlet.js'), 0o755);

/** Beside the module that serves it, and beside the bundle of that module. */
const DASHBOARD = ['plugins/dashboard', 'bundle'];

await bundleDashboard(join(root, 'plugins', 'dashboard', 'page'));

/** The page as one document: what it needs is written into it. */
async function bundleDashboard(source: string): Promise<void> {
  const [script, style] = await Promise.all([bundled(join(source, 'main.ts')), bundled(join(source, 'page.css'))]);
  let html = readFileSync(join(source, 'page.html'), 'utf8');
  html = filled(html, '<style>', style, '</style>');
  html = filled(html, '<script type="module">', script, '</script>');
  for (const folder of DASHBOARD) writeFileSync(join(compiled, folder, 'dashboard.html'), html);
}

async function bundled(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: ['es2023', 'chrome116', 'firefox124', 'safari17.4'],
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  });
  return outputFiles[0]!.text.trim();
}

function filled(html: string, open: string, text: string, close: string): string {
  const empty = `${open}${close}`;
  if (!html.includes(empty)) throw new Error(`page.html has no ${empty} to be filled`);
  if (text.includes(close)) throw new Error(`what is put into ${open} would end it`);
  // As a function: a text may hold what `replace` takes for a pattern.
  return html.replace(empty, () => `${open}${text}${close}`);
}
