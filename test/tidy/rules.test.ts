/** Each rule finds what it is for, and leaves alone what only looks like it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkPluginFolders, checkTestsRun } from './folders.ts';
import { measureFunctions } from './functions.ts';
import { checkDeclared, checkImports, findCycles } from './import-law.ts';
import { checkOutsideWorld } from './outside-world.ts';
import { checkExports, checkNames, checkSizes } from './shape.ts';
import { sourceFile } from './source-files.ts';
import { readTokens } from './tokens.ts';
import { checkKernelWords, checkLockFile, checkMachinePaths, checkUnfinished } from './words.ts';

const imports = (path: string, text: string): string[] => checkImports([sourceFile(path, text)]);
const world = (path: string, text: string): string[] => checkOutsideWorld([sourceFile(path, text)]);
const blankLines = (count: number): string => '\n'.repeat(count);

test('tokens are not fooled by strings, comments, templates and patterns', () => {
  const text = `a /* b */ 'c //' \`d \${e({ f: \`g\` })} h\` /[/}]i/.test(x) // j\n k / l / m`;
  const words = readTokens(text).filter((token) => token.kind === 'word');
  assert.equal(
    words.map((token) => token.text),
    ['a', 'e', 'f', 'test', 'x', 'k', 'l', 'm'],
  );
  assert.is(words.at(-1)!.line, 2);
});

test('the kernel may import itself, the client codec and its three packages', () => {
  const allowed = [
    "'./a.ts'",
    "'../protocols/client/parser.ts'",
    "'node:buffer'",
    "'pino'",
    "'tapable/lib/SyncHook.js'",
  ];
  for (const name of allowed) assert.equal(imports('kernel/x.ts', `import { a } from ${name};`), []);
});

test('an import against the law is found in every form it can take', () => {
  const forms = [
    "import { a } from 'ws';",
    "import type { A } from 'ws';",
    "import 'ws';",
    "export { a } from 'ws';",
    "export * from 'ws';",
    "const a = await import('ws');",
    "let a: import('ws').A;",
  ];
  for (const form of forms) assert.equal(imports('kernel/x.ts', form), ["kernel/x.ts:1: kernel may not import 'ws'"]);
});

test('each folder is held to its own law', () => {
  const refused: [string, string][] = [
    ['kernel/x.ts', '../plugins/auth/index.ts'],
    ['kernel/x.ts', '../protocols/route/parser.ts'],
    ['protocols/client/x.ts', '../route/parser.ts'],
    ['protocols/client/x.ts', 'node:net'],
    ['protocols/client/x.ts', '../../kernel/subject.ts'],
    ['plugins/auth/x.ts', '../../kernel/server.ts'],
    ['plugins/auth/x.ts', '../tls/index.ts'],
    ['plugins/auth/x.ts', '../tls/contract.ts'],
    ['plugins/tls/x.ts', 'bcryptjs'],
    ['storage-drivers/file/x.ts', '../memory/index.ts'],
    ['examples/x.ts', '../kernel/index.ts'],
    ['kernel/x.ts', 'fs'],
    ['kernel/x.ts', './y.js'],
  ];
  for (const [path, specifier] of refused) {
    assert.is(imports(path, `import { a } from '${specifier}';`).length, 1, `${path} imports ${specifier}`);
  }
});

test('a plugin may take types from the contract of another, and the packages it names', () => {
  assert.equal(imports('plugins/auth/x.ts', "import type { A } from '../tls/contract.ts';"), []);
  assert.equal(imports('plugins/auth/x.ts', "import { compare } from 'bcryptjs';"), []);
  assert.equal(imports('plugins/auth/x.ts', "import { definePlugin } from '../../kernel/plugin-api.ts';"), []);
});

test('a package that package.json does not name is found', () => {
  const file = sourceFile('kernel/x.ts', "import a from 'pino'; import b from '@scope/name/part';");
  assert.equal(checkDeclared([file], new Set(['pino', '@scope/name'])), []);
  assert.is(checkDeclared([file], new Set(['pino'])).length, 1);
});

test('a circle of imports is found, one of types is not', () => {
  const a = sourceFile('kernel/a.ts', "import { b } from './b.ts'; export const a = b;");
  const b = sourceFile('kernel/b.ts', "import { a } from './a.ts'; export const b = a;");
  const typed = sourceFile('kernel/b.ts', "import type { a } from './a.ts'; export const b = 1;");
  assert.equal(findCycles([a, b]), ['kernel/a.ts -> kernel/b.ts -> kernel/a.ts']);
  assert.equal(findCycles([a, typed]), []);
});

test('default exports and barrels are found', () => {
  assert.is(checkExports([sourceFile('kernel/x.ts', 'export default 1;')]).length, 1);
  const barrel = "export { a } from './a.ts';\nexport type { B } from './b.ts';\n";
  assert.is(checkExports([sourceFile('kernel/x.ts', barrel)]).length, 1);
  assert.equal(checkExports([sourceFile('kernel/plugin-api.ts', barrel)]), []);
  assert.equal(checkExports([sourceFile('kernel/x.ts', `${barrel}export const c = 1;`)]), []);
});

test('functions are measured in all their forms', () => {
  const text = [
    'function plain(a: number): void {\n}',
    'class A {\n  constructor() {\n  }\n  method<T>(a: T): Map<string, T[]> | { a: T } {\n  }\n  get x(): number {\n  }\n}',
    'const arrow = (a: number): void => {\n};',
    'if (a) {\n}',
    'for (const a of b) {\n}',
    'const object = { a: (b ? (c) : {\n}) };',
    'switch (a) { case (b): {\n} }',
    'interface B {\n  a(): void;\n}',
  ].join('\n');
  const found = measureFunctions(sourceFile('x.ts', text))
    .filter(({ lines }) => lines > 1)
    .map(({ name, lines }) => `${name} ${lines}`);
  assert.equal(found, ['plain 2', 'constructor 2', 'method 2', 'x 2', 'arrow 2']);
});

