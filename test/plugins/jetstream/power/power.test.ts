/** Power cuts of a real file system, where root may mount one: what was acknowledged is there. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { skip } from '../../../runner/skip.ts';
import { whyNoCutDisk } from './cut-disk.ts';

/** More of them by `npm run test:crash -- --image`. */
const ROUNDS = 2;
const PATIENCE_MS = 100_000;

const reason = whyNoCutDisk();

if (reason !== '') skip(`power cuts of a real file system: ${reason}`);
else {
  test('D-1 T-20: power fails on a real disk, and what was confirmed to publishers and consumers is there', () => {
    const script = fileURLToPath(new URL('./power-rounds.js', import.meta.url));
    const words = ['--mount', process.execPath, script, String(ROUNDS)];
    const { status, stdout, stderr } = spawnSync('unshare', words, { encoding: 'utf8', timeout: PATIENCE_MS });
    assert.is(status, 0, `${stdout}${stderr}`);
    assert.match(stdout, /^2 power cuts from seed \d+, [1-9]\d* messages stored and [1-9]/);
  });
}

test.run();
