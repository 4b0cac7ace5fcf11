/** The wire scripts against this broker as a program, in whole lines. */
import { existsSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runScripts } from './run-scripts.ts';
import { gnatletProgram, gnatletTarget } from './targets.ts';

test('the program to play against is there', () => {
  assert.ok(existsSync(gnatletProgram()), `${gnatletProgram()} is missing`);
});
test.run();

runScripts(gnatletTarget(), { pieceSizes: [0], filter: process.env.GNATLET_WIRE ?? '' });
