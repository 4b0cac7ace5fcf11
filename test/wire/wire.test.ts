/** The wire scripts against this broker: every case in whole lines, byte by byte, and in pieces of seven bytes. */
import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runScripts } from './run-scripts.ts';
import { gnatletProgram, gnatletTarget } from './targets.ts';

test('the program to play against is there', () => {
  assert.ok(existsSync(gnatletProgram()), `${gnatletProgram()} is missing`);
});
test.run();

if (existsSync(gnatletProgram())) {
  runScripts(gnatletTarget(), { pieceSizes: [0, 1, 7], filter: process.env.GNATLET_WIRE ?? '' });
}
