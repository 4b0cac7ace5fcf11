/** Traces across this project's servers and genuine ones. */
import { test } from 'uvu';
import { TRACE_STORIES } from '../plugins/leaf/traced.ts';
import { withNodes } from '../plugins/route/nodes.ts';
import { skip } from '../runner/skip.ts';
import { genuineTargets } from '../wire/targets.ts';

/** Before that servers did not follow messages. */
const FIRST = 11;
const targets = genuineTargets().filter(({ version }) => Number(version.split('.')[1]) >= FIRST);
if (targets.length === 0) skip('no nats-server from 2.11 on: none on PATH, and GNATLET_NATS_SERVER names none');

for (const { program, version } of targets) {
  for (const [which, programs] of [
    ['all', { a: program, b: program, leaf: program }],
    ['the hub in the middle', { a: program, b: '', leaf: '' }],
    ['all but the hub in the middle', { a: '', b: program, leaf: program }],
  ] as const) {
    for (const [what, play] of Object.entries(TRACE_STORIES)) {
      test(`${what}: nats-server ${version} is ${which}`, () => withNodes((add) => play(add, programs)));
    }
  }
}

test.run();
