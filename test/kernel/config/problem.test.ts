import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NOWHERE, Problems, renderProblems } from '../../../kernel/config/problem.ts';

test('warnings are printed before errors, each on its line and at its place', () => {
  const problems = new Problems();
  problems.error({ file: 'a.conf', line: 3, column: 4 }, 'bad');
  problems.bareError({ file: 'a.conf', line: 1, column: 0 }, "Parse error on line 1: 'x'");
  problems.misuse({ file: 'a.conf', line: 2, column: 1 }, 'ping_interval', 'no');
  problems.warning({ ...NOWHERE, file: 'a.conf' }, 'empty');
  problems.error(NOWHERE, 'nowhere');
  assert.equal(renderProblems(problems.list).split('\n'), [
    'a.conf:2:1: invalid use of field "ping_interval": no',
    'a.conf: empty',
    'a.conf:3:4: bad',
    "Parse error on line 1: 'x'",
    'nowhere',
  ]);
  assert.is(problems.hasErrors, true);
});

test.run();
