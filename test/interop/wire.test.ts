/** The wire scripts against genuine servers: they are known to be true, or they are no measure for ours. */
import { skip } from '../runner/skip.ts';
import { runScripts } from '../wire/run-scripts.ts';
import { genuineTargets } from '../wire/targets.ts';

const targets = genuineTargets();
if (targets.length === 0) skip('no nats-server on PATH, and GNATLET_NATS_SERVER names none');
for (const target of targets) {
  runScripts(target, { pieceSizes: [0, 1], filter: process.env.GNATLET_WIRE ?? '' });
}
