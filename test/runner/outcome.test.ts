import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ProcessEnd, readOutcome } from './outcome.ts';

function ended(output: string, changes: Partial<ProcessEnd> = {}): ProcessEnd {
  return { output, exitCode: 0, signal: null, isOverdue: false, ...changes };
}

const THREE_PASSED = '• • •   (3 / 3)\n\n  Total:     3\n  Passed:    3\n  Skipped:   0\n  Duration:  1.00ms\n\n';

test('passed tests are counted', () => {
  const outcome = readOutcome(ended(THREE_PASSED), 1000);
  assert.equal([outcome.passed, outcome.failed, outcome.trouble], [3, 0, '']);
});

test('a failed test is counted as one failure', () => {
  const output = THREE_PASSED.replace('Passed:    3', 'Passed:    2');
  const outcome = readOutcome(ended(output, { exitCode: 1 }), 1000);
  assert.equal([outcome.passed, outcome.failed], [2, 1]);
});

test('a file that runs no test fails', () => {
  for (const output of ['', THREE_PASSED.replaceAll('3', '0')]) {
    const outcome = readOutcome(ended(output), 1000);
    assert.is(outcome.failed, 1);
    assert.match(outcome.trouble, 'ran no test');
  }
});

test('a file that says why it skipped does not fail, and its reason is kept', () => {
  const outcome = readOutcome(ended('\n# skip: no nats-server on PATH\n'), 1000);
  assert.equal([outcome.failed, outcome.skipped, outcome.skipReasons], [0, 1, ['no nats-server on PATH']]);
});

test('a file that hangs or is killed fails although its tests passed', () => {
  const hung = readOutcome(ended(THREE_PASSED, { isOverdue: true, exitCode: null, signal: 'SIGKILL' }), 2000);
  assert.equal([hung.failed, hung.trouble], [1, 'hung: still running after 2 s, killed']);
  const killed = readOutcome(ended(THREE_PASSED, { exitCode: null, signal: 'SIGSEGV' }), 2000);
  assert.equal([killed.failed, killed.trouble], [1, 'killed by SIGSEGV']);
});

test('an exit code of its own is a failure', () => {
  const outcome = readOutcome(ended(THREE_PASSED, { exitCode: 3 }), 1000);
  assert.equal([outcome.passed, outcome.failed], [3, 1]);
});

test.run();
