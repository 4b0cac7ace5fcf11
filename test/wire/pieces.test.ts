/** The wire scripts against a broker within this process, byte by byte and in pieces of seven bytes. */
import { embeddedTarget } from './embedded-target.ts';
import { runScripts } from './run-scripts.ts';

runScripts(embeddedTarget(), { pieceSizes: [1, 7], filter: process.env.GNATLET_WIRE ?? '' });
