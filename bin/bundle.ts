/**
 * Puts the program and the package's entry points into a few files: the second half of the build.
 *
 * A broker of 150 small modules starts 50 ms later, and in 7 MB more, than the same broker in three. What is read lazily
 * stays in files of its own. Packages stay outside.
 */
import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const compiled = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(compiled, 'bundle');

/** By the name in `bundle/`, what the compiler made of the entry point. */
const ENTRIES = {
  gnatlet: 'bin/gnatlet.js',
  index: 'bin/index.js',
  testing: 'bin/testing.js',
  plugin: 'kernel/plugin-api.js',
  contracts: 'bin/contracts.js',
  'plugin-kit': 'bin/plugin-kit.js',
  build: 'bin/build/command.js',
  'bcrypt-thread': 'plugins/auth/credentials/bcrypt-thread.js',
};

/** Each plugin under its name, so that `gnatlet build` can leave it out. */
const PLUGINS = readdirSync(join(compiled, 'plugins')).map((name) => [`plugin-${name}`, `plugins/${name}/index.js`]);

rmSync(target, { recursive: true, force: true });
await build({
  entryPoints: Object.fromEntries(
    [...Object.entries(ENTRIES), ...PLUGINS].map(([name, path]) => [name!, join(compiled, path!)]),
  ),
  outdir: target,
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