test('a function of 70 lines passes, one of 71 does not, nor does a file of 501', () => {
  const sized = (lines: number): string => `function a() {${blankLines(lines - 1)}}\n`;
  assert.equal(checkSizes([sourceFile('kernel/x.ts', sized(70))]), []);
  assert.is(checkSizes([sourceFile('kernel/x.ts', sized(71))]).length, 1);
  assert.equal(checkSizes([sourceFile('kernel/x.ts', blankLines(500))]), []);
  assert.is(checkSizes([sourceFile('kernel/x.ts', blankLines(501))]).length, 1);
});

test('names that say nothing are found', () => {
  const names = ['kernel/utils.ts', 'kernel/common/a.ts', 'test/helpers.test.ts', 'kernel/readLoop.ts'];
  assert.is(checkNames(names).length, names.length);
  assert.equal(checkNames(['kernel/read-loop.ts', 'test/wire/uncommon.ts', 'kernel/README.md']), []);
});

test('T-1: what a simulation cannot repeat is found where all must run in one', () => {
  const text = 'const a = new WeakRef(b);\nAbortSignal.timeout(5);';
  for (const path of ['storage-drivers/memory/a.ts', 'plugins/raft/a.ts', 'plugins/jetstream/a.ts']) {
    assert.equal(world(path, text), [
      `${path}:1: WeakRef goes around the ports`,
      `${path}:2: AbortSignal.timeout goes around the ports`,
    ]);
  }
  assert.equal(world('plugins/websocket/a.ts', text), []);
});

test('T-2: what ends on another thread is found where all must run in one', () => {
  const text = "import { gzip, hkdfSync } from 'node:zlib';\ngzip(bytes, done);\nhkdfSync('sha256');";
  assert.equal(world('plugins/jetstream/a.ts', text), [
    'plugins/jetstream/a.ts:1: gzip goes around the ports',
    'plugins/jetstream/a.ts:2: gzip goes around the ports',
  ]);
  assert.equal(world('plugins/metrics/a.ts', text), []);
  assert.equal(world('storage-drivers/file/a.ts', 'const gzip = 1;'), []);
});

test('T-1: every way around the ports is found', () => {
  const ways = [
    'Date.now()',
    'new Date()',
    'new Date',
    'setTimeout(f, 1)',
    'globalThis.setTimeout(f, 1)',
    'f(setImmediate)',
    'setInterval(f)',
    'performance.now()',
    'process.hrtime.bigint()',
    'Math.random()',
    'crypto.randomBytes(4)',
    'randomUUID()',
    "import { readFileSync } from 'node:fs';",
    "await import('node:net');",
    "import { Worker } from 'node:worker_threads';",
  ];
  for (const way of ways) assert.is(world('kernel/x.ts', way).length, 1, way);
});

test('what only looks like a way around the ports is left alone', () => {
  const ways = [
    'new Date(clock.now())',
    'socket.setTimeout(0)',
    '// setTimeout',
    "'Date.now()'",
    "import type { Socket } from 'node:net';",
    'const a = { performance: 1 };',
  ];
  for (const way of ways) assert.equal(world('kernel/x.ts', way), [], way);
});

test('the exceptions hold for the ports, the command line and the TLS plugin, each for its own', () => {
  assert.equal(world('kernel/ports/x.ts', 'Date.now()'), []);
  assert.equal(world('bin/x.ts', "import { readFileSync } from 'node:fs';"), []);
  assert.equal(world('plugins/tls/x.ts', "import { TLSSocket } from 'node:tls';"), []);
  assert.is(world('plugins/tls/x.ts', "import { connect } from 'node:net';").length, 1);
  assert.is(world('plugins/auth/x.ts', "import { TLSSocket } from 'node:tls';").length, 1);
});

test('words of the layers above are found in the kernel, inside names and comments too', () => {
  for (const text of ['isLeafNode', '// a Gateway', 'MQTT', 'JetStream']) {
    assert.is(checkKernelWords([{ path: 'kernel/x.ts', text }]).length, 1, text);
    assert.equal(checkKernelWords([{ path: 'plugins/x/x.ts', text }]), []);
  }
});

test('marks of unfinished work and paths of one machine are found', () => {
  assert.is(checkUnfinished([{ path: 'a.ts', text: `// ${'TO'}${'DO'}: later` }]).length, 1);
  assert.is(checkMachinePaths([{ path: 'a.ts', text: `'/${'ho'}${'me'}/me/x'` }]).length, 1);
  assert.equal(checkMachinePaths([{ path: 'a.ts', text: "'a/work/b', '/workbench', 'root/x'" }]), []);
});

test('a lock file that says where packages come from is found', () => {
  const lock = (resolved: string): string => JSON.stringify({ packages: { '': {}, 'node_modules/a': { resolved } } });
  assert.is(checkLockFile(lock('https://example.org/a.tgz')).length, 1);
  assert.equal(checkLockFile(lock('file:../a')), []);
});

test('a plugin folder without its README or the schema of its block is found', () => {
  const index = sourceFile('plugins/a/index.ts', 'definePlugin({ config: schema })');
  assert.equal(checkPluginFolders(['plugins/a/index.ts'], [index]), [
    'plugins/a: has no README.md',
    'plugins/a: has no config.ts',
  ]);
});

test('a test file that never runs its tests is found', () => {
  assert.is(checkTestsRun([sourceFile('test/a.test.ts', "test('a', () => {});")]).length, 1);
  assert.equal(checkTestsRun([sourceFile('test/a.test.ts', 'test.run();')]), []);
});

test.run();
