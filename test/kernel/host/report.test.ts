import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hookReporterTo, isWorthTelling } from '../../../kernel/host/report.ts';
import { listLog } from '../../kits/plugin-kit.ts';

test('a tap that always throws is logged the first, tenth and hundredth time', () => {
  const lines: string[] = [];
  const reporter = hookReporterTo(listLog(lines));
  for (let i = 0; i < 999; i++) reporter.tapThrew('publish.check', 'auth', new Error('no key'));
  assert.equal(
    lines,
    ['', ' for the 10th time', ' for the 100th time'].map(
      (times) => `error plugin "auth" failed in the hook publish.check${times}: no key`,
    ),
  );
});

test('plugins and hooks are counted apart', () => {
  const lines: string[] = [];
  const reporter = hookReporterTo(listLog(lines));
  reporter.tapThrew('publish.check', 'a', 'text');
  reporter.tapThrew('publish.check', 'b', undefined);
  reporter.tapThrew('trace.hop', 'a', new TypeError(''));
  assert.is(lines.length, 3);
  assert.match(lines[0]!, ': text');
  assert.match(lines[2]!, ': TypeError');
});

test('powers of ten are worth telling', () => {
  const told = Array.from({ length: 1_001 }, (_, times) => times).filter(isWorthTelling);
  assert.equal(told, [1, 10, 100, 1_000]);
});

test.run();
