/**
 * The test runner: every test file in its own process, two at a time.
 *
 *     node dist/test/runner/run.js [--interop] [--deadline=SECONDS] [--jobs=N] [part of a path ...]
 *
 * The last line is `N passed, N failed`; the exit code is 1 when anything failed.
 */
import { type RunOptions, readArguments } from './arguments.ts';
import { findTestFiles, type TestFile } from './find-test-files.ts';
import { type Outcome, readOutcome } from './outcome.ts';
import { compiledRoot, packageRoot } from './package-root.ts';
import { runFile } from './run-file.ts';

const options = readArguments(process.argv.slice(2));
const files = findTestFiles(compiledRoot(), packageRoot(), options);
const outcomes = await runAll(files, options);
const failed = sum(outcomes, 'failed') + (files.length === 0 ? 1 : 0);
if (files.length === 0) console.log(`no test file matches ${options.filters.join(' ') || 'here'}`);
showSkips(outcomes);
console.log(`${sum(outcomes, 'passed')} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

async function runAll(queue: readonly TestFile[], { jobs, deadlineMs }: RunOptions): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const waiting = [...queue];
  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      outcomes.push(await runOne(file, deadlineMs));
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return outcomes;
}

async function runOne(file: TestFile, deadlineMs: number): Promise<Outcome> {
  const begun = performance.now();
  const end = await runFile(file.compiled, packageRoot(), deadlineMs);
  const outcome = readOutcome(end, deadlineMs);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const counts = `${outcome.passed} passed${outcome.failed > 0 ? `, ${outcome.failed} failed` : ''}, ${seconds} s`;
  console.log(`${outcome.failed > 0 ? 'FAIL' : 'ok  '} ${file.name} (${counts})`);
  if (outcome.failed > 0) console.log(`${end.output}\n${outcome.trouble}`.trim().replaceAll(/^/gm, '     '));
  for (const reason of outcome.skipReasons) console.log(`     skipped: ${reason}`);
  return outcome;
}

function showSkips(all: readonly Outcome[]): void {
  const skipped = sum(all, 'skipped');
  if (skipped > 0) console.log(`${skipped} skipped, each with its reason above`);
}

function sum(all: readonly Outcome[], key: 'passed' | 'failed' | 'skipped'): number {
  return all.reduce((total, outcome) => total + outcome[key], 0);
}
