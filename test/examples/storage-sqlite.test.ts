/** The storage plugin of the examples keeps the contract, where the package that it stands on is installed. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../runner/package-root.ts';

test('the driver for SQLite passes the published suite, or says why it was not tried', async () => {
  const tests = join(packageRoot(), 'dist', 'examples', 'plugin-storage-sqlite', 'tests.js');
  const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter', 'tap', tests]);
  assert.match(stdout, /# fail 0\n/);
  const reason = /# SKIP (.+)/.exec(stdout);
  if (reason !== null) console.log(`skipped: ${reason[1]}`);
  else assert.match(stdout, /# pass [1-9]\d*\n/);
});

test.run();
