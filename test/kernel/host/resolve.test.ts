import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PluginDefinition } from '../../../kernel/host/plugin-definition.ts';
import { type PluginRequest, resolvePlugins } from '../../../kernel/host/resolve.ts';
import { FakeClock } from '../../kits/fake-ports.ts';
import { errorOf, named } from './host-bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'gnatlet-resolve-'));
const plugin = (name: string) => `export const plugin = { name: '${name}', version: '1.0.0', api: [1] };`;

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

write({
  'package.json': '{"type":"module"}',
  'by-path.js': plugin('by-path'),
  'by-default.mjs': plugin('by-default').replace('const plugin =', 'default'),
  'empty.js': 'export const other = 1;',
  'broken.js': 'throw new Error("out of cheese");',
  'half.js': plugin('half').replace("version: '1.0.0'", 'version: 1'),
  'hangs.mjs': 'await new Promise(() => {});',
  'incomplete.js': 'import "./absent.js";',
  'folder/index.js': plugin('by-folder'),
  'folder/package.json': '{"type":"module"}',
  'node_modules/plain/package.json': '{"type":"module","main":"lib/main.js"}',
  'node_modules/plain/lib/main.js': plugin('plain'),
  'node_modules/modern/package.json':
    '{"type":"module","exports":{".":{"types":"./x.d.ts","import":"./main.js"},"./extra":"./extra.js"}}',
  'node_modules/modern/main.js': plugin('modern'),
  'node_modules/modern/extra.js': plugin('extra'),
  'node_modules/@acme/short/package.json': '{"type":"module","exports":"./main.js"}',
  'node_modules/@acme/short/main.js': plugin('@acme/short'),
  'node_modules/auth/package.json': '{"type":"module"}',
  'node_modules/auth/index.js': plugin('not-the-built-in'),
  'nested/deep/x.txt': '',
});

const auth = named('auth') as PluginDefinition;
const clock = new FakeClock();
const loads: string[] = [];
const builtIn = new Map<string, () => PluginDefinition | Promise<PluginDefinition>>([
  ['auth', () => auth],
  [
    'heavy',
    async () => {
      loads.push('heavy');
      return named('heavy');
    },
  ],
]);

const resolve = (requests: readonly PluginRequest[], from = folder) =>
  resolvePlugins(requests, { builtIn, folder: from, clock });

async function nameOf(request: PluginRequest, from?: string): Promise<string> {
  const [found] = await resolve([request], from);
  return found!.definition.name;
}

test('a built-in name wins over a package of that name, and loads nothing else', async () => {
  const [found] = await resolve(['auth']);
  assert.is(found!.definition, auth);
  assert.is(found!.source, 'built-in');
  assert.equal(loads, []);
});

test('paths are taken from the folder of the configuration', async () => {
  assert.is(await nameOf('./by-path.js'), 'by-path');
  assert.is(await nameOf('../by-path.js', join(folder, 'nested')), 'by-path');
  assert.is(await nameOf(join(folder, 'by-path.js')), 'by-path');
  assert.is(await nameOf(pathToFileURL(join(folder, 'by-path.js')).href), 'by-path');
});

test('a folder stands for its index.js', async () => {
  assert.is(await nameOf('./folder'), 'by-folder');
  assert.is(await nameOf('./folder/'), 'by-folder');
});

test('a default export does as well', async () => {
  assert.is(await nameOf('./by-default.mjs'), 'by-default');
});

test('packages are found from the folder of the configuration upwards', async () => {
  assert.is(await nameOf('plain'), 'plain');
  assert.is(await nameOf('modern'), 'modern');
  assert.is(await nameOf('modern/extra'), 'extra');
  assert.is(await nameOf('@acme/short', join(folder, 'nested/deep')), '@acme/short');
});

test('a definition is taken as it is', async () => {
  assert.is(await nameOf(auth), 'auth');
});

test('a block beside use is handed on', async () => {
  const found = await resolve([{ use: './by-path.js', with: { colour: 'blue' } }, { use: auth }, 'plain']);
  assert.equal(
    found.map((entry) => entry.with),
    [{ colour: 'blue' }, undefined, undefined],
  );
  assert.not.ok('with' in found[1]!);
});

const failures: [string, string, RegExp][] = [
  ['nowhere', 'PLUGIN_NOT_FOUND', /neither built in nor as a package in .*node_modules.*npm install nowhere/],
  ['haevy', 'PLUGIN_NOT_FOUND', /did you mean "heavy"\?/],
  ['modern/secret', 'PLUGIN_NOT_FOUND', /there is no plugin "modern\/secret"/],
  ['./nowhere.js', 'PLUGIN_LOAD_FAILED', /nowhere\.js.*check the path/],
  ['./nowhere', 'PLUGIN_LOAD_FAILED', /nowhere.*check the path/],
  ['./incomplete.js', 'PLUGIN_LOAD_FAILED', /absent\.js.*its dependencies are installed/],
  ['./broken.js', 'PLUGIN_LOAD_FAILED', /"\.\/broken\.js" \(.*broken\.js\) could not be loaded, out of cheese/],
  ['./empty.js', 'PLUGIN_INVALID', /exports other, but no "plugin"/],
  ['./half.js', 'PLUGIN_INVALID', /plugin "half" from .*half\.js is not a plugin, version 1 must be a text/],
];

for (const [request, code, expected] of failures) {
  test(`${request} cannot be loaded, and the error says what to do (${code})`, async () => {
    const error = await errorOf(code as 'PLUGIN_NOT_FOUND', () => resolve([request]));
    assert.match(error.message, expected);
  });
}

test('a module that waits for ever while it is imported is named', async () => {
  const loading = errorOf('PLUGIN_LOAD_TIMEOUT', () => resolve(['./hangs.mjs']));
  for (let i = 0; i < 100 && clock.pending === 0; i++) await clock.advance(0);
  await clock.advance(10_000);
  assert.match((await loading).message, '"./hangs.mjs"');
});

test('all that cannot be loaded is told at once', async () => {
  const error = await errorOf('PLUGINS_INVALID', () => resolve(['nowhere', 'auth', './broken.js']));
  assert.equal(
    error.problems.map((problem) => problem.code),
    ['PLUGIN_NOT_FOUND', 'PLUGIN_LOAD_FAILED'],
  );
  assert.match(error.message, 'out of cheese');
});

test.after(() => rmSync(folder, { recursive: true }));

test.run();
