import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readArguments } from './arguments.ts';
import { findTestFiles } from './find-test-files.ts';
import { compiledRoot, packageRoot } from './package-root.ts';
import { runFile } from './run-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'gnatlet-runner-'));
test.after(() => rmSync(folder, { recursive: true }));

function script(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('what a file prints and how it ends is reported', async () => {
  const path = script('ends.mjs', `console.log('out'); console.error('err'); process.exitCode = 7;`);
  const end = await runFile(path, folder, 20_000);
  assert.equal([end.exitCode, end.signal, end.isOverdue], [7, null, false]);
  assert.match(end.output, 'out');
  assert.match(end.output, 'err');
});

test('a file that hangs is killed together with the processes it started', async () => {
  const child = `setInterval(() => {}, 1000)`;
  const path = script(
    'hangs.mjs',
    `import { spawn } from 'node:child_process';
     const child = spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' });
     console.log('child ' + child.pid + '.');
     setInterval(() => {}, 1000);`,
  );
  const end = await runFile(path, folder, 500);
  assert.is(end.isOverdue, true);
  assert.is(end.signal, 'SIGKILL');
});

test('test files are found by their source, and those of interop only when asked for', () => {
  const names = (words: string[]): string[] =>
    findTestFiles(compiledRoot(), packageRoot(), readArguments(words)).map((file) => file.name);
  assert.ok(names([]).includes('test/runner/run-file.test.ts'));
  assert.equal(names(['runner/run-file']), ['test/runner/run-file.test.ts']);
  assert.ok(names([]).every((name) => !name.startsWith('test/interop/')));
  assert.ok(names(['--interop']).every((name) => name.startsWith('test/interop/')));
});

test('an unknown option is refused by name', () => {
  assert.throws(() => readArguments(['--fast']), /unknown option --fast/);
  assert.throws(() => readArguments(['--deadline=soon']), /--deadline=soon/);
});

test.run();
